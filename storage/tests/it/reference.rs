//! The embedded log does what a few vectors would do.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use storage::engine::embedded::log::EmbeddedLog;
use storage::port::{Log, Logged, NewRecord, Partition};

use crate::power_cut::as_disk;
use crate::power_cut::power::Power;
use crate::setup::{EVENTS, INBOUND, SMALL, log_on};

const PARTITIONS: [Partition; 3] = [EVENTS, INBOUND, Partition::SETTINGS];

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(usize, usize)>),
    Read { partition: usize, from: u64, max_bytes: usize },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let record = (0..PARTITIONS.len(), prop_oneof![0..60usize, 0..3_000usize]);
    let read = (0..PARTITIONS.len(), 0..60u64, prop_oneof![0..100usize, 0..9_000usize]);
    let step = prop_oneof![
        6 => vec(record, 0..6).prop_map(Step::Append),
        6 => read.prop_map(|(partition, from, max_bytes)| Step::Read { partition, from, max_bytes }),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_is_as_good_as_vectors(steps in steps()) {
        let power = Power::on(1);
        let disks = [power.disk(), power.disk()];
        let open = || log_on(disks.clone().map(as_disk), SMALL).unwrap();
        let mut log = open();
        let mut reference: BTreeMap<Partition, Vec<Vec<u8>>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Append(records) => append(&log, &mut reference, &records)?,
                Step::Read { partition, from, max_bytes } => {
                    let partition = PARTITIONS[partition];
                    let wanted = reference.entry(partition).or_default();
                    read(&log, wanted, partition, (from, max_bytes))?;
                }
                Step::Reopen => {
                    log.close();
                    log = open();
                }
            }
        }
    }
}

fn append(
    log: &EmbeddedLog,
    reference: &mut BTreeMap<Partition, Vec<Vec<u8>>>,
    records: &[(usize, usize)],
) -> Result<(), TestCaseError> {
    let mut wanted = Vec::new();
    let mut new = Vec::new();
    for (n, (partition, size)) in records.iter().enumerate() {
        let partition = PARTITIONS[*partition];
        let kept = reference.entry(partition).or_default();
        let bytes: Vec<u8> = (0..*size).map(|at| (at + n + kept.len()) as u8).collect();
        wanted.push(kept.len() as u64);
        kept.push(bytes.clone());
        new.push(NewRecord { partition, bytes: bytes.into() });
    }
    prop_assert_eq!(log.append(new).wait().unwrap(), wanted);
    Ok(())
}

fn read(
    log: &EmbeddedLog,
    wanted: &[Vec<u8>],
    partition: Partition,
    (from, max_bytes): (u64, usize),
) -> Result<(), TestCaseError> {
    prop_assert_eq!(log.bounds(partition).unwrap(), 0..wanted.len() as u64);
    let mut found: Vec<Logged> = Vec::new();
    log.read(partition, from, max_bytes, &mut found).unwrap();
    let rest = wanted.get(from as usize..).unwrap_or_default();
    let mut bytes = 0;
    let fits = |(n, record): &(usize, &Vec<u8>)| {
        bytes += record.len().max(1);
        *n == 0 || bytes <= max_bytes
    };
    let count = rest.iter().enumerate().take_while(fits).count();
    prop_assert_eq!(found.len(), count);
    for (n, logged) in found.iter().enumerate() {
        prop_assert_eq!(logged.offset, from + n as u64);
        prop_assert_eq!(&logged.bytes, &rest[n]);
    }
    Ok(())
}
