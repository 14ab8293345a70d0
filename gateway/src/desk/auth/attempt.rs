use std::collections::HashMap;
use std::time::Duration;

use model::limit;
use model::time::Timestamp;
use parking_lot::Mutex;

/// Failed logins by name: after [`limit::LOGIN_FAILURES`] within a fixed window the rest of the
/// window is closed to that name. A delay and not a lock, which would let anybody shut anybody out.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    from: Timestamp,
    tries: u32,
}

impl Attempts {
    /// Counts a try before its password is looked at, so that many at once are counted too; or how
    /// long the name has to wait.
    pub(super) fn begin(&self, login: &str, now: Timestamp) -> Result<(), Duration> {
        let mut windows = self.windows.lock();
        if windows.len() >= limit::LOGIN_NAMES && !windows.contains_key(login) {
            make_room(&mut windows, now);
        }
        let fresh = Window { from: now, tries: 0 };
        let window = windows.entry(login.to_owned()).or_insert(fresh);
        if is_over(window, now) {
            *window = fresh;
        }
        if window.tries >= limit::LOGIN_FAILURES {
            return Err((window.from + limit::LOGIN_WINDOW).since(now));
        }
        window.tries += 1;
        Ok(())
    }

    /// Forgets the tries of a name whose password was right.
    pub(super) fn succeed(&self, login: &str) {
        self.windows.lock().remove(login);
    }
}

/// The bound is above what can be hashed within a window, so forgetting everything is the last
/// resort and costs an attacker more than it gives him.
fn make_room(windows: &mut HashMap<String, Window>, now: Timestamp) {
    windows.retain(|_, window| !is_over(window, now));
    if windows.len() >= limit::LOGIN_NAMES {
        windows.clear();
    }
}

fn is_over(window: &Window, now: Timestamp) -> bool {
    now.since(window.from) >= limit::LOGIN_WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(1_000 + second)
    }

    #[test]
    fn the_window_closes_to_a_name_and_opens_again() {
        let attempts = Attempts::default();
        for _ in 0..limit::LOGIN_FAILURES {
            assert_eq!(attempts.begin("ana", at(0)), Ok(()));
        }
        assert_eq!(attempts.begin("ana", at(20)), Err(Duration::from_secs(40)));
        assert_eq!(attempts.begin("bia", at(20)), Ok(()), "another name is not concerned");
        assert_eq!(attempts.begin("ana", at(60)), Ok(()));
    }

    #[test]
    fn a_right_password_forgets_the_wrong_ones() {
        let attempts = Attempts::default();
        for _ in 0..limit::LOGIN_FAILURES - 1 {
            assert_eq!(attempts.begin("ana", at(0)), Ok(()));
        }
        attempts.succeed("ana");
        for _ in 0..limit::LOGIN_FAILURES {
            assert_eq!(attempts.begin("ana", at(1)), Ok(()));
        }
    }

    #[test]
    fn names_are_forgotten_at_the_bound() {
        let attempts = Attempts::default();
        for n in 0..limit::LOGIN_NAMES + 10 {
            assert_eq!(attempts.begin(&n.to_string(), at(0)), Ok(()));
        }
        assert!(attempts.windows.lock().len() <= limit::LOGIN_NAMES);
    }
}
