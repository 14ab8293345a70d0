use gateway::connector::whatsapp;
use model::desk::{Body, Dead, Envelope, Replayed, Stamped, wire};
use model::limit;
use storage::dead;
use storage::port::{NewRecord, Offset, Partition, Topic};

use super::{Done, TaskError, Tasks};

/// Puts what a letter holds where it came from, once, and marks the letter.
///
/// First the record, then the mark: what a crash leaves in between is a letter that was replayed
/// and does not say so. A second replay of a customer's message is then a duplicate, and folded.
pub(super) fn replay(tasks: &Tasks, letter: Offset, again: bool) -> Result<Done, TaskError> {
    let log = tasks.ports.log.as_ref();
    let found = dead::letter(log, letter)?.ok_or(TaskError::NoLetter { letter })?;
    let refused = |why| TaskError::NotReplayed { letter, why };
    if let Some(last) = found.line.replays.last().filter(|_| !again) {
        return Err(refused(format!(
            "it was, at {}, to {}; say `--again` to have it handled once more",
            super::civil(last.at),
            last.to.join(", ")
        )));
    }
    let records = records(tasks, &found.dead).map_err(refused)?;
    let partitions: Vec<Partition> = records.iter().map(|record| record.partition).collect();
    let offsets = log.append(records).wait()?;
    let to: Vec<String> = partitions
        .iter()
        .zip(&offsets)
        .map(|(partition, at)| format!("{partition}@{at}"))
        .collect();
    let mark = Body::Replayed(Replayed { letter, to: to.clone() });
    let envelope = Envelope::of_input(tasks.ports.clock.now());
    let bytes = wire::encode(&Stamped { envelope, body: mark });
    match log.append(vec![NewRecord { partition: Partition::DEAD, bytes }]).wait() {
        Ok(_) => Ok(Done::Replay { to }),
        Err(source) => Err(TaskError::Unmarked { letter, to, source }),
    }
}

/// What is to be appended; else why it cannot be.
fn records(tasks: &Tasks, dead: &Dead) -> Result<Vec<NewRecord>, String> {
    if let Some(endpoint) = dead.origin.strip_prefix("endpoint ") {
        return of_webhook(tasks, endpoint, dead);
    }
    let Some(partition) = partition_of(&dead.origin) else {
        return Err(format!("`{}` is not a place that it could go back to", dead.origin));
    };
    match partition.topic {
        Topic::Inbound | Topic::Commands | Topic::Control => {}
        Topic::Settings => {
            return Err("an entity is written anew, with the next version".to_owned());
        }
        Topic::Events | Topic::Dead => {
            return Err(format!("nothing of {} goes to lanes", partition.topic.name()));
        }
    }
    if partition.index >= partition.topic.partitions(tasks.ports.place) {
        return Err(format!("there is no {partition} in this installation"));
    }
    let (bytes, most) = (dead.bytes.len(), limit::INPUT_BYTES);
    if bytes > most {
        return Err(format!("it has {bytes} bytes, and lanes take {most} at most"));
    }
    Ok(vec![NewRecord { partition, bytes: dead.bytes.clone() }])
}

/// The elements of a webhook, or of a part of one, placed as if it came now.
fn of_webhook(tasks: &Tasks, endpoint: &str, dead: &Dead) -> Result<Vec<NewRecord>, String> {
    if dead.detail.starts_with("part ") {
        return Err(format!("it is not whole ({:.32})", dead.detail));
    }
    let settings = tasks.settings.current();
    let name = endpoint.parse().map_err(|_| format!("there is no endpoint `{endpoint}`"))?;
    if !settings.endpoints.contains_key(&name) {
        return Err(format!("there is no endpoint `{endpoint}`"));
    }
    let source = whatsapp::Source {
        settings: &settings,
        endpoint: &name,
        received_at: tasks.ports.clock.now(),
    };
    Ok(tasks.ingest.place(&whatsapp::read_again(&source, &dead.bytes)?))
}

/// The partition of a place like `inbound/3@17`.
fn partition_of(origin: &str) -> Option<Partition> {
    let (partition, offset) = origin.split_once('@')?;
    let (topic, index) = partition.split_once('/')?;
    offset.parse::<Offset>().ok()?;
    let topic = Topic::ALL.into_iter().find(|known| known.name() == topic)?;
    Some(Partition::new(topic, index.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = |topic, index| Some(Partition::new(topic, index));
        assert_eq!(partition_of("inbound/3@17"), place(Topic::Inbound, 3));
        assert_eq!(partition_of("settings/0@0"), place(Topic::Settings, 0));
        for none in ["inbound/3", "inbound@1", "elsewhere/1@1", "inbound/x@1", "inbound/1@x", ""] {
            assert_eq!(partition_of(none), None);
        }
    }
}
