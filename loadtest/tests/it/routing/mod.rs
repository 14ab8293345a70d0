//! The routing core's driver: sound structures pass, wrong ones are caught, by name.

mod caught;
mod command_line;
mod sound;

use std::time::Duration;

use loadtest::routing::{Length, Monotonic, Outcome, Plan, Shape, StructureKind, run};
use model::people::{Cap, Policy};

/// A small house under a busy hour: three groups, agents in two of them, everything changes.
fn plan(structure: StructureKind, policy: Policy) -> Plan {
    Plan {
        structure,
        policy,
        agents: 40,
        groups: 3,
        groups_per_agent: 2,
        cap: Cap::new(5).unwrap(),
        threads: 4,
        utilisation: 95,
        churn: Some(10),
        shape: Shape::Bursts,
        length: Length { operations: 40_000, time: Duration::MAX },
        checkpoint: 2_000,
        seed: 7,
    }
}

/// One thread, one group, nothing changes.
fn calm(structure: StructureKind, policy: Policy) -> Plan {
    let shape = Shape::Steady;
    Plan {
        groups: 1,
        groups_per_agent: 1,
        threads: 1,
        churn: None,
        shape,
        ..plan(structure, policy)
    }
}

fn ran(plan: &Plan) -> Outcome {
    run(plan, &Monotonic::start(), &mut |_| {}).unwrap()
}
