//! A hold as the scripts keep it in Redis: see `hold.lua`, which reads and writes the same. And as versions before this one
//! have kept it: as text, of epochs that are over.

use super::ScopeId;
use causeway_domain::{AccountId, OrgId};
use std::fmt::Write as _;
use uuid::Uuid;

const VERSION: u8 = 1;
/// Bytes before the parts.
const HEAD: usize = 21;
/// Bytes of a part, without its second.
const AMOUNTS: usize = 17;
/// Bytes of a second.
const SECOND: usize = 4;

/// A part of an account that the request has left.
pub(super) const LEFT: u8 = 3;
/// Added to the mode where tokens are counted in the minute.
pub(super) const OF_TOKENS: u8 = 4;
/// Added to the mode where requests are.
pub(super) const OF_REQUESTS: u8 = 8;

/// What is reserved in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// How the scope's key ends.
    pub suffix: String,
    /// A [`super::ask::Mode`] or [`LEFT`], and what is counted in the minute.
    pub mode: u8,
    /// Nano-dollars.
    pub nanos: i64,
    /// Tokens; where the account was left, the nano-dollars that it may bill.
    pub tokens: i64,
    /// In which it was counted in the minute, in seconds since the epoch; 0 = in none.
    pub second: u32,
}

/// What the scripts know of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Index of the candidate that was chosen.
    pub candidate: u16,
    /// When it was made, in ms since the epoch of the clock.
    pub at: i64,
    /// The epoch in which it is counted.
    pub epoch: i64,
    /// Its organisation's id, as it is in Redis keys.
    pub org: String,
    /// The account's is the last.
    pub parts: Vec<Part>,
}

impl Record {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let count = u16::try_from(self.parts.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(HEAD + 32 + self.parts.len() * (AMOUNTS + SECOND + 35));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.candidate.to_le_bytes());
        for number in [self.at, self.epoch] {
            bytes.extend_from_slice(&super::state::rounded(number).to_le_bytes());
        }
        bytes.extend_from_slice(&count.to_le_bytes());
        for part in &self.parts {
            write_amounts(&mut bytes, part.mode, part.nanos, part.tokens);
        }
        for part in &self.parts {
            bytes.extend_from_slice(&part.second.to_le_bytes());
        }
        bytes.extend_from_slice(self.org.as_bytes());
        for part in &self.parts {
            bytes.push(b';');
            bytes.extend_from_slice(part.suffix.as_bytes());
        }
        bytes
    }

    /// `None` for what no script has written.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION], rest) = bytes.split_first_chunk()? else { return None };
        let (candidate, rest) = rest.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (amounts, rest) = rest.split_at_checked(AMOUNTS * count)?;
        let (seconds, names) = rest.split_at_checked(SECOND * count)?;
        let mut names = std::str::from_utf8(names).ok()?.split(';');
        let org = names.next()?.to_owned();
        let (amounts, seconds) = (amounts.as_chunks::<AMOUNTS>().0, seconds.as_chunks::<SECOND>().0);
        let parts = amounts.iter().zip(seconds).map(|(amounts, second)| {
            let (&[mode], rest) = amounts.split_first_chunk()?;
            let (nanos, tokens) = rest.split_first_chunk()?;
            Some(Part {
                suffix: names.next()?.to_owned(),
                mode,
                nanos: i64::from_le_bytes(*nanos),
                tokens: i64::from_le_bytes(tokens.try_into().ok()?),
                second: u32::from_le_bytes(*second),
            })
        });
        let parts = parts.collect::<Option<_>>()?;
        let whole = |number| super::state::whole(f64::from_le_bytes(number));
        let candidate = u16::from_le_bytes(*candidate);
        Some(Self { candidate, at: whole(*at), epoch: whole(*epoch), org, parts })
    }

    /// Whether a scope's name is among its parts'.
    pub(super) fn counts_in(&self, suffix: &str) -> bool {
        self.parts.iter().any(|part| part.suffix == suffix)
    }

    /// What accounts that it has moved on from may bill, in nano-dollars.
    pub(super) fn failed(&self) -> Vec<(AccountId, i64)> {
        let left = self.parts.iter().filter(|part| part.mode == LEFT);
        left.filter_map(|part| Some((account(&part.suffix)?, part.tokens))).collect()
    }

    /// The account that it is at.
    pub(super) fn account(&self) -> Option<AccountId> {
        account(&self.parts.last()?.suffix)
    }
}

