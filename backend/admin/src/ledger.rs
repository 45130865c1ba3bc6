//! The ledger as people see it: how far it is behind, and what could not be written. Counts of the whole installation are
//! for those who run it; an organisation learns how far behind its own usage is, and of its own dead letters.

pub(crate) mod dead_letters;
pub(crate) mod export;
pub(crate) mod get;

use causeway_openapi::DeadLetter;
use causeway_store::dead_letters::DeadLetter as Stored;

/// As the API shows it.
pub(crate) fn view(letter: Stored) -> DeadLetter {
    DeadLetter { request_id: letter.request, error: letter.error, at: letter.at, event: letter.event }
}
