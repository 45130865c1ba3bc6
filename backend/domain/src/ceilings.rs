//! What members may give their own keys. Checked when a member writes a key, and again at every request, so that a key
//! from before cannot exceed what was tightened since.

use crate::{
    AccountId, Limits, PoolId, Role,
    limits::BadLimit,
    model::{ModelPolicy, glob_matches, is_pattern},
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The most days that a key may be required to end within.
pub const MAX_DAYS: u32 = crate::expiry::MAX_DAYS;

/// What members may give their own keys. What is absent is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ceilings {
    /// Keys a member may have, deleted ones not counted. Zero lets members issue none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<u32>,
    /// The highest of each limit. A key without a limit has the ceiling's.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// The models that keys may use; a key's own lists hold beside it.
    #[serde(skip_serializing_if = "ModelPolicy::is_open")]
    pub models: ModelPolicy,
    /// Within how many days a key must end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_within_days: Option<u32>,
    /// The accounts that may serve keys; empty is any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountId>,
    /// The pools that keys may name; a key that names none uses these. Empty is any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolId>,
}

/// What a key is given, as far as ceilings bound it.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Limits.
    pub limits: &'a Limits,
    /// Models.
    pub models: &'a ModelPolicy,
    /// The account it is bound to.
    pub account: Option<AccountId>,
    /// The pools that it names.
    pub pools: &'a [PoolId],
    /// When it ends, first uses left aside.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A field that is above its ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Path within the key, such as `limits.usd.day`.
    pub field: String,
    /// What is accepted.
    pub allowed: String,
}

impl Ceilings {
    /// Whether they bound the keys of somebody with this role; `None` is somebody who is no longer a member.
    pub fn bound(role: Option<Role>) -> bool {
        role.is_none_or(|role| role <= Role::Member)
    }

    /// Whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every figure. A count of zero is allowed: members then issue no keys.
    pub fn validate(&self) -> Result<(), BadLimit> {
        if self.expires_within_days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
            return Err(BadLimit {
                field: "expires_within_days".to_owned(),
                problem: "must be between 1 and 3650",
            });
        }
        self.limits.validate().map_err(|bad| BadLimit { field: format!("limits.{}", bad.field), ..bad })
    }

    /// Everything of a key that is above its ceiling. A limit or a list of models that the key does not have is not:
    /// the ceiling's own holds then.
    pub fn exceeded_by(&self, terms: &Terms<'_>, now: DateTime<Utc>) -> Vec<Exceeded> {
        let mut found = Vec::new();
        self.limits_exceeded(terms.limits, &mut found);
        self.models_exceeded(terms.models, &mut found);
        if let Some(account) = terms.account
            && !self.accounts.is_empty()
            && !self.accounts.contains(&account)
        {
            note(&mut found, "account_id", "must be an account that members' keys may be bound to");
        }
        if !self.pools.is_empty() && terms.pools.iter().any(|pool| !self.pools.contains(pool)) {
            note(&mut found, "pool_ids", "must be pools that members' keys may name");
        }
        if let Some(days) = self.expires_within_days {
            let last = now + Duration::days(days.into());
            if terms.expires_at.is_none_or(|end| end > last) {
                note(&mut found, "expires_at", format!("must be set, and at most {days} days from now"));
            }
        }
        found
    }

    fn limits_exceeded(&self, own: &Limits, found: &mut Vec<Exceeded>) {
        let most = &self.limits;
        above(found, "requests_per_minute", own.requests_per_minute, most.requests_per_minute);
        above(found, "tokens_per_minute", own.tokens_per_minute, most.tokens_per_minute);
        above(found, "concurrency", own.concurrency, most.concurrency);
        for kind in crate::window::WindowKind::ALL {
            above(found, &format!("usd.{kind}"), own.usd.get(kind), most.usd.get(kind));
            above(found, &format!("tokens.{kind}"), own.tokens.get(kind), most.tokens.get(kind));
            above(found, &format!("requests.{kind}"), own.requests.get(kind), most.requests.get(kind));
        }
        let queue = |get: fn(&crate::limits::Queue) -> u32| {
            (own.queue.as_ref().map(get), most.queue.as_ref().map(get))
        };
        let ((length, longest), (wait, patience)) = (queue(|q| q.length), queue(|q| q.wait_seconds));
        above(found, "queue.length", length, longest);
        above(found, "queue.wait_seconds", wait, patience);
    }

    fn models_exceeded(&self, own: &ModelPolicy, found: &mut Vec<Exceeded>) {
        // A star of the key's pattern is matched only by a star of the ceiling's, which then takes whatever it stands
        // for: no pattern passes that could mean more.
        let covered = |pattern: &str| {
            let allow = &self.models.allow;
            (allow.is_empty() || allow.iter().any(|outer| glob_matches(outer, pattern)))
                && (is_pattern(pattern) || !self.models.deny.iter().any(|deny| glob_matches(deny, pattern)))
        };
        if let Some(pattern) = own.allow.iter().find(|pattern| !covered(pattern)) {
            let mut allowed = match self.models.allow.as_slice() {
                [] => "any".to_owned(),
                some => some.join(", "),
            };
            if !self.models.deny.is_empty() {
                allowed = format!("{allowed}, but not {}", self.models.deny.join(", "));
            }
            note(found, "models.allow", format!("{pattern:?} is not among the models allowed: {allowed}"));
        }
    }
}

