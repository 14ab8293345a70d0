//! A report shows what broke, and fails for it.

use std::time::Duration;

use loadtest::auditor::{Archive, audit};
use loadtest::report::{Goals, Report, SCHEMA_VERSION};

use crate::audit::{lawful, lawful_archive};

fn printed(report: &Report) -> String {
    let mut out = Vec::new();
    report.table(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_lawful_run_passes_and_says_so() {
    let (observed, archive) = (lawful(), lawful_archive());
    let found = audit(&observed, &archive);
    let report = Report::new(observed, found, &Goals::default());
    assert_eq!(report.shortfalls, Vec::<String>::new());
    assert!(report.passed());
    assert!(printed(&report).contains("passed"));
    let json = report.json();
    assert_eq!((&json["schema"], &json["passed"]), (&SCHEMA_VERSION.into(), &true.into()));
    assert_eq!(json["counts"]["lost"], 0);
}

#[test]
fn a_broken_contract_is_named() {
    let observed = lawful();
    let found = audit(&observed, &Archive::default());
    let report = Report::new(observed, found, &Goals::default());
    assert!(!report.passed());
    let printed = printed(&report);
    assert!(printed.contains("C1 broken") && printed.contains("failed"), "{printed}");
    assert_eq!(report.json()["breaches"][0]["contract"], "C1");
}

#[test]
fn too_few_sent_or_answered_or_a_late_sender_fail_the_run() {
    let short = |change: fn(&mut loadtest::scenario::Observations)| {
        let mut observed = lawful();
        change(&mut observed);
        let found = audit(&observed, &lawful_archive());
        Report::new(observed, found, &Goals::default()).shortfalls.len()
    };
    assert_eq!(short(|observed| observed.duration = Duration::from_secs(1_000)), 1);
    assert_eq!(short(|observed| observed.provider.sends.clear()), 1);
    assert_eq!(short(|observed| observed.customers.lateness_us.record(2_000_000).unwrap()), 1);
    assert_eq!(short(|observed| observed.settled = false), 1);
    assert_eq!(short(|observed| observed.provider.forgotten = 1), 1);
    assert_eq!(short(|observed| observed.agents.bad_frames = 1), 1);
}
