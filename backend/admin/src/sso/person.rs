//! Who somebody is, and whether they may come in: from what an issuer says to a member of the organisation.

use super::{Stop, refused};
use crate::{entering, error::ApiError, members::standing, plan};
use causeway_domain::{Role, UserId, sso};
use causeway_openapi::SsoFailureCode as Code;
use causeway_store::{
    TenantTx, memberships, people,
    plans::Counted,
    sign_in_rules,
    sso::{
        domains,
        identities::{self, Known},
        providers::Provider,
    },
    users,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The most groups that are looked at.
const MOST_GROUPS: usize = 1000;

/// What an issuer says about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) subject: String,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
    /// `None` when it says nothing about groups.
    pub(super) groups: Option<Vec<String>>,
}

/// Who was let in.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    pub(super) user: UserId,
    /// Whether they became a member just now.
    pub(super) joined: bool,
    /// Whether the identity was linked just now.
    pub(super) linked: bool,
    /// The role that their groups gave them just now.
    pub(super) new_role: Option<Role>,
}

impl Said {
    /// Reads claims. The one of groups may be a path with dots, such as `realm_access.roles`.
    pub(super) fn read(claims: &Map<String, Value>, groups_claim: &str) -> Self {
        let text = |name: &str| {
            let text = claims.get(name).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty() && is_plain(text)).map(str::to_owned)
        };
        // Some say it as a text.
        let verified = claims.get("email_verified");
        Self {
            subject: text("sub").unwrap_or_default(),
            email: text("email").filter(|email| (3..=254).contains(&email.chars().count())),
            email_verified: verified.is_some_and(|v| v == &Value::Bool(true) || v.as_str() == Some("true")),
            name: text("name").or_else(|| text("preferred_username")),
            groups: groups(claims, groups_claim),
        }
    }

    /// For the audit log.
    pub(super) fn summary(&self) -> Value {
        json!({"subject": self.subject, "email": self.email, "email_verified": self.email_verified, "groups": self.groups})
    }
}

fn groups(claims: &Map<String, Value>, path: &str) -> Option<Vec<String>> {
    let found = claims.get(path).or_else(|| {
        let mut parts = path.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })?;
    match found {
        Value::String(one) if is_plain(one) => Some(vec![one.clone()]),
        Value::Array(many) => Some(
            many.iter()
                .filter_map(Value::as_str)
                .filter(|g| is_plain(g))
                .take(MOST_GROUPS)
                .map(str::to_owned)
                .collect(),
        ),
        _ => None,
    }
}

/// Nothing else can be stored, and nothing else is meant.
fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Links an identity to a member who is signed in.
pub(super) async fn link(
    tx: &mut TenantTx,
    provider: &Provider,
    said: &Said,
    user: UserId,
) -> Result<Admitted, Stop> {
    let known = identities::person(tx, user).await?;
    if !known.is_some_and(|known| !known.disabled && known.role.is_some()) {
        return Err(removed());
    }
    let before = identities::find(tx, &provider.issuer, &said.subject).await?;
    if before.is_some_and(|identity| identity.linked && identity.user != user) {
        return Err(refused(Code::Taken, "This identity already belongs to another person here."));
    }
    let email = said.email.as_deref().unwrap_or_default();
    identities::link(tx, &provider.issuer, &said.subject, user, email).await?;
    Ok(Admitted { user, joined: false, linked: true, new_role: None })
}

/// Lets somebody in.
pub(super) async fn admit(tx: &mut TenantTx, provider: &Provider, said: &Said) -> Result<Admitted, Stop> {
    let groups = said.groups.as_deref().unwrap_or_default();
    let role = provider.role_mapping.role(groups, provider.default_role);
    let identity = identities::find(tx, &provider.issuer, &said.subject).await?;
    let (known, linked) = match &identity {
        Some(identity) if identity.linked => (identities::person(tx, identity.user).await?, false),
        _ => (by_email(tx, said).await?, true),
    };
    let (user, joined) = match known {
        Some(Known { disabled: true, .. }) => return Err(removed()),
        Some(Known { user, role: Some(_), .. }) => (user, false),
        // Was here before, and is not any more.
        _ if identity.is_some() => return Err(removed()),
        _ if !provider.auto_join => {
            return Err(refused(
                Code::Unknown,
                "Nobody here is known by this identity. Ask an administrator of the organisation for an invitation.",
            ));
        }
        other => (join(tx, said, other, role.ok_or_else(no_role)?).await?, true),
    };
    let mut new_role = if joined { role } else { None };
    if !joined && provider.role_mapping.decides() {
        let role = role.ok_or_else(no_role)?;
        new_role = identities::set_role(tx, user, role).await?.then_some(role);
        if new_role.is_some() {
            standing::lose_invitations(tx, user, role).await?;
        }
    }
    let email = said.email.as_deref().unwrap_or_default();
    identities::link(tx, &provider.issuer, &said.subject, user, email).await?;
    Ok(Admitted { user, joined, linked, new_role })
}

