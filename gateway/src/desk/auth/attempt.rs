use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use model::limit;
use model::time::Timestamp;
use parking_lot::Mutex;

/// Failed logins by name and network: after [`limit::LOGIN_FAILURES`] within a fixed window the
/// rest of the window is closed to that name from there. So whoever guesses shuts out nobody
/// elsewhere. Behind a proxy everybody comes from the proxy's address, and the name alone decides.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    windows: Mutex<Windows>,
}

/// A name, and the network it is tried from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    login: String,
    network: IpAddr,
}

#[derive(Debug, Default)]
struct Windows {
    open: HashMap<Attempt, Window>,
    /// Every window begun, oldest first; some are no longer open.
    begun: VecDeque<(Timestamp, Attempt)>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    from: Timestamp,
    tries: u32,
}

impl Attempt {
    /// A try of `login` by the peer at `address`. An IPv6 network is its /64: the least that one
    /// customer of a provider has to himself.
    pub(super) fn new(login: &str, address: IpAddr) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)).into(),
            v4 @ IpAddr::V4(_) => v4,
        };
        Self { login: login.to_owned(), network }
    }
}

impl Attempts {
    /// Counts a try before its password is looked at, so that many at once are counted too; or how
    /// long it has to wait.
    pub(super) fn begin(&self, attempt: &Attempt, now: Timestamp) -> Result<(), Duration> {
        let mut windows = self.windows.lock();
        let window = windows.window(attempt, now);
        if window.tries >= limit::LOGIN_FAILURES {
            return Err((window.from + limit::LOGIN_WINDOW).since(now));
        }
        window.tries += 1;
        Ok(())
    }

    /// Forgets the tries of one whose password was right.
    pub(super) fn succeed(&self, attempt: &Attempt) {
        self.windows.lock().open.remove(attempt);
    }

    /// Takes back a try whose password was never looked at.
    pub(super) fn take_back(&self, attempt: &Attempt) {
        if let Some(window) = self.windows.lock().open.get_mut(attempt) {
            window.tries = window.tries.saturating_sub(1);
        }
    }
}

impl Windows {
    /// The window of `attempt`, a fresh one if there is none or it is over.
    fn window(&mut self, attempt: &Attempt, now: Timestamp) -> &mut Window {
        let is_open = |window: &Window| now.since(window.from) < limit::LOGIN_WINDOW;
        if !self.open.get(attempt).is_some_and(is_open) {
            self.make_room();
            self.begun.push_back((now, attempt.clone()));
            self.open.insert(attempt.clone(), Window { from: now, tries: 0 });
        }
        self.open.entry(attempt.clone()).or_insert(Window { from: now, tries: 0 })
    }

    /// Forgets the oldest windows at the bound; it is above what can be hashed within a window.
    fn make_room(&mut self) {
        while self.begun.len() >= limit::LOGIN_NAMES {
            let Some((from, attempt)) = self.begun.pop_front() else { return };
            if self.open.get(&attempt).is_some_and(|window| window.from == from) {
                self.open.remove(&attempt);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(1_000 + second)
    }

    fn by(login: &str) -> Attempt {
        from(login, "192.0.2.1")
    }

    fn from(login: &str, address: &str) -> Attempt {
        Attempt::new(login, address.parse().unwrap())
    }

    fn exhaust(attempts: &Attempts, attempt: &Attempt) {
        for _ in 0..limit::LOGIN_FAILURES {
            assert_eq!(attempts.begin(attempt, at(0)), Ok(()));
        }
    }

    #[test]
    fn the_window_closes_to_a_name_and_opens_again() {
        let attempts = Attempts::default();
        exhaust(&attempts, &by("ana"));
        assert_eq!(attempts.begin(&by("ana"), at(20)), Err(Duration::from_secs(40)));
        assert_eq!(attempts.begin(&by("bia"), at(20)), Ok(()), "another name is not concerned");
        assert_eq!(attempts.begin(&by("ana"), at(60)), Ok(()));
    }

    #[test]
    fn who_guesses_shuts_out_nobody_elsewhere() {
        let attempts = Attempts::default();
        exhaust(&attempts, &from("ana", "2001:db8::1"));
        assert!(attempts.begin(&from("ana", "2001:db8::ffff:2"), at(0)).is_err(), "his network");
        assert_eq!(attempts.begin(&from("ana", "2001:db8:0:1::1"), at(0)), Ok(()));
        exhaust(&attempts, &by("ana"));
        assert!(attempts.begin(&from("ana", "::ffff:192.0.2.1"), at(0)).is_err(), "the same");
    }

    #[test]
    fn a_right_password_forgets_the_wrong_ones() {
        let attempts = Attempts::default();
        for _ in 0..limit::LOGIN_FAILURES - 1 {
            assert_eq!(attempts.begin(&by("ana"), at(0)), Ok(()));
        }
        attempts.succeed(&by("ana"));
        exhaust(&attempts, &by("ana"));
    }

    #[test]
    fn a_try_taken_back_does_not_count() {
        let attempts = Attempts::default();
        for _ in 0..2 * limit::LOGIN_FAILURES {
            assert_eq!(attempts.begin(&by("ana"), at(0)), Ok(()));
            attempts.take_back(&by("ana"));
        }
    }

    #[test]
    fn only_the_oldest_window_is_forgotten_at_the_bound() {
        let attempts = Attempts::default();
        exhaust(&attempts, &by("first"));
        exhaust(&attempts, &by("second"));
        for n in 0..limit::LOGIN_NAMES - 1 {
            assert_eq!(attempts.begin(&by(&n.to_string()), at(1)), Ok(()));
        }
        assert!(attempts.windows.lock().begun.len() <= limit::LOGIN_NAMES);
        assert!(attempts.windows.lock().open.len() <= limit::LOGIN_NAMES);
        assert!(attempts.begin(&by("second"), at(1)).is_err(), "still closed");
        assert_eq!(attempts.begin(&by("first"), at(1)), Ok(()), "forgotten");
    }
}
