//! In which order a pool's accounts are asked.

use super::{Member, Strategy};
use crate::AccountId;

/// What is known of a member at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Requests under way there, on all instances.
    pub open: u32,
    /// What is left of the provider's quota, in ten-thousandths of its scarcest window; `None` = it has told nothing.
    pub left: Option<u16>,
}

/// Whose turn it is, where members take turns. One of these is kept for each pool; it decides nothing that has to be the
/// same on all instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many requests have been ranked.
    count: u64,
    /// Of each member, by account: what it is behind its share (smooth weighted round robin).
    behind: Vec<(AccountId, i64)>,
}

/// Orders the members, best first, and goes on to the next turn. `standing` is asked only where it matters, `active` is
/// the account of a pool that uses one.
pub fn rank(
    strategy: Strategy,
    members: &[Member],
    active: Option<AccountId>,
    turn: &mut Turn,
    standing: impl Fn(AccountId) -> Standing,
) -> Vec<AccountId> {
    let mut order: Vec<Member> = members.to_vec();
    match strategy {
        Strategy::ActiveFirst => order.retain(|m| Some(m.account) == active),
        Strategy::FillFirst => order.sort_by_key(|m| (m.priority, m.account)),
        Strategy::RoundRobin => rotate(&mut order, turn.count),
        Strategy::Priority => {
            order.sort_by_key(|m| (m.priority, m.account));
            for tier in order.chunk_by_mut(|a, b| a.priority == b.priority) {
                rotate(tier, turn.count);
            }
        }
        Strategy::Weighted => weighted(&mut order, turn),
        Strategy::LeastBusy => {
            rotate(&mut order, turn.count);
            // The next request's share of each, so that of two idle ones the stronger is asked. In whole numbers.
            order.sort_by_key(|m| {
                (u64::from(standing(m.account).open) + 1) * 1_000_000 / u64::from(m.weight.max(1))
            });
        }
        Strategy::MostQuota => {
            rotate(&mut order, turn.count);
            // One that has told nothing may have everything left: it is asked, and then tells.
            order.sort_by_key(|m| u16::MAX - standing(m.account).left.unwrap_or(10_000));
        }
    }
    turn.count = turn.count.wrapping_add(1);
    order.into_iter().map(|m| m.account).collect()
}

impl Turn {
    /// Takes a turn back that was used up for nothing: the ranking whose best was `first` chose nobody. Turns that others
    /// have taken meanwhile stay taken.
    pub fn give_back(&mut self, strategy: Strategy, members: &[Member], first: AccountId) {
        self.count = self.count.wrapping_sub(1);
        if strategy != Strategy::Weighted {
            return;
        }
        let weight =
            |account| members.iter().find(|m| m.account == account).map_or(0, |m| i64::from(m.weight.max(1)));
        let total: i64 = members.iter().map(|m| i64::from(m.weight.max(1))).sum();
        for (account, behind) in &mut self.behind {
            *behind -= weight(*account);
            if *account == first {
                *behind += total;
            }
        }
    }
}

fn rotate(members: &mut [Member], count: u64) {
    if !members.is_empty() {
        let by = count % members.len() as u64;
        members.rotate_left(usize::try_from(by).unwrap_or(0));
    }
}

