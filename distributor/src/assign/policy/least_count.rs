//! Least-count: the fewest conversations assigned in the window first.

use super::{Choice, View};

/// Any of those who were assigned the fewest conversations.
pub fn choose(view: View<'_>) -> Option<Choice> {
    Choice::of_least(view.eligible, |member| u64::from(member.score.count))
}

#[cfg(test)]
mod tests {
    use super::super::{Turns, sample};
    use super::*;
    use model::id::UserId;

    #[test]
    fn everybody_with_the_fewest_is_lawful_whatever_his_time() {
        let members = sample::members(&[(0, 2, 0), (0, 1, 99), (9, 2, 0), (0, 1, 5)]);
        let turns = Turns::default();
        let choice = choose(View { eligible: &members, turns: &turns }).unwrap();
        assert_eq!(choice.lawful, [UserId(2), UserId(4)]);
        assert!(choice.lawful.contains(&choice.pick.agent));
        assert_eq!(choice.key, 1);
    }
}