/// Who has the e-mail address, if the issuer vouches for it and the organisation has its domain.
async fn by_email(tx: &mut TenantTx, said: &Said) -> Result<Option<Known>, Stop> {
    let not_confirmed = |why: &str| refused(Code::EmailNotConfirmed, why);
    let Some(email) = &said.email else {
        return Err(not_confirmed(
            "Nobody here is known by this identity, and the issuer does not say an e-mail address. If you are a member, \
             sign in as before and link the identity on your profile.",
        ));
    };
    if !said.email_verified {
        return Err(not_confirmed(
            "Nobody here is known by this identity, and the issuer does not vouch for the e-mail address \
             (email_verified). If you are a member, sign in as before and link the identity on your profile.",
        ));
    }
    let own = match sso::email_domain(email) {
        Some(domain) => domains::is_own(tx, &domain).await?,
        None => false,
    };
    if !own {
        return Err(not_confirmed(
            "Nobody here is known by this identity, and the domain of the e-mail address is not a confirmed one of the \
             organisation. If you are a member, sign in as before and link the identity on your profile.",
        ));
    }
    if users::owner_of(tx, email).await?.is_some_and(|owner| !owner.proven) {
        // Whoever made the account may still have its password.
        return Err(not_confirmed(
            "There is an account with your e-mail address, and nobody has shown yet whose it is. Choose a new password by \
             mail (\u{201c}Forgot password\u{201d} on the sign-in page), then come back here.",
        ));
    }
    Ok(identities::person_by_email(tx, email).await?)
}

/// Makes somebody a member, and a person first where there is none.
async fn join(tx: &mut TenantTx, said: &Said, known: Option<Known>, role: Role) -> Result<UserId, Stop> {
    sign_in_rules::lock_organisation(tx).await?;
    if let Some(suspension) = sign_in_rules::suspension(tx).await? {
        let why = entering::suspended_text(&entering::suspended(suspension));
        return Err(refused(Code::Suspended, why));
    }
    let email = said.email.as_deref().unwrap_or_default();
    let user = match known {
        Some(known) if people::was_removed(tx, known.user).await? => return Err(removed()),
        Some(known) => known.user,
        None => {
            let user = UserId(Uuid::now_v7());
            let name = said.name.as_deref().or(email.split('@').next()).unwrap_or(email);
            let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
            identities::make_person(tx, user, email, if name.is_empty() { email } else { &name }).await?;
            users::prove(tx, user).await?;
            user
        }
    };
    memberships::insert(tx, user, role).await?;
    match plan::check(tx, Counted::Members).await {
        Err(ApiError::PlanLimit(why)) => Err(refused(Code::PlanLimit, why)),
        other => other.map(|()| user).map_err(Stop::Failed),
    }
}

fn removed() -> Stop {
    refused(
        Code::Removed,
        "You were removed from this organisation, or locked out. An administrator can invite you again.",
    )
}

fn no_role() -> Stop {
    refused(
        Code::NoRole,
        "None of your groups has a role in this organisation. Its administrators say which ones have.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(claims: &Value, path: &str) -> Said {
        Said::read(claims.as_object().unwrap(), path)
    }

    #[test]
    fn groups_are_found_wherever_an_issuer_keeps_them() {
        let nested = json!({"sub": "1", "realm_access": {"roles": ["a", 7, "b"]}, "cognito:groups": "one"});
        assert_eq!(said(&nested, "realm_access.roles").groups, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(said(&nested, "cognito:groups").groups, Some(vec!["one".to_owned()]));
        assert_eq!(said(&nested, "groups").groups, None);
        let url = json!({"https://example.com/groups": ["a"]});
        assert_eq!(said(&url, "https://example.com/groups").groups, Some(vec!["a".to_owned()]));
    }

    #[test]
    fn an_address_is_verified_only_where_the_issuer_says_so() {
        for (claim, verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("yes"), false),
            (json!(1), false),
            (Value::Null, false),
        ] {
            let claims = json!({"sub": "1", "email": "ada@example.com", "email_verified": claim});
            let said = said(&claims, "groups");
            assert_eq!(said.email_verified, verified, "{claim}");
        }
        assert!(!said(&json!({"sub": "1", "email": "ada@example.com"}), "groups").email_verified);
    }
}
