use std::collections::BTreeMap;
use std::sync::Arc;

use model::desk::{Body, Envelope, Lease, Settings, Stamped, wire};
use model::id::{ShardId, UserId};
use model::limit;
use model::time::Timestamp;
use parking_lot::Mutex;
use storage::port::{LogError, NewRecord, Partition, Topic};
use tokio::time::timeout;

use crate::Ports;
use crate::follow::SettingsFollower;
use crate::metric::LeaseMeter;

/// Who has a socket at this gateway, with how many.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    sockets: Mutex<BTreeMap<UserId, usize>>,
}

/// One socket's part in it, until dropped.
#[derive(Debug)]
pub(super) struct Attending {
    attendance: Arc<Attendance>,
    user: UserId,
}

/// Renews the presence of those who attend.
pub(super) struct Renewal<'a> {
    pub(super) ports: &'a Ports,
    pub(super) settings: &'a SettingsFollower,
    pub(super) attendance: &'a Attendance,
    pub(super) meter: &'a LeaseMeter,
}

impl Attendance {
    /// One more socket of `user`.
    pub(super) fn enter(self: &Arc<Self>, user: UserId) -> Attending {
        *self.sockets.lock().entry(user).or_default() += 1;
        Attending { attendance: Arc::clone(self), user }
    }

    fn users(&self) -> Vec<UserId> {
        self.sockets.lock().keys().copied().collect()
    }
}

impl Drop for Attending {
    fn drop(&mut self) {
        let mut sockets = self.attendance.sockets.lock();
        if let Some(open) = sockets.get_mut(&self.user) {
            *open -= 1;
            if *open == 0 {
                sockets.remove(&self.user);
            }
        }
    }
}

impl Renewal<'_> {
    /// Renews everybody once: one record for each shard with users who attend, more where they are
    /// more than [`limit::LEASE_USERS`]. What the log does not take now is not tried again: the
    /// next beat says it all anew.
    pub(super) async fn beat(&self) {
        let users = self.attendance.users();
        self.meter.users.set(users.len() as f64);
        let records = records(&users, &self.settings.current(), self.ports.clock.now());
        if records.is_empty() {
            return;
        }
        let appending = self.ports.log.append(records);
        match timeout(limit::LEASE_RENEWAL, appending).await {
            Ok(Ok(_)) => self.meter.durable.increment(1),
            Ok(Err(error @ LogError::Full { .. })) => {
                tracing::warn!(%error, "presence was not renewed");
                self.meter.refused.increment(1);
            }
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "presence was not renewed"
                );
                self.meter.failed.increment(1);
            }
            Err(_) => {
                tracing::warn!("presence was not renewed in time: the log is slow");
                self.meter.failed.increment(1);
            }
        }
    }
}

/// The renewals of `users`, each in the `control` of his operation's shard. A user the settings do
/// not name has no shard, and no presence to renew.
fn records(users: &[UserId], settings: &Settings, at: Timestamp) -> Vec<NewRecord> {
    let mut by_shard: BTreeMap<ShardId, Vec<UserId>> = BTreeMap::new();
    for user in users {
        let operation = settings.users.get(user).map(|found| found.operation);
        if let Some(home) = operation.and_then(|operation| settings.operations.get(&operation)) {
            by_shard.entry(home.shard).or_default().push(*user);
        }
    }
    let of_shard = |(shard, users): (&ShardId, &Vec<UserId>)| {
        let partition = Partition::new(Topic::Control, u32::from(shard.get()));
        let lease = |users: &[UserId]| Lease { users: users.to_vec(), at };
        let leases: Vec<Lease> = users.chunks(limit::LEASE_USERS).map(lease).collect();
        leases.into_iter().map(move |lease| NewRecord { partition, bytes: encoded(lease) })
    };
    by_shard.iter().flat_map(of_shard).collect()
}

