//! Agent-priority: the highest rank first.

use super::{Choice, Member, View, circular};

/// Among the eligible of the highest rank that has any, the next after the one last reserved
/// inside that rank. The key is the rank.
pub fn choose(view: View<'_>) -> Option<Choice> {
    let rank = view.eligible.iter().map(|member| member.rank).max()?;
    let peers: Vec<Member> =
        view.eligible.iter().filter(|member| member.rank == rank).copied().collect();
    let next = circular::after(&peers, view.turns.last_of_rank(rank))?;
    Some(Choice::only(next, u64::from(rank.0)))
}

#[cfg(test)]
mod tests {
    use super::super::{Turns, sample};
    use super::*;

    #[test]
    fn the_highest_rank_is_chosen_in_turn() {
        let members = sample::members(&[(1, 0, 0), (5, 9, 9), (3, 0, 0), (5, 0, 0)]);
        let got = sample::rounds(&members, &mut Turns::default(), 5, choose);
        assert_eq!(got, [2, 4, 2, 4, 2]);
    }

    #[test]
    fn each_rank_keeps_its_own_turn() {
        let all = sample::members(&[(5, 0, 0), (1, 0, 0), (5, 0, 0), (1, 0, 0), (1, 0, 0)]);
        let low = [all[1], all[3], all[4]];
        let mut turns = Turns::default();
        assert_eq!(sample::rounds(&all, &mut turns, 1, choose), [1]);
        assert_eq!(sample::rounds(&low, &mut turns, 2, choose), [2, 4]);
        assert_eq!(sample::rounds(&all, &mut turns, 1, choose), [3]);
        assert_eq!(sample::rounds(&low, &mut turns, 2, choose), [5, 2]);
        assert_eq!(sample::rounds(&all, &mut turns, 1, choose), [1]);
    }
}
