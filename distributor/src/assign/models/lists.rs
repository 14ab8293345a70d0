//! The lists, one owner and one reader.

use super::*;
use crate::assign::lockfree::line::Lines;
use crate::assign::lockfree::slot::{Assigned, LineId};

const LINE: LineId = LineId(0);
const OTHER: LineId = LineId(1);

pub(super) const MODELS: &[Model] = &[
    model(
        "head against a slot used again in another line",
        &[Mutant::LinkWithoutLook, Mutant::FreeBeforeUnlink],
        who_waits_is_found_while_those_before_him_leave,
    ),
    model(
        "head against a slot used again in its line",
        &[Mutant::SameUseCount],
        who_waits_is_not_passed_by_a_slot_used_again_behind_him,
    ),
    model(
        "head against push",
        &[Mutant::KeyAfterLink, Mutant::LinkBeforeWord],
        a_head_has_the_key_of_its_use,
    ),
    model("head against undo", &[], an_undone_conversation_is_found_where_it_stood),
    model(
        "hint against undo",
        &[Mutant::UndoKeepsHint, Mutant::HintBeforeUndo],
        who_is_undone_is_not_hidden_by_a_hint,
    ),
    model(
        "hint against push",
        &[Mutant::PushKeepsHint],
        who_goes_before_others_is_not_hidden_by_a_hint,
    ),
    model(
        "hint against a slot used again",
        &[],
        who_waits_is_found_from_a_hint_whose_slot_is_used_again,
    ),
];

/// One lane: slot 0 assigned with key 1, slot 1 waiting with key 5.
fn lines() -> Arc<Lines> {
    let lines = Lines::new(1, 3, 2);
    lines.push(slot(0, 0), 1, LINE, 0);
    lines.push(slot(0, 1), 5, LINE, 0);
    let seen = lines.word(slot(0, 0));
    let to = Assigned { agent: 0, generation: 0, charge: 0 };
    assert!(lines.change(slot(0, 0), seen, seen.assigned(to)));
    Arc::new(lines)
}

fn who_waits_is_found_while_those_before_him_leave() {
    let lines = lines();
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
    lines.finish(slot(0, 0));
    lines.push(slot(0, 0), 9, OTHER, 0);
    assert_eq!(reader.join().unwrap(), Some(slot(0, 1)));
}

fn who_waits_is_not_passed_by_a_slot_used_again_behind_him() {
    let lines = lines();
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
    lines.finish(slot(0, 0));
    lines.push(slot(0, 0), 9, LINE, 0);
    assert_eq!(reader.join().unwrap(), Some(slot(0, 1)));
}

fn a_head_has_the_key_of_its_use() {
    let lines = lines();
    let seen = lines.clone();
    lines.finish(slot(0, 0));
    let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| (head.slot, head.key)));
    lines.push(slot(0, 0), 3, LINE, 0);
    let head = reader.join().unwrap();
    assert!(head == Some((slot(0, 0), 3)) || head == Some((slot(0, 1), 5)), "{head:?}");
}

fn an_undone_conversation_is_found_where_it_stood() {
    let lines = lines();
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
    lines.put_back(slot(0, 0));
    let head = reader.join().unwrap();
    assert!(head.is_some());
    assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 0)));
}

fn who_is_undone_is_not_hidden_by_a_hint() {
    let lines = lines();
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).is_some());
    lines.put_back(slot(0, 0));
    assert!(reader.join().unwrap());
    assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 0)));
}

fn who_goes_before_others_is_not_hidden_by_a_hint() {
    let lines = lines();
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).is_some());
    lines.push(slot(0, 2), 3, LINE, 0);
    assert!(reader.join().unwrap());
    assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 2)));
}

fn who_waits_is_found_from_a_hint_whose_slot_is_used_again() {
    let lines = lines();
    lines.push(slot(0, 2), 7, LINE, 0);
    assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 1)), "a hint is left");
    let seen = lines.clone();
    let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
    assert!(lines.withdraw(slot(0, 1)));
    lines.push(slot(0, 1), 9, LINE, 0);
    let head = reader.join().unwrap();
    assert!(head == Some(slot(0, 1)) || head == Some(slot(0, 2)), "{head:?}");
    assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 2)));
}
