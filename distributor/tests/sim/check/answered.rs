use model::desk::{Cause, Record, Timer};
use model::time::Timestamp;
use storage::port::{Log, Logged, Partition, Topic};

use crate::check::books::Books;
use crate::check::hours::Moment;
use crate::faulty::FaultyLog;
use crate::ledger::{Ledger, Said};

/// C6: time does nothing to a conversation whose customer had written by then, be it read or not.
/// What was appended after the clock was set back is not before what stands before it.
pub(crate) fn nobody_has_answered(
    books: &Books,
    (record, moment): (&Record, &Moment),
    log: &FaultyLog,
    ledger: &Ledger,
) {
    let Cause::Timer(Timer::Pending(id) | Timer::Warning(id) | Timer::Silence(id)) = record.cause
    else {
        return;
    };
    let Some(talk) = books.talks.get(&id) else { return };
    let lane = u32::from(record.lane.get());
    let index = u32::from(books.shard.get()) * u32::from(ledger.lanes) + lane;
    let (partition, topic) = (Partition::new(Topic::Inbound, index), Topic::Inbound);
    let end = moment.inbound.get(&record.lane).copied().unwrap_or(0);
    let (mut read, mut latest) = (Vec::new(), Timestamp::default());
    log.read(partition, 0, usize::MAX, &mut read).unwrap();
    for Logged { offset, at, .. } in read.into_iter().take_while(|logged| logged.offset < end) {
        latest = latest.max(at);
        let Said::Message { message, .. } = ledger.at(partition, offset) else { continue };
        let his = (message.channel, &message.address) == (talk.channel, &talk.address);
        let unread = his && !books.has_handled(record.lane, topic, offset);
        assert!(!unread || latest >= record.at, "C6: {id} has answered at {at}: {record:?}");
    }
}
