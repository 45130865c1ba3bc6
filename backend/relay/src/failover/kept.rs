//! The way of a request under way, which is written down however its sending ends: with an answer, with a refusal, or
//! because nobody waits for either any longer.

use super::Sending;
use crate::{
    error::RelayError,
    identify,
    trail::{LEFT, Refusal, Trail},
};
use causeway_accounts::rules::Row;
use std::ops::{Deref, DerefMut};

/// A trail that cannot be forgotten.
pub(super) struct Kept<'a> {
    sending: &'a Sending<'a>,
    trail: Trail,
    /// The account's own refusal that went to the caller for want of another account.
    passed_on: Option<(u16, Row)>,
    written: bool,
}

impl<'a> Kept<'a> {
    /// With the accounts that were passed over from the start.
    pub(super) fn new(sending: &'a Sending<'a>) -> Self {
        Self { sending, trail: Trail::of(sending.plan), passed_on: None, written: false }
    }

    /// An account's refusal goes to the caller, because no other account is left.
    pub(super) fn passes_on(&mut self, status: u16, row: Row) {
        self.passed_on = Some((status, row));
    }

    /// Writes down how it ended: with an answer where there is no refusal.
    pub(super) fn tell(mut self, refusal: Option<&RelayError>) {
        let passed_on = self.passed_on.map(|(status, row)| Refusal {
            status,
            code: row.as_str(),
            message: String::new(),
        });
        self.write(refusal.map(Refusal::from).or(passed_on));
    }

    fn write(&mut self, refusal: Option<Refusal<'_>>) {
        self.written = true;
        if !self.trail.is_empty() {
            let Sending { relay, caller, call, id, .. } = self.sending;
            relay.explain(&self.trail, *id, caller, call, refusal);
        }
    }
}

impl Deref for Kept<'_> {
    type Target = Trail;

    fn deref(&self) -> &Trail {
        &self.trail
    }
}

impl DerefMut for Kept<'_> {
    fn deref_mut(&mut self) -> &mut Trail {
        &mut self.trail
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if self.written || self.trail.is_empty() {
            return;
        }
        self.trail.left(self.sending.call.received);
        match self.sending.halted.is_cancelled() {
            true => self.write(Some((&identify::suspended()).into())),
            // It was told nothing.
            false => self.write(Some(Refusal { status: 0, code: LEFT, message: String::new() })),
        }
    }
}
