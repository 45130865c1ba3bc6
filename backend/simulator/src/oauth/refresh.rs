//! Refreshing, and finding out who does it twice.

use std::sync::Arc;

use chrono::Utc;

use super::{State, body::Fields};
use crate::{Shared, bearer::Bearers, endpoint::Answer};

/// A refresh token that was handed out once.
pub(super) struct Refresh {
    pub(super) grant: usize,
    /// Another one has taken its place.
    pub(super) used: bool,
}

/// The place of the grant to refresh, or why not.
pub(super) fn refresh(state: &mut State, bearers: &Bearers, fields: &Fields) -> Result<usize, Answer> {
    let refused = |why: &str| Err(Answer::refused(400, "invalid_grant", why));
    let Some(Refresh { grant: at, used }) = state.refreshes.get(&fields.refresh_token) else {
        return refused("Refresh token not found or invalid");
    };
    let (at, used) = (*at, *used);
    let report = &mut state.grants[at].report;
    if report.client_id != fields.client_id {
        return refused("The refresh token was issued to another client");
    }
    if report.dead.is_some() {
        report.refused += 1;
        report.reuses += u64::from(used);
        return refused("The grant has been revoked");
    }
    if used {
        report.reuses += 1;
        let id = report.id.clone();
        state.kill(bearers, &id, "a refresh token was used twice");
        return refused("Refresh token was used before; the grant has been revoked");
    }
    report.refreshes += 1;
    report.refreshed_at = Some(Utc::now());
    Ok(at)
}

/// Counts a refresh as under way while it lives, slow answers included.
pub(super) struct UnderWay {
    shared: Arc<Shared>,
    grant: usize,
}

impl UnderWay {
    pub(super) fn begin(shared: &Arc<Shared>, fields: &Fields) -> Option<Self> {
        let mut state = shared.oauth.lock();
        let at = state.refreshes.get(&fields.refresh_token)?.grant;
        let grant = &mut state.grants[at];
        grant.under_way += 1;
        grant.report.at_once = grant.report.at_once.max(grant.under_way);
        Some(Self { shared: Arc::clone(shared), grant: at })
    }

    /// The account that it is about.
    pub(super) fn account(&self) -> String {
        self.shared.oauth.lock().grants[self.grant].report.account.clone()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.oauth.lock().grants[self.grant].under_way -= 1;
    }
}