fn encoded(lease: Lease) -> bytes::Bytes {
    let envelope = Envelope::of_input(lease.at);
    wire::encode(&Stamped { envelope, body: Body::Lease(lease) })
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use model::id::OperationId;
    use model::people::{AgentRank, Cap, Operation, User, UserKind};
    use model::place::Place;
    use model::time::ManualClock;
    use storage::engine::{EngineConfig, EngineKind, open};
    use storage::port::{Appending, Bell, Log, Logged, Offset};

    use super::*;

    /// A log that refuses so many appends before it takes one.
    struct Shy {
        inner: Arc<dyn Log>,
        refusals: Mutex<usize>,
    }

    impl Log for Shy {
        fn append(&self, records: Vec<NewRecord>) -> Appending {
            let mut left = self.refusals.lock();
            if *left == 0 {
                return self.inner.append(records);
            }
            *left -= 1;
            Appending::answered(Err(LogError::Full { what: "a test" }))
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

    const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn settings(users: impl Iterator<Item = (u32, u32)>) -> Settings {
        let mut settings = Settings::default();
        for (id, shard) in [(1, 3), (2, 0), (3, 3)] {
            let id = OperationId(id);
            let shard = ShardId::new(shard).unwrap();
            let zone = "America/Lima".to_owned();
            let operation = Operation { id, version: 1, name: String::new(), shard, zone };
            settings.operations.insert(id, operation);
        }
        for (id, operation) in users {
            let user = User {
                id: UserId(id),
                version: 1,
                operation: OperationId(operation),
                login: String::new(),
                name: String::new(),
                kind: UserKind::Agent,
                active: true,
                groups: Vec::new(),
                cap: Cap::default(),
                rank: AgentRank::default(),
            };
            settings.users.insert(user.id, user);
        }
        settings
    }

    fn leases(users: &[UserId], settings: &Settings) -> Vec<(u32, Vec<UserId>)> {
        let read = |record: NewRecord| match wire::decode(&record.bytes).unwrap().body {
            Body::Lease(lease) => {
                assert_eq!((record.partition.topic, lease.at), (Topic::Control, AT));
                (record.partition.index, lease.users)
            }
            other => panic!("{other:?}"),
        };
        records(users, settings, AT).into_iter().map(read).collect()
    }

    #[test]
    fn each_shard_has_one_record_with_its_own_users() {
        let settings = settings([(1, 1), (2, 2), (3, 3), (4, 1)].into_iter());
        let users = [1, 2, 3, 4, 9].map(UserId);
        let of_three = [1, 3, 4].map(UserId).to_vec();
        assert_eq!(leases(&users, &settings), [(0, vec![UserId(2)]), (3, of_three)]);
        assert_eq!(leases(&[UserId(9)], &settings), [], "nobody knows him");
        assert_eq!(leases(&[], &settings), []);
    }

    #[test]
    fn a_record_has_so_many_users_and_then_there_is_another() {
        let most = limit::LEASE_USERS as u32;
        let settings = settings((0..=most).map(|id| (id, 2)));
        let users: Vec<UserId> = (0..=most).map(UserId).collect();
        let found = leases(&users, &settings);
        let sizes: Vec<usize> = found.iter().map(|(_, users)| users.len()).collect();
        assert_eq!(sizes, [limit::LEASE_USERS, 1]);
        assert_eq!(found.into_iter().flat_map(|(_, users)| users).collect::<Vec<_>>(), users);
    }

    #[test]
    fn the_largest_record_is_one_that_a_lane_takes() {
        let settings = settings((0..limit::LEASE_USERS as u32).map(|n| (u32::MAX - n, 2)));
        let users: Vec<UserId> = settings.users.keys().copied().collect();
        let bytes = records(&users, &settings, AT)[0].bytes.len();
        assert!(bytes <= limit::INPUT_BYTES, "{bytes}");
    }

    #[test]
    fn who_attends_does_so_until_his_last_socket_is_gone() {
        let attendance = Arc::<Attendance>::default();
        let first = attendance.enter(UserId(1));
        let second = attendance.enter(UserId(1));
        let other = attendance.enter(UserId(2));
        drop(first);
        assert_eq!(attendance.users(), [UserId(1), UserId(2)]);
        drop(second);
        assert_eq!(attendance.users(), [UserId(2)]);
        drop(other);
        assert!(attendance.sockets.lock().is_empty());
    }

    #[tokio::test]
    async fn a_renewal_the_log_has_no_room_for_is_left_out_and_the_next_one_is_made() {
        let place = Place::new(4, 1).unwrap();
        let clock: Arc<ManualClock> = Arc::new(ManualClock::at(AT));
        let config = EngineConfig { engine: EngineKind::Memory, ..EngineConfig::default() };
        let engines = open(&config, place, Arc::<ManualClock>::clone(&clock)).unwrap();
        let inner = Arc::clone(&engines.log);
        let ports = Ports {
            log: Arc::new(Shy { inner, refusals: Mutex::new(1) }),
            history: Arc::clone(&engines.history),
            directory: Arc::clone(&engines.directory),
            clock,
            place,
        };
        let followed = SettingsFollower::fixed(settings([(1, 1)].into_iter()));
        let attendance = Arc::<Attendance>::default();
        let _attending = attendance.enter(UserId(1));
        let (settings, meter) = (&*followed, &LeaseMeter::new());
        let renewal = Renewal { ports: &ports, settings, attendance: &attendance, meter };
        let control = Partition::new(Topic::Control, 3);
        for want in [0, 1, 2] {
            renewal.beat().await;
            assert_eq!(ports.log.bounds(control).unwrap().end, want);
        }
    }
}
