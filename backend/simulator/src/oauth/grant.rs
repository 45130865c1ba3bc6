//! Grants: what somebody consented to, the tokens that came of it, and what is counted about them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{OAuthAccount, OAuthTerms, Rotation, State, refresh::Refresh};
use crate::{
    bearer::{Bearers, Holder, Realm},
    issuer::random,
};

/// What the issuer knows about one grant.
#[derive(Clone, Debug, Serialize)]
pub struct GrantReport {
    /// Its name, as the ledger has it.
    pub id: String,
    /// The account.
    pub account: String,
    /// To whom it was given.
    pub client_id: String,
    /// As asked for.
    pub scope: String,
    /// How it came about.
    pub means: Means,
    /// When.
    pub at: DateTime<Utc>,
    /// Why it is dead; none while it lives.
    pub dead: Option<&'static str>,
    /// Refreshes that brought an access token.
    pub refreshes: u64,
    /// When the last of them was.
    pub refreshed_at: Option<DateTime<Utc>>,
    /// Refresh tokens that were used again. Each is somebody who refreshed what somebody else was refreshing.
    pub reuses: u64,
    /// Refreshes refused because it was dead already.
    pub refused: u64,
    /// The most refreshes that were under way at one time.
    pub at_once: u64,
}

/// How a grant came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A code, by way of the browser.
    Code,
    /// A device's code.
    Device,
    /// By the test itself.
    Given,
}

/// What the client holds.
#[derive(Clone, Debug, Serialize)]
pub struct OAuthTokens {
    /// Of which grant.
    pub grant: String,
    /// For the Messages endpoints, as `Authorization: Bearer`.
    pub access: String,
    /// For the token endpoint; none where the answer has none.
    pub refresh: Option<String>,
    /// Life of the access token.
    pub seconds: u64,
}

pub(super) struct Grant {
    pub(super) report: GrantReport,
    /// The refresh token that is good.
    pub(super) current: Option<String>,
    pub(super) under_way: u64,
}

impl State {
    /// A new grant; its place.
    pub(super) fn begin(&mut self, account: &str, client_id: &str, scope: &str, means: Means) -> usize {
        let report = GrantReport {
            id: format!("grant-{}", &random()[..12]),
            account: account.to_owned(),
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            means,
            at: Utc::now(),
            dead: None,
            refreshes: 0,
            refreshed_at: None,
            reuses: 0,
            refused: 0,
            at_once: 0,
        };
        self.grants.push(Grant { report, current: None, under_way: 0 });
        self.grants.len() - 1
    }

    /// A new access token, and a refresh token by the rules of rotation.
    pub(super) fn tokens(&mut self, bearers: &Bearers, at: usize) -> OAuthTokens {
        let OAuthTerms { access_seconds: seconds, rotation, .. } = self.terms;
        let grant = &mut self.grants[at];
        let GrantReport { id, account, .. } = &grant.report;
        let access = format!("sim-oat-{}", random());
        let life = Duration::from_secs(seconds);
        bearers.issue(&access, Holder::new(Realm::Account, account, Some(id), life));
        let refresh = match (&grant.current, rotation) {
            (Some(_), Rotation::Silent) => None,
            (Some(current), Rotation::Same) => Some(current.clone()),
            (old, _) => {
                if let Some(used) = old.as_ref().and_then(|old| self.refreshes.get_mut(old)) {
                    used.used = true;
                }
                let fresh = format!("sim-ort-{}", random());
                self.refreshes.insert(fresh.clone(), Refresh { grant: at, used: false });
                grant.current = Some(fresh.clone());
                Some(fresh)
            }
        };
        OAuthTokens { grant: id.clone(), access, refresh, seconds }
    }

    /// Nothing of this grant is good any more.
    pub(super) fn kill(&mut self, bearers: &Bearers, grant: &str, why: &'static str) {
        let found = self.grants.iter_mut().find(|known| known.report.id == grant);
        if let Some(found) = found.filter(|found| found.report.dead.is_none()) {
            found.report.dead = Some(why);
            bearers.revoke(grant);
        }
    }

    pub(super) fn account(&self, id: &str) -> Option<&OAuthAccount> {
        self.accounts.iter().find(|account| account.id == id || account.email == id)
    }
}
