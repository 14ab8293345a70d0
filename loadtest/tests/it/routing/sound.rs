//! What holds is reported as such, with all figures.

use std::collections::BTreeSet;
use std::time::Duration;

use loadtest::routing::{
    Length, Monotonic, Outcome, Plan, SCHEMA_VERSION, Shape, StructureKind, Violations, json,
    ratios, run, table,
};
use model::people::Policy;

use super::{calm, plan, ran};

const CORES: [StructureKind; 2] = [StructureKind::Reference, StructureKind::LockFree];

fn is_sound(outcome: &Outcome) {
    let of = format!("{} {}", outcome.plan.structure, outcome.plan.policy.name());
    assert_eq!(outcome.violations, Violations::default(), "{of}");
    assert_eq!(outcome.checkpoints.audit_differs, 0, "{of}");
    assert!(outcome.is_sound());
}

#[test]
fn every_policy_holds_while_threads_and_changes_race() {
    for structure in CORES {
        for policy in Policy::ALL {
            let outcome = ran(&plan(structure, policy));
            is_sound(&outcome);
            assert_eq!((outcome.operations, outcome.checkpoints.judged), (40_000, 20));
            assert!(outcome.pairs > 10_000, "{}", outcome.pairs);
        }
    }
}

#[test]
fn every_shape_of_arrivals_holds_with_a_queue_and_without() {
    for shape in Shape::ALL {
        for utilisation in [20, 100, 130] {
            is_sound(&ran(&Plan { shape, utilisation, ..plan(CORES[0], Policy::Circular) }));
        }
    }
}

#[test]
fn the_rotation_is_even_at_one_thread() {
    for structure in CORES {
        for policy in [Policy::Circular, Policy::AgentPriority] {
            let outcome = ran(&calm(structure, policy));
            is_sound(&outcome);
            assert!(outcome.fairness.spread <= 1, "{}", outcome.fairness.spread);
            assert!(outcome.fairness.jain > 0.999, "{}", outcome.fairness.jain);
        }
    }
}

#[test]
fn a_run_ends_when_its_time_is_over() {
    let length = Length { operations: u64::MAX, time: Duration::from_millis(50) };
    let outcome = ran(&Plan { length, ..plan(CORES[0], Policy::Random) });
    is_sound(&outcome);
    assert!(outcome.elapsed >= length.time && outcome.operations > 0);
}

#[test]
fn the_json_has_the_fields_of_its_schema_and_no_others() {
    let outcome = ran(&calm(CORES[0], Policy::LeastTime));
    let value = json(std::slice::from_ref(&outcome));
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let all: BTreeSet<String> = named(&[
        "schema_version",
        "policy",
        "agents",
        "threads",
        "operations",
        "pairs_per_second",
        "ns_per_pair",
        "p50_ns",
        "p99_ns",
        "p999_ns",
        "max_ns",
        "violations",
        "fairness",
    ]);
    assert_eq!(keys(&value), all);
    let kinds = ["cap", "pause", "double_delivery", "lost_seat", "lost_wakeup", "order"];
    assert_eq!(keys(&value["violations"]), named(&kinds));
    assert_eq!(keys(&value["fairness"]), named(&["spread", "jain"]));
    assert_eq!(
        (&value["schema_version"], &value["policy"]),
        (&SCHEMA_VERSION.into(), &"least-time".into())
    );
    assert_eq!((&value["agents"], &value["operations"]), (&40.into(), &40_000.into()));
    let ns = |name: &str| value[name].as_u64().unwrap();
    assert!(0 < ns("p50_ns") && ns("p50_ns") <= ns("p99_ns") && ns("p99_ns") <= ns("p999_ns"));
    assert!(ns("p999_ns") <= ns("max_ns"));
    assert!(json(&[outcome.clone(), outcome]).is_array());
}

#[test]
fn people_are_told_the_same() {
    let plan = calm(CORES[0], Policy::LeastCount);
    let (mut told, mut out) = (Vec::new(), Vec::new());
    let outcome = run(&plan, &Monotonic::start(), &mut |p| told.push((p.operations, p.share)));
    let outcome = outcome.unwrap();
    assert_eq!((told.len(), told[0], told[19]), (20, (2_000, 0.05), (40_000, 1.0)));
    table(std::slice::from_ref(&outcome), &mut out).unwrap();
    ratios(&outcome, &outcome, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("reference") && text.contains("least-count"), "{text}");
    assert!(text.contains("violations 0 (cap 0, pause 0"), "{text}");
    assert!(text.contains("pairs/s × 1.00"), "{text}");
}