/// Writes a part's mode and amounts.
pub(super) fn write_amounts(to: &mut Vec<u8>, mode: u8, nanos: i64, tokens: i64) {
    to.push(mode);
    to.extend_from_slice(&nanos.to_le_bytes());
    to.extend_from_slice(&tokens.to_le_bytes());
}

/// Writes the names of a request's own scopes as a hold begins with them.
pub(super) fn write_names(to: &mut String, org: OrgId, scopes: impl Iterator<Item = ScopeId>) {
    let _ = write!(to, "{};", org.0.simple());
    for scope in scopes {
        scope.write_suffix(to);
        to.push(';');
    }
}

fn account(suffix: &str) -> Option<AccountId> {
    Some(AccountId(Uuid::parse_str(suffix.strip_prefix("a:")?).ok()?))
}

/// A hold of a version before this one: its life, what it holds, and what its row needs. Six lines (life, candidate, ms,
/// organisation, epoch, scopes) and the payload; before there were epochs the scopes were in the fifth line.
pub(super) fn parse_text(text: &str) -> Option<(String, Record, String)> {
    let mut lines = text.splitn(5, '\n');
    let boot = lines.next()?.to_owned();
    let (candidate, at) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
    let org = lines.next()?.to_owned();
    let (epoch, rest) = lines.next()?.split_once('\n')?;
    let (epoch, parts, payload) = match epoch.parse() {
        Ok(epoch) => {
            let (parts, payload) = rest.split_once('\n')?;
            (epoch, parts.split(';').map(parse_part).collect::<Option<_>>()?, payload)
        }
        Err(_) => (0, Vec::new(), rest),
    };
    Some((boot, Record { candidate, at, epoch, org, parts }, payload.to_owned()))
}

/// Suffix, nanos, tokens, mode, and the seconds in which tokens and requests were counted, with commas between them.
fn parse_part(text: &str) -> Option<Part> {
    let mut fields = text.split(',');
    let suffix = fields.next()?.to_owned();
    let (nanos, tokens) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let mode: u8 = fields.next()?.parse().ok()?;
    let (of_tokens, of_requests) = (fields.next()?.parse().ok(), fields.next()?.parse().ok());
    let counted = of_tokens.map_or(0, |_| OF_TOKENS) + of_requests.map_or(0, |_| OF_REQUESTS);
    let second = of_tokens.or(of_requests).unwrap_or(0);
    Some(Part { suffix, mode: mode + counted, nanos, tokens, second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(suffix: &str, mode: u8, nanos: i64, tokens: i64, second: u32) -> Part {
        Part { suffix: suffix.to_owned(), mode, nanos, tokens, second }
    }

    #[test]
    fn what_is_written_is_read_back_to_the_last_bit() {
        let account = format!("a:{}", Uuid::now_v7().simple());
        let record = Record {
            candidate: 3,
            at: 1_764_000_000_123,
            epoch: 1_764_000_000_000,
            org: "0".repeat(32),
            parts: vec![
                part("k:1", 2 + OF_TOKENS + OF_REQUESTS, (1 << 60) + 1, i64::MAX, 1_764_000_000),
                part("o", 0, 0, 0, 0),
                part(&account, LEFT, 5, 7, 0),
                part(&account, 1, 9, 0, 0),
            ],
        };
        let bytes = record.bytes();
        assert_eq!(Record::parse(&bytes), Some(record.clone()));
        assert_eq!(record.failed(), [(record.account().unwrap(), 7)]);
        for cut in [0, 1, 20, 40, HEAD + 4 * AMOUNTS] {
            assert_eq!(Record::parse(&bytes[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn text_of_a_version_before_is_read() {
        let text =
            "life\n1\n17\norg\n9\nk:1,5,6,2,1700,1700;m:2,0,0,0,,;a:3,4,4,3,,;a:4,7,8,1,,1700\n{\"a\":\n1}";
        let (boot, record, payload) = parse_text(text).unwrap();
        assert_eq!((boot.as_str(), payload.as_str()), ("life", "{\"a\":\n1}"));
        assert_eq!((record.candidate, record.at, record.epoch, record.org.as_str()), (1, 17, 9, "org"));
        let parts = [
            part("k:1", 14, 5, 6, 1700),
            part("m:2", 0, 0, 0, 0),
            part("a:3", LEFT, 4, 4, 0),
            part("a:4", 9, 7, 8, 1700),
        ];
        assert_eq!(record.parts, parts);
    }
}