/// Every member gains its weight, the one that has most is asked and pays for all: shares are exact over a round, and no
/// member is asked many times in a row. The others follow by what they have, so that a failure goes to who is next anyway.
fn weighted(members: &mut [Member], turn: &mut Turn) {
    let behind_of =
        |turn: &Turn, account| turn.behind.iter().find(|(id, _)| *id == account).map_or(0, |b| b.1);
    let total: i64 = members.iter().map(|m| i64::from(m.weight.max(1))).sum();
    // Who has left the pool is forgotten with this.
    let gained: Vec<(AccountId, i64)> = members
        .iter()
        .map(|m| (m.account, behind_of(turn, m.account) + i64::from(m.weight.max(1))))
        .collect();
    turn.behind = gained;
    members.sort_by_key(|m| (-behind_of(turn, m.account), m.account));
    if let Some(first) = members.first() {
        for (account, behind) in &mut turn.behind {
            if *account == first.account {
                *behind -= total;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Strategy;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use uuid::Uuid;

    fn id(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    fn member(n: u128, weight: u16, priority: u16) -> Member {
        Member { account: id(n), weight, priority }
    }

    fn firsts(strategy: Strategy, members: &[Member], times: usize) -> Vec<AccountId> {
        let mut turn = Turn::default();
        (0..times).map(|_| rank(strategy, members, None, &mut turn, |_| Standing::default())[0]).collect()
    }

    #[test]
    fn round_robin_asks_one_after_the_other() {
        let members = [member(1, 1, 0), member(2, 1, 0), member(3, 1, 0)];
        assert_eq!(firsts(Strategy::RoundRobin, &members, 4), [id(1), id(2), id(3), id(1)]);
    }

    #[test]
    fn weights_are_shares_and_spread_evenly() {
        let members = [member(1, 5, 0), member(2, 1, 0), member(3, 1, 0)];
        let asked = firsts(Strategy::Weighted, &members, 7);
        assert_eq!(asked, [id(1), id(1), id(2), id(1), id(3), id(1), id(1)]);
    }

    #[test]
    fn filling_first_keeps_to_the_order_of_priorities() {
        let members = [member(1, 1, 7), member(2, 1, 3), member(3, 1, 3)];
        assert_eq!(firsts(Strategy::FillFirst, &members, 2), [id(2), id(2)]);
    }

    #[test]
    fn priorities_are_tiers_that_take_turns_within() {
        let members = [member(1, 1, 7), member(2, 1, 3), member(3, 1, 3)];
        assert_eq!(firsts(Strategy::Priority, &members, 3), [id(2), id(3), id(2)]);
        let order = rank(Strategy::Priority, &members, None, &mut Turn::default(), |_| Standing::default());
        assert_eq!(order, [id(2), id(3), id(1)]);
    }

    #[test]
    fn the_least_busy_for_its_weight_is_asked() {
        let members = [member(1, 4, 0), member(2, 1, 0)];
        let open = HashMap::from([(id(1), 3), (id(2), 1)]);
        let busy = |account| Standing { open: open[&account], left: None };
        let order = rank(Strategy::LeastBusy, &members, None, &mut Turn::default(), busy);
        assert_eq!(order, [id(1), id(2)]);
    }

    #[test]
    fn most_quota_asks_who_has_told_nothing_and_then_who_has_most() {
        let members = [member(1, 1, 0), member(2, 1, 0), member(3, 1, 0)];
        let left = HashMap::from([(id(1), Some(100)), (id(2), Some(9_000)), (id(3), None)]);
        let quota = |account| Standing { open: 0, left: left[&account] };
        let order = rank(Strategy::MostQuota, &members, None, &mut Turn::default(), quota);
        assert_eq!(order, [id(3), id(2), id(1)]);
    }

    #[test]
    fn an_active_account_is_the_only_one() {
        let members = [member(1, 1, 0), member(2, 1, 0)];
        let order = |active| {
            rank(Strategy::ActiveFirst, &members, active, &mut Turn::default(), |_| Standing::default())
        };
        assert_eq!(order(Some(id(2))), [id(2)]);
        assert_eq!(order(Some(id(9))), []);
        assert_eq!(order(None), []);
    }

    proptest! {
        #[test]
        fn a_turn_that_is_given_back_was_never_taken(
            strategy in prop::sample::select(&Strategy::ALL[..6]), weights in prop::collection::vec(1u16..20, 1..8),
            before in 0usize..9
        ) {
            let members: Vec<Member> =
                weights.iter().enumerate().map(|(i, w)| member(i as u128, *w, 0)).collect();
            let rank = |turn: &mut Turn| rank(strategy, &members, None, turn, |_| Standing::default())[0];
            let (mut turn, mut other) = (Turn::default(), Turn::default());
            for _ in 0..before {
                prop_assert_eq!(rank(&mut turn), rank(&mut other));
            }
            let first = rank(&mut other);
            other.give_back(strategy, &members, first);
            for _ in 0..20 {
                prop_assert_eq!(rank(&mut turn), rank(&mut other));
            }
        }

        #[test]
        fn over_a_round_every_member_is_asked_by_its_weight(weights in prop::collection::vec(1u16..20, 1..8)) {
            let members: Vec<Member> =
                weights.iter().enumerate().map(|(i, w)| member(i as u128, *w, 0)).collect();
            let total: usize = weights.iter().map(|w| usize::from(*w)).sum();
            let asked = firsts(Strategy::Weighted, &members, total);
            for m in &members {
                prop_assert_eq!(asked.iter().filter(|a| **a == m.account).count(), usize::from(m.weight));
            }
        }

        #[test]
        fn every_order_has_every_member_once(
            strategy in prop::sample::select(&Strategy::ALL[..6]), count in 0usize..9, turns in 0usize..5
        ) {
            let members: Vec<Member> = (0..count as u128).map(|n| member(n, 1 + n as u16, n as u16 / 2)).collect();
            let mut turn = Turn::default();
            for _ in 0..=turns {
                let mut order = rank(strategy, &members, None, &mut turn, |_| Standing::default());
                order.sort();
                prop_assert_eq!(order, members.iter().map(|m| m.account).collect::<Vec<_>>());
            }
        }
    }
}