fn above<T: Ord + Display>(found: &mut Vec<Exceeded>, field: &str, own: Option<T>, most: Option<T>) {
    if let (Some(own), Some(most)) = (own, most)
        && own > most
    {
        note(found, &format!("limits.{field}"), format!("must be at most {most}"));
    }
}

fn note(found: &mut Vec<Exceeded>, field: &str, allowed: impl Into<String>) {
    found.push(Exceeded { field: field.to_owned(), allowed: allowed.into() });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(ceilings: &Ceilings, limits: &str, allow: &[&str], expires_at: Option<&str>) -> Vec<String> {
        let limits = serde_json::from_str(limits).unwrap();
        let models = ModelPolicy { allow: allow.iter().map(|p| (*p).to_owned()).collect(), deny: Vec::new() };
        let expires_at = expires_at.map(|at| at.parse().unwrap());
        let terms = Terms { limits: &limits, models: &models, account: None, pools: &[], expires_at };
        let now = "2027-01-01T00:00:00Z".parse().unwrap();
        ceilings.exceeded_by(&terms, now).into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn each_limit_above_its_ceiling_is_named_and_an_absent_one_is_not() {
        let ceilings: Ceilings = serde_json::from_str(
            r#"{"limits":{"requests_per_minute":60,"usd":{"day":"5"},"tokens":{"total":1000}}}"#,
        )
        .unwrap();
        assert!(fields(&ceilings, "{}", &[], None).is_empty());
        assert!(fields(&ceilings, r#"{"requests_per_minute":60,"usd":{"day":"5"}}"#, &[], None).is_empty());
        let above = r#"{"requests_per_minute":61,"usd":{"day":"5.01","week":"9"},"tokens":{"total":1001}}"#;
        let named = fields(&ceilings, above, &[], None);
        assert_eq!(named, ["limits.requests_per_minute", "limits.usd.day", "limits.tokens.total"]);
    }

    #[test]
    fn models_ends_and_accounts_are_bounded() {
        let ceilings: Ceilings = serde_json::from_str(
            r#"{"models":{"allow":["claude-*"],"deny":["*opus*"]},"expires_within_days":30}"#,
        )
        .unwrap();
        let end = Some("2027-01-30T00:00:00Z");
        assert!(fields(&ceilings, "{}", &["claude-haiku-*"], end).is_empty());
        assert_eq!(fields(&ceilings, "{}", &["claude-haiku-5", "gpt-*"], end), ["models.allow"]);
        assert_eq!(fields(&ceilings, "{}", &["claude-opus-5"], end), ["models.allow"]);
        assert_eq!(fields(&ceilings, "{}", &["*"], end), ["models.allow"]);
        assert_eq!(fields(&ceilings, "{}", &[], None), ["expires_at"]);
        assert_eq!(fields(&ceilings, "{}", &[], Some("2027-02-01T00:00:00Z")), ["expires_at"]);
        let accounts = Ceilings { accounts: vec![AccountId(uuid::Uuid::nil())], ..Default::default() };
        let (limits, models) = (Limits::default(), ModelPolicy::default());
        let other = Some(AccountId(uuid::Uuid::max()));
        let terms = Terms { limits: &limits, models: &models, account: other, pools: &[], expires_at: None };
        assert_eq!(accounts.exceeded_by(&terms, Utc::now())[0].field, "account_id");
    }

    #[test]
    fn ceilings_bound_members_and_those_who_left_but_no_administrator() {
        assert!(
            Ceilings::bound(Some(Role::Member))
                && Ceilings::bound(Some(Role::Viewer))
                && Ceilings::bound(None)
        );
        assert!(!Ceilings::bound(Some(Role::Admin)) && !Ceilings::bound(Some(Role::Owner)));
    }

    proptest! {
        #[test]
        fn a_pattern_that_passes_means_no_model_that_the_ceiling_does_not(
            outer in "[ab*]{1,6}", inner in "[ab*]{1,6}", name in "[ab]{0,8}"
        ) {
            let ceilings = Ceilings {
                models: ModelPolicy { allow: vec![outer.clone()], deny: Vec::new() },
                ..Default::default()
            };
            let passes = fields(&ceilings, "{}", &[&inner], None).is_empty();
            prop_assert!(!passes || !glob_matches(&inner, &name) || glob_matches(&outer, &name));
        }
    }
}
