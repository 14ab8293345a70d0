//! Nobody writes in a running conversation.

use model::desk::{Cause, Event, Timer};
use model::people::GroupRules;
use model::service::ConversationState;

use crate::lane::world::{ANA, World, address_in};

use super::MINUTE;

#[test]
fn a_conversation_nobody_writes_in_is_set_aside_and_its_seat_is_for_others() {
    let rules = GroupRules { pending_after: Some(10 * MINUTE), ..GroupRules::default() };
    let mut world = World::ruled(rules);
    let first = world.talk(0, 0);
    let second = world.talk(1, 0);
    world.write(&address_in(0, 1), "hi");
    world.pass(8 * MINUTE);
    world.say(ANA, second.id, "one moment");
    world.pass(3 * MINUTE);
    assert_eq!(world.open(&address_in(0, 0)).state, ConversationState::Pending);
    assert_eq!(world.open(&address_in(0, 0)).agent, Some(ANA), "she stays responsible");
    assert_eq!(world.open(&address_in(1, 0)).state, ConversationState::Assigned, "she wrote");
    assert_eq!(world.open(&address_in(0, 1)).agent, Some(ANA), "he waited for the seat");
    let pended = world.saying(|event| matches!(event, Event::Pended { .. }));
    assert_eq!(pended[0].cause, Cause::Timer(Timer::Pending(first.id)));
    assert_eq!(world.tenure().core.audit(), Default::default());
}
