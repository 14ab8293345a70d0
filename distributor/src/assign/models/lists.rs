//! The lists, one owner and one reader.

use super::*;
use crate::assign::lockfree::line::Lines;
use crate::assign::lockfree::slot::{Assigned, LineId};

const LINE: LineId = LineId(0);
const OTHER: LineId = LineId(1);

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

#[test]
fn who_waits_is_found_while_those_before_him_leave() {
    let mutants = [Mutant::LinkWithoutLook, Mutant::FreeBeforeUnlink];
    check("head against a slot used again in another line", &mutants, || {
        let lines = lines();
        let seen = lines.clone();
        let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
        lines.finish(slot(0, 0));
        lines.push(slot(0, 0), 9, OTHER, 0);
        assert_eq!(reader.join().unwrap(), Some(slot(0, 1)));
    });
}

#[test]
fn who_waits_is_not_passed_by_a_slot_used_again_behind_him() {
    check("head against a slot used again in its line", &[Mutant::SameUseCount], || {
        let lines = lines();
        let seen = lines.clone();
        let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
        lines.finish(slot(0, 0));
        lines.push(slot(0, 0), 9, LINE, 0);
        assert_eq!(reader.join().unwrap(), Some(slot(0, 1)));
    });
}

#[test]
fn a_head_has_the_key_of_its_use() {
    let mutants = [Mutant::KeyAfterLink, Mutant::LinkBeforeWord];
    check("head against push", &mutants, || {
        let lines = lines();
        let seen = lines.clone();
        lines.finish(slot(0, 0));
        let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| (head.slot, head.key)));
        lines.push(slot(0, 0), 3, LINE, 0);
        let head = reader.join().unwrap();
        assert!(head == Some((slot(0, 0), 3)) || head == Some((slot(0, 1), 5)), "{head:?}");
    });
}

#[test]
fn an_undone_conversation_is_found_where_it_stood() {
    check("head against undo", &[], || {
        let lines = lines();
        let seen = lines.clone();
        let reader = loom::thread::spawn(move || seen.head(LINE).map(|head| head.slot));
        lines.put_back(slot(0, 0));
        let head = reader.join().unwrap();
        assert!(head.is_some());
        assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 0)));
    });
}

#[test]
fn who_is_undone_is_not_hidden_by_a_hint() {
    let mutants = [Mutant::UndoKeepsHint, Mutant::HintBeforeUndo];
    check("hint against undo", &mutants, || {
        let lines = lines();
        let seen = lines.clone();
        let reader = loom::thread::spawn(move || seen.head(LINE).is_some());
        lines.put_back(slot(0, 0));
        assert!(reader.join().unwrap());
        assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 0)));
    });
}

#[test]
fn who_goes_before_others_is_not_hidden_by_a_hint() {
    check("hint against push", &[Mutant::PushKeepsHint], || {
        let lines = lines();
        let seen = lines.clone();
        let reader = loom::thread::spawn(move || seen.head(LINE).is_some());
        lines.push(slot(0, 2), 3, LINE, 0);
        assert!(reader.join().unwrap());
        assert_eq!(lines.head(LINE).map(|head| head.slot), Some(slot(0, 2)));
    });
}

#[test]
fn who_waits_is_found_from_a_hint_whose_slot_is_used_again() {
    check("hint against a slot used again", &[], || {
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
    });
}
