//! What the log does to a webhook: durable first, refused quickly, never lost to a hang-up.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use gateway::connector::Element;
use gateway::ingest::{Ingest, IngestError};
use model::desk::{Dead, DeadReason};
use parking_lot::{Condvar, Mutex};
use storage::port::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Topic,
};

use super::caller::{read_to_close, signed};
use super::{Listener, body_of, text};
use crate::installation::{APP_SECRET, PATIENCE, bodies, installation, wait_for, with_log};

/// A log whose appends do as they are told.
struct Told {
    inner: Arc<dyn Log>,
    orders: Mutex<Orders>,
    came: Condvar,
}

#[derive(Default)]
struct Orders {
    refuse: Option<LogError>,
    hold: bool,
    held: Vec<(Vec<NewRecord>, AppendAnswer)>,
}

impl Told {
    fn new(inner: &Arc<dyn Log>, orders: Orders) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            orders: Mutex::new(orders),
            came: Condvar::new(),
        })
    }

    /// Waits for an append to be held.
    fn wait_held(&self) {
        let mut orders = self.orders.lock();
        while orders.held.is_empty() {
            assert!(!self.came.wait_for(&mut orders, PATIENCE).timed_out(), "no append came");
        }
    }

    /// Lets go what is held, and holds nothing more.
    fn let_go(&self) {
        let mut orders = self.orders.lock();
        orders.hold = false;
        for (records, answer) in orders.held.drain(..) {
            drop(answer.send(self.inner.append(records).wait()));
        }
    }
}

impl Log for Told {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        let mut orders = self.orders.lock();
        if let Some(error) = &orders.refuse {
            return Appending::answered(Err(error.clone()));
        }
        if !orders.hold {
            return self.inner.append(records);
        }
        let (answer, appending) = Appending::new();
        orders.held.push((records, answer));
        self.came.notify_all();
        appending
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.inner.read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.inner.bounds(partition)
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.inner.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.inner.health()
    }
}

fn listener(orders: Orders) -> (Arc<Told>, Listener) {
    let installation = installation("http://127.0.0.1:9");
    let log = Told::new(&installation.ports.log, orders);
    let ports = with_log(&installation.ports, Arc::clone(&log) as Arc<dyn Log>);
    (log, Listener::of(ports, installation.settings, |_| {}))
}

fn hello() -> Vec<u8> {
    body_of(&[text("111", "5511", "wamid.1", "hello")])
}

#[test]
fn f13_a_log_that_refuses_is_answered_503_and_come_back() {
    for refuse in [LogError::Full { what: "bytes in flight" }, LogError::Closing] {
        let (log, listener) = listener(Orders { refuse: Some(refuse), ..Orders::default() });
        let reply = listener.deliver(&hello());
        assert_eq!(reply.status, 503);
        assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
        log.orders.lock().refuse = None;
        assert_eq!(listener.deliver(&hello()).status, 200, "the same webhook, sent again");
        assert_eq!(bodies(&listener.ports, Topic::Inbound).len(), 1);
    }
}

#[test]
fn f01_no_answer_comes_before_the_append_is_durable() {
    let (log, listener) = listener(Orders { hold: true, ..Orders::default() });
    let mut stream = listener.connect();
    stream.write_all(&signed("starter", APP_SECRET, &hello())).unwrap();
    log.wait_held();
    stream.set_nonblocking(true).unwrap();
    let nothing = std::io::Read::read(&mut stream, &mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    log.let_go();
    assert_eq!(read_to_close(&mut stream).status, 200);
}

#[test]
fn a_caller_who_hangs_up_is_heard_all_the_same() {
    let (log, listener) = listener(Orders { hold: true, ..Orders::default() });
    let mut stream = listener.connect();
    stream.write_all(&signed("starter", APP_SECRET, &hello())).unwrap();
    log.wait_held();
    drop(stream);
    log.let_go();
    assert_eq!(wait_for(&listener.ports, Topic::Inbound, 1).len(), 1);
}

#[test]
fn a_stop_ends_what_is_in_work_first() {
    let (log, mut listener) = listener(Orders { hold: true, ..Orders::default() });
    let mut stream = listener.connect();
    stream.write_all(&signed("starter", APP_SECRET, &hello())).unwrap();
    log.wait_held();
    listener.say_stop();
    log.let_go();
    assert_eq!(read_to_close(&mut stream).status, 200);
    listener.stop();
    assert_eq!(bodies(&listener.ports, Topic::Inbound).len(), 1);
}

#[test]
fn a_stop_does_not_wait_for_a_connection_without_a_request() {
    let (_, mut listener) = listener(Orders::default());
    let mut stream = listener.connect();
    let request = signed("starter", APP_SECRET, &hello());
    let request = String::from_utf8(request).unwrap().replace("connection: close\r\n", "");
    stream.write_all(request.as_bytes()).unwrap();
    // The whole answer is read by who waits for the end, and that comes by the stop alone.
    let reader = std::thread::spawn(move || read_to_close(&mut stream));
    wait_for(&listener.ports, Topic::Inbound, 1);
    listener.stop();
    assert_eq!(reader.join().unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn f13_a_log_that_does_not_answer_is_not_waited_for_without_end() {
    let installation = tokio::task::spawn_blocking(|| installation("http://127.0.0.1:9"));
    let installation = installation.await.unwrap();
    let log = Told::new(&installation.ports.log, Orders { hold: true, ..Orders::default() });
    let ports = with_log(&installation.ports, log);
    let ingest = Ingest::new(ports, Arc::clone(&installation.settings));
    let dead = Dead {
        reason: DeadReason::Unparseable,
        origin: String::new(),
        detail: String::new(),
        bytes: bytes::Bytes::new(),
    };
    let began = tokio::time::Instant::now();
    let answer = ingest.take(&[Element::Dead(dead)]).await;
    assert!(matches!(answer, Err(IngestError::Slow)), "{answer:?}");
    assert_eq!(began.elapsed().as_millis(), model::limit::INGEST_WAIT.as_millis());
}
