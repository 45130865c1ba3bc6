//! What the readers and writers of answers share.

use std::borrow::Cow;

use super::{Answer, Restore, StopReason, Usage};
use crate::error::UpstreamError;
use crate::meter::reports::Reports;
use crate::scan::Members;

/// The members of a response body.
pub(crate) fn body(body: &[u8]) -> Result<Members<'_>, UpstreamError> {
    std::str::from_utf8(body).ok().and_then(Members::read).ok_or_else(unreadable)
}

/// The upstream sent something that is no answer in its dialect.
pub(crate) fn unreadable() -> UpstreamError {
    UpstreamError::new("unreadable", "the upstream's answer could not be read")
}

/// The answer's id as the client gets it: the upstream's or, where it told none, the request's, in the client's form.
pub(crate) fn id(upstream: Option<&str>, prefix: &str, restore: &Restore) -> String {
    let own = upstream.filter(|id| !id.is_empty()).unwrap_or(&restore.request_id);
    let stem = ["msg_", "chatcmpl-", "resp_"].into_iter().find_map(|known| own.strip_prefix(known));
    format!("{prefix}{}", stem.unwrap_or(own))
}

impl Usage {
    /// What a dialect's figures amount to.
    pub(crate) fn of(figures: &impl Reports) -> Self {
        Self { counts: figures.counts(), tier: figures.service_tier().map(str::to_owned) }
    }

    /// One usage object of a dialect.
    pub(crate) fn read<F: Reports>(json: &str) -> Self {
        let mut figures = F::default();
        figures.usage(json);
        Self::of(&figures)
    }
}

impl Answer<'_> {
    /// The end as the parts make it: calls wait for results whatever the upstream calls it, and a refusal is one.
    pub(crate) fn settle_stop(&mut self) {
        use super::Part;
        let stop = self.stop.unwrap_or(StopReason::EndTurn);
        let any = |wanted: fn(&Part<'_>) -> bool| self.parts.iter().any(wanted);
        self.stop = Some(match stop {
            StopReason::EndTurn | StopReason::Other if any(|part| matches!(part, Part::ToolUse(_))) => {
                StopReason::ToolUse
            }
            StopReason::EndTurn if any(|part| matches!(part, Part::Refusal(_))) => StopReason::Refusal,
            stop => stop,
        });
    }
}

/// A name of our own for a part of the answer, the same whenever it is asked for.
pub(crate) fn part_id(prefix: &str, stem: &str, index: usize) -> Cow<'static, str> {
    Cow::Owned(format!("{prefix}_{:016x}{index:02x}", super::ids::hash(&[stem])))
}
