//! What every log asks of an append before it looks at it any closer.

use model::limit;
use model::place::Place;

use crate::port::{LogError, NewRecord, Partition};

/// Whether every record names a partition that exists and is of a size the log takes.
pub(super) fn records(records: &[NewRecord], place: Place) -> Result<(), LogError> {
    for record in records {
        partition(record.partition, place)?;
        let bytes = record.bytes.len();
        if bytes > limit::RECORD_BYTES {
            return Err(LogError::TooLarge { bytes, max: limit::RECORD_BYTES });
        }
    }
    Ok(())
}

/// Whether the partition exists.
pub(super) fn partition(partition: Partition, place: Place) -> Result<(), LogError> {
    if partition.index >= partition.topic.partitions(place) {
        return Err(LogError::NoPartition(partition));
    }
    Ok(())
}
