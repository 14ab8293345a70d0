//! Circular: everybody in turn.

use super::{Choice, Member, View};

/// The next eligible after the one last reserved in this group, in join order; after the last
/// comes the first. A newcomer has the last place. Between agents who are eligible all the time
/// the numbers reserved differ by one at most.
pub fn choose(view: View<'_>) -> Option<Choice> {
    let next = after(view.eligible, view.turns.last())?;
    Some(Choice::only(next, next.place))
}

/// The first of `members` behind the place `last`, or else the first of all.
pub(super) fn after(members: &[Member], last: Option<u64>) -> Option<Member> {
    let behind = members.iter().find(|member| last.is_none_or(|last| member.place > last));
    behind.or(members.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::super::{Turns, sample};
    use super::*;
    use model::people::AgentRank;

    #[test]
    fn everybody_has_his_turn_in_join_order() {
        let members = sample::members(&[(0, 0, 0), (9, 7, 7), (0, 0, 0)]);
        let got = sample::rounds(&members, &mut Turns::default(), 7, choose);
        assert_eq!(got, [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn who_is_not_eligible_is_passed_and_the_turn_goes_on_behind_him() {
        let all = sample::members(&[(0, 0, 0); 4]);
        let mut turns = Turns::default();
        turns.take(1, AgentRank(0));
        let without_two = [all[0], all[2], all[3]];
        assert_eq!(sample::rounds(&without_two, &mut turns, 2, choose), [3, 4]);
        assert_eq!(sample::rounds(&all, &mut turns, 3, choose), [1, 2, 3]);
    }

    #[test]
    fn the_turn_goes_on_behind_a_member_who_left() {
        let all = sample::members(&[(0, 0, 0); 4]);
        let mut turns = Turns::default();
        turns.take(3, AgentRank(0));
        assert_eq!(sample::rounds(&[all[0], all[1], all[3]], &mut turns, 2, choose), [4, 1]);
    }

    #[test]
    fn a_newcomer_takes_the_last_place() {
        let all = sample::members(&[(0, 0, 0); 4]);
        let mut turns = Turns::default();
        assert_eq!(sample::rounds(&all[..3], &mut turns, 1, choose), [1]);
        assert_eq!(sample::rounds(&all, &mut turns, 5, choose), [2, 3, 4, 1, 2]);
    }
}
