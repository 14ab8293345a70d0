//! Least-time: the least service time in the window first.

use super::{Choice, View};

/// Any of those with the least service time in whole units of 16 s. A reservation charges its
/// agent the group's mean, so one agent does not take a whole burst.
pub fn choose(view: View<'_>) -> Option<Choice> {
    Choice::of_least(view.eligible, |member| u64::from(member.score.time))
}

#[cfg(test)]
mod tests {
    use super::super::{Turns, sample};
    use super::*;
    use model::id::UserId;

    #[test]
    fn everybody_with_the_least_time_is_lawful_whatever_his_count() {
        let members = sample::members(&[(0, 1, 40), (0, 9, 12), (0, 1, 12), (9, 0, 13)]);
        let turns = Turns::default();
        let choice = choose(View { eligible: &members, turns: &turns }).unwrap();
        assert_eq!(choice.lawful, [UserId(2), UserId(3)]);
        assert!(choice.lawful.contains(&choice.pick.agent));
        assert_eq!(choice.key, 12);
    }
}
