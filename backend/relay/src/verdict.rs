//! The failover table: for each row what happens to the request and what to the account. Pure, and data: which row an
//! answer belongs to is said by the provider's rules (`accounts::rules`), what follows from it here and nowhere else.

pub(crate) mod hints;

use causeway_accounts::{
    Preset,
    rules::{Refusal, Row},
};
use std::{str::FromStr, time::Duration};

/// What happens to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It goes to the next account.
    Next,
    /// It goes to the next account, but a second such answer is the caller's.
    NextOnce,
    /// The thinking of other accounts is taken out, and it is sent once more to the same account.
    Strip,
    /// The caller gets the answer as it is.
    ToCaller,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cools {
    /// Not at all.
    No,
    /// `first`, and twice as long each time in a row, up to `most`.
    Doubling {
        /// The first time.
        first: Duration,
        /// At most.
        most: Duration,
    },
    /// Until the time that the provider names.
    Hinted,
}

/// What cools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole account.
    Account,
    /// One model at the account.
    Model,
    /// The family of models that the answer names, or else the whole account.
    Family,
    /// The way that its requests take (its proxy, or the direct one), and not the account.
    Egress,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What happens to the request.
    pub then: Then,
    /// For how long something is not used.
    pub cools: Cools,
    /// What that is.
    pub scope: Scope,
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

const fn doubling(first: u64, most: u64) -> Cools {
    Cools::Doubling { first: Duration::from_secs(first), most: Duration::from_secs(most) }
}

const fn fixed(seconds: u64) -> Cools {
    doubling(seconds, seconds)
}

const fn row(then: Then, cools: Cools, scope: Scope) -> Verdict {
    Verdict { then, cools, scope }
}

/// As it is by default.
const fn usual(of: Row) -> Verdict {
    match of {
        Row::Challenge => row(Then::Next, doubling(5 * MINUTE, HOUR), Scope::Egress),
        Row::BalanceUsedUp => row(Then::Next, fixed(6 * HOUR), Scope::Account),
        Row::ForeignThinking => row(Then::Strip, Cools::No, Scope::Account),
        Row::Unreachable => row(Then::Next, doubling(30 * SECOND, 10 * MINUTE), Scope::Account),
        Row::ProxyUnavailable => row(Then::Next, doubling(10 * SECOND, 10 * MINUTE), Scope::Egress),
        Row::Silent => row(Then::Next, doubling(MINUTE, 10 * MINUTE), Scope::Account),
        Row::BadCredential => row(Then::Next, fixed(30 * MINUTE), Scope::Account),
        Row::AccountRefused => row(Then::Next, fixed(30 * MINUTE), Scope::Account),
        Row::Forbidden => row(Then::NextOnce, fixed(5 * MINUTE), Scope::Account),
        Row::CallersFault => row(Then::ToCaller, Cools::No, Scope::Account),
        Row::ModelUnavailable => row(Then::Next, fixed(12 * HOUR), Scope::Model),
        Row::ProviderError => row(Then::Next, doubling(MINUTE, 10 * MINUTE), Scope::Account),
        Row::LimitedUntil => row(Then::Next, Cools::Hinted, Scope::Family),
        Row::Limited => row(Then::Next, doubling(SECOND, 30 * MINUTE), Scope::Model),
        Row::Overloaded => row(Then::Next, doubling(10 * SECOND, 10 * MINUTE), Scope::Model),
    }
}

/// The table with the lengths that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    lengths: Vec<CooldownLength>,
}

impl Table {
    /// With these lengths instead of the usual ones.
    pub(crate) fn new(lengths: &[CooldownLength]) -> Self {
        Self { lengths: lengths.to_vec() }
    }

    /// What follows from a row.
    pub(crate) fn verdict(&self, of: Row) -> Verdict {
        let usual = usual(of);
        let set = self.lengths.iter().rev().find(|l| l.row == of && usual.cools != Cools::No);
        set.map_or(usual, |l| Verdict { cools: Cools::Doubling { first: l.first, most: l.most }, ..usual })
    }
}

/// How long one row cools, as a setting: `overloaded=10..600`, or `bad_credential=1800` where it does not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CooldownLength {
    row: Row,
    first: Duration,
    most: Duration,
}

impl FromStr for CooldownLength {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cooling = || Row::ALL.into_iter().filter(|row| usual(*row).cools != Cools::No).map(Row::as_str);
        let accepts = || {
            let names: Vec<_> = cooling().collect();
            format!("{text:?} is not NAME=SECONDS or NAME=FIRST..MOST with one of: {}", names.join(", "))
        };
        let (name, lengths) = text.split_once('=').ok_or_else(accepts)?;
        let row =
            Row::stored(name.trim()).filter(|row| usual(*row).cools != Cools::No).ok_or_else(accepts)?;
        let (first, most) = lengths.split_once("..").unwrap_or((lengths, lengths));
        let seconds = |text: &str| text.trim().parse::<u32>().ok().filter(|n| (1..=604_800).contains(n));
        match (seconds(first), seconds(most)) {
            (Some(first), Some(most)) if first <= most => Ok(Self {
                row,
                first: Duration::from_secs(first.into()),
                most: Duration::from_secs(most.into()),
            }),
            _ => Err(accepts()),
        }
    }
}

/// The row of an answer: by the rules of its provider, or else by its status.
pub(crate) fn judge(preset: &Preset, refusal: &Refusal<'_>, hint: bool) -> Row {
    preset.row(refusal).unwrap_or(Row::by_status(refusal.status, hint))
}

#[cfg(test)]
mod tests;
