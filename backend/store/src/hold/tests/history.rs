//! Histories to be lived: what can happen to one organisation, in any order.

use proptest::prelude::*;

/// Limits of a scope; small ones, so that they are met.
#[derive(Clone, Debug, Default)]
pub(super) struct Limited {
    pub(super) five_hours: Option<i64>,
    pub(super) day: Option<(i64, u64)>,
    pub(super) total: Option<(i64, u64)>,
    pub(super) rpm: u32,
    pub(super) tpm: u64,
    pub(super) concurrency: u32,
    pub(super) queue: u32,
}

/// What the caller believes to be the time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    Right,
    /// Its day is over, by Redis' clock.
    Slow,
    /// And the next one too.
    Stopped,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    Nothing,
    /// What the organisation had: its totals and lines.
    Organisation,
    Everything,
}

#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) which: usize,
    pub(super) used: bool,
    pub(super) percent: i64,
    pub(super) other_figures: bool,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: usize,
    pub(super) member: bool,
    pub(super) accounts: Vec<usize>,
    pub(super) nanos: i64,
    pub(super) tokens: u64,
    pub(super) life: usize,
    pub(super) clock: Clock,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Limit(usize, Limited),
    Ask(Asked),
    /// In one call, by one life.
    Together(Vec<Asked>),
    /// By one who does not know of the last change of the policy.
    AskStale(usize),
    AskAgain(usize),
    MoveOn(usize),
    Settle(Vec<End>),
    Confirm(usize),
    Checkpoint(usize, Option<i64>),
    Leave(usize),
    Forget(usize),
    Begin(usize),
    Load(bool, bool),
    LoadNow(usize, bool),
    Policy,
    Close(Loss),
    LookUp,
    Register,
    Recover,
    Keep,
}

pub(super) fn limited() -> impl Strategy<Value = Limited> {
    let usd = || 60..400_i64;
    let maybe = |n: std::ops::Range<u64>| prop_oneof![2 => Just(0), 1 => n];
    let some = (
        prop::option::weighted(0.2, usd()),
        prop::option::weighted(0.3, (usd(), maybe(30..150))),
        prop::option::weighted(0.3, (usd(), maybe(2..7))),
        maybe(2..7),
        maybe(40..200),
        maybe(1..4),
        0..3_u32,
    );
    let some = some.prop_map(|(five_hours, day, total, rpm, tpm, concurrency, queue)| Limited {
        five_hours,
        day,
        total,
        rpm: u32::try_from(rpm).unwrap(),
        tpm,
        concurrency: u32::try_from(concurrency).unwrap(),
        queue,
    });
    prop_oneof![3 => some, 1 => Just(Limited::default())]
}

fn end() -> impl Strategy<Value = End> {
    (any::<usize>(), prop::bool::weighted(0.7), 0..=100_i64, prop::bool::weighted(0.1))
        .prop_map(|(which, used, percent, other_figures)| End { which, used, percent, other_figures })
}

fn asked() -> impl Strategy<Value = Asked> {
    let accounts = Just(vec![0, 1, 2])
        .prop_shuffle()
        .prop_flat_map(|all| (1..=3_usize).prop_map(move |n| all[..n].to_vec()));
    let clock = prop_oneof![6 => Just(Clock::Right), 2 => Just(Clock::Slow), 1 => Just(Clock::Stopped)];
    (0..2_usize, any::<bool>(), accounts, 0..90_i64, 0..50_u64, 0..2_usize, clock).prop_map(
        |(key, member, accounts, nanos, tokens, life, clock)| Asked {
            key,
            member,
            accounts,
            nanos,
            tokens,
            life,
            clock,
        },
    )
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let loss = prop_oneof![Just(Loss::Nothing), Just(Loss::Organisation), Just(Loss::Everything)];
    prop_oneof![
        22 => asked().prop_map(Op::Ask),
        8 => prop::collection::vec(asked(), 2..7).prop_map(Op::Together),
        3 => (0..7_usize, limited()).prop_map(|(s, l)| Op::Limit(s, l)),
        1 => any::<usize>().prop_map(Op::AskStale),
        8 => any::<usize>().prop_map(Op::AskAgain),
        6 => any::<usize>().prop_map(Op::MoveOn),
        16 => prop::collection::vec(end(), 1..5).prop_map(Op::Settle),
        4 => any::<usize>().prop_map(Op::Confirm),
        4 => (any::<usize>(), prop::option::of(0..200_i64)).prop_map(|(w, g)| Op::Checkpoint(w, g)),
        2 => any::<usize>().prop_map(Op::Leave),
        3 => (0..7_usize).prop_map(Op::Forget),
        4 => (0..7_usize).prop_map(Op::Begin),
        6 => (any::<bool>(), any::<bool>()).prop_map(|(o, s)| Op::Load(o, s)),
        3 => (0..7_usize, any::<bool>()).prop_map(|(s, o)| Op::LoadNow(s, o)),
        1 => Just(Op::Policy),
        2 => loss.prop_map(Op::Close),
        2 => Just(Op::LookUp),
        2 => Just(Op::Register),
        5 => Just(Op::Recover),
        1 => Just(Op::Keep),
    ]
}
