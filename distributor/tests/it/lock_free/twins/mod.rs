//! One thread, the same calls: the lock-free core answers as the reference does, word for word
//! where the policy leaves no choice; and as it did itself before, whatever the policy.

mod logged;

use std::cell::RefCell;

use distributor::assign::{LockFree, MutexAssign, Sizes};
use model::people::Policy;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use storage::port::Bell;

use super::property::ops::Op;
use logged::{Ends, Logged, Make, Step, steps};

/// Every end a call can come to, and every edit.
const ENDS: [&str; 26] = [
    "arrive: seated",
    "arrive: waiting",
    "seat: seated",
    "seat: waiting",
    "seat: full",
    "seat: not available",
    "seat: handed over",
    "requeue: seated",
    "requeue: waiting",
    "requeue: handed over",
    "free: handed over",
    "free: released",
    "cancel: cancelled",
    "cancel: freed",
    "ready",
    "presence",
    "cap",
    "rank",
    "employ",
    "member",
    "policy",
    "open",
    "vanish",
    "delete",
    "restart",
    "drained",
];
const LEAST: u32 = 20;

fn lock_free(bells: Vec<std::sync::Arc<Bell>>) -> LockFree {
    LockFree::new(bells, 7, Sizes { agents: 16, groups: 8, slots: 100 })
}

fn twin(bells: Vec<std::sync::Arc<Bell>>) -> MutexAssign {
    MutexAssign::new(bells, 7)
}

/// The log of a core, and how often each end was met. Every so many steps all hand-overs are taken.
fn log<C: distributor::assign::Assign>(
    make: Make<C>,
    policies: [Policy; 3],
    steps: &[Step],
    every: usize,
) -> (Vec<String>, Ends) {
    let mut logged = Logged::new(make, policies);
    for (n, step) in steps.iter().enumerate() {
        logged.run(step);
        if n % every == 0 {
            logged.drain();
            *logged.ends.entry("drained").or_default() += 1;
        }
    }
    (logged.log, logged.ends)
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 1_000, failure_persistence: None, ..Config::default() })
}

fn same(one: &[String], other: &[String]) -> Result<(), TestCaseError> {
    let parts = one.iter().zip(other).find(|(one, other)| one != other);
    prop_assert_eq!(parts, None);
    prop_assert_eq!(one.len(), other.len());
    Ok(())
}

fn count(all: &RefCell<Ends>, ends: Ends) {
    ends.into_iter().for_each(|(end, n)| *all.borrow_mut().entry(end).or_default() += n);
}

fn met(all: &Ends, but: &[&str]) {
    for end in ENDS.iter().filter(|end| !but.contains(end)) {
        let times = all.get(end).copied().unwrap_or(0);
        assert!(times >= LEAST, "{end}: only {times} times of {all:?}");
    }
}

#[test]
fn where_the_policy_leaves_no_choice_both_cores_answer_alike() {
    let (all, policies) =
        (RefCell::default(), [Policy::Circular, Policy::AgentPriority, Policy::Circular]);
    let ran = runner().run(&steps(150), |mut steps| {
        // The lock-free core keeps the turns of the policy in force alone.
        steps.retain(|step| !matches!(step, Step::Call(Op::Policy { .. })));
        let (one, ends) = log(lock_free, policies, &steps, 1);
        same(&one, &log(twin, policies, &steps, 1).0)?;
        count(&all, ends);
        Ok(())
    });
    ran.unwrap();
    met(
        &all.into_inner(),
        &["policy", "seat: handed over", "requeue: handed over", "cancel: freed"],
    );
}

#[test]
fn the_same_calls_are_answered_the_same_byte_for_byte() {
    let all = RefCell::default();
    let policies = prop::sample::select(&Policy::ALL[..]);
    let policies = [policies.clone(), policies.clone(), policies];
    let ran = runner().run(&(steps(150), policies, 5..100_usize), |(steps, policies, every)| {
        let (one, ends) = log(lock_free, policies, &steps, every);
        same(&one, &log(lock_free, policies, &steps, every).0)?;
        count(&all, ends);
        Ok(())
    });
    ran.unwrap();
    met(&all.into_inner(), &[]);
}
