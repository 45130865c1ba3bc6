//! Filling in the form of a registration link.

use super::{hash, locale};
use crate::{
    auth::{cookie, pace::network},
    check::Check,
    docs,
    error::{ApiError, BadLink},
    extract::Body,
    mail::words::{self, Language},
    members::standing,
    origin::Origin,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{Register, Registered, RegistrationRule, RegistrationState};
use causeway_store::{
    TenantTx, organisations,
    registration::{
        self, Link,
        requests::{self, NewRequest},
    },
    sign_in_rules::{self, Registration, SignInRules},
    sso::domains,
    throttle::{self, Pace},
};
use chrono::{Duration, Utc};
use http::StatusCode;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// For one network, whoever it registers. A class room shares one.
const PACE: Pace = Pace { free: 60, longest: 300 };
/// For one e-mail address: how many codes it is sent.
const MAILS: Pace = Pace { free: 5, longest: 3600 };
/// For which a mailed code is good.
const CODE_MINUTES: i64 = 30;
/// For which an administrator may take to decide.
const WAITING_DAYS: i64 = 30;

/// Register
///
/// Where the organisation's rule is `domain`, a code is mailed to the address, and `POST /join/registration/finish` makes
/// a member of whoever has it. Where it is `approval`, an administrator decides first. The answer is the same whether or
/// not the address has an account.
#[utoipa::path(
    post, path = "/join/registration", tag = "join", operation_id = "register", security(()),
    request_body = Register,
    responses(
        (status = 202, description = "Begun", body = Registered),
        docs::Link, docs::Forbidden, docs::Clash, docs::Throttle, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    origin: Origin,
    Body(input): Body<Register>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    let db = &state.store.app;
    let token_hash = hash(&input.token);
    let org = registration::organisation(db, &token_hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    let mut tx = TenantTx::begin(db, org, None).await?;
    let (link, rules) = open(&mut tx, &token_hash).await?;
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    let email = check.email("email", &input.email);
    check.password("password", input.password.expose(), &[&email, &name]);
    let by_domain = rules.registration == Registration::Domain;
    let domains = confirmed_domains(&mut tx, &rules).await?;
    if by_domain && !belongs(&email, &domains) {
        check.refuse("email", format!("must be an address at {}", domains.join(" or ")));
    }
    check.done()?;
    if !by_domain && requests::count_waiting(&mut tx, link.id).await? >= i64::from(link.max_uses - link.used)
    {
        return Err(ApiError::Link(BadLink::Used));
    }
    let organization = organisations::get(&mut tx, false).await?.name;
    drop(tx);

    let address = origin.address_text();
    let mut subjects = vec![(format!("register:{}", network(origin.address)), PACE)];
    if by_domain {
        let digest = hex::encode(&Sha256::digest(email.to_lowercase())[..16]);
        subjects.push((format!("register-mail:{digest}"), MAILS));
    }
    for (subject, pace) in subjects {
        throttle::attempt(db, &subject, pace).await?.map_err(|seconds| ApiError::Throttled { seconds })?;
    }
    let password_hash = state.passwords.hash(input.password.expose()).await?;
    let (claim, claim_hash) = cookie::new_token();
    let code = by_domain.then(|| format!("{:08}", rand::random_range(0..100_000_000_u32)));
    let good_for = if by_domain { Duration::minutes(CODE_MINUTES) } else { Duration::days(WAITING_DAYS) };
    let new = NewRequest {
        id: Uuid::now_v7(),
        link: link.id,
        email: &email,
        name: &name,
        password_hash: &password_hash,
        locale: locale(input.locale.as_deref()),
        claim_hash,
        code_hash: code.as_deref().map(|code| hash_code(code, &claim)),
        address: &address,
        expires_at: Utc::now() + good_for,
    };
    let mut tx = TenantTx::begin(db, org, None).await?;
    requests::insert(&mut tx, &new).await?;
    if let Some(code) = &code {
        mail(&state, &new, &organization, code)?;
    }
    state.commit(tx).await?;
    let state = if by_domain { RegistrationState::Confirming } else { RegistrationState::Waiting };
    Ok((StatusCode::ACCEPTED, Json(Registered { claim: claim.into(), state })))
}

/// Mails the code; without one nobody could go on, so that fails.
fn mail(state: &AdminState, new: &NewRequest<'_>, organization: &str, code: &str) -> Result<(), ApiError> {
    let mailer = state.mailer.as_ref().ok_or_else(|| {
        ApiError::Conflict(
            "this installation sends no mail, so no address can be confirmed; ask to be invited".to_owned(),
        )
    })?;
    let letter = words::confirm_address(Language::of(new.locale), organization, code, CODE_MINUTES);
    if mailer.send(new.email, &letter) { Ok(()) } else { Err(ApiError::Throttled { seconds: 60 }) }
}

/// The link and the rules, if people may come in by it at this moment.
pub(super) async fn open(tx: &mut TenantTx, hash: &[u8; 32]) -> Result<(Link, SignInRules), ApiError> {
    let link = registration::shown(tx, hash).await?.ok_or(ApiError::Link(BadLink::Unknown))?;
    let rules = sign_in_rules::get(tx, false).await?;
    check_open(&link, &rules)?;
    standing::check_served(tx).await?;
    Ok((link, rules))
}

/// The domains of the rule that are the organisation's: those that it has named alone count for nothing, and one whose
/// confirmation was taken back lets nobody in any more.
pub(super) async fn confirmed_domains(
    tx: &mut TenantTx,
    rules: &SignInRules,
) -> Result<Vec<String>, ApiError> {
    let mut domains = rules.domains.clone();
    if rules.registration == Registration::Domain {
        let own = domains::list(tx).await?;
        domains.retain(|name| own.iter().any(|d| d.domain == *name && d.confirmed_at.is_some()));
        if domains.is_empty() {
            return Err(ApiError::Link(BadLink::Revoked));
        }
    }
    Ok(domains)
}

/// Whether people may come in by a link at this moment.
pub(super) fn check_open(link: &Link, rules: &SignInRules) -> Result<(), ApiError> {
    if link.closed_at.is_some() || rules.registration == Registration::Closed {
        return Err(ApiError::Link(BadLink::Revoked));
    }
    if link.expires_at <= Utc::now() {
        return Err(ApiError::Link(BadLink::Expired));
    }
    if link.used >= link.max_uses {
        return Err(ApiError::Link(BadLink::Used));
    }
    Ok(())
}

/// Whether an address is of one of these domains. A domain's subdomains are others.
pub(super) fn belongs(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    domain.is_some_and(|domain| domains.contains(&domain))
}

/// What is stored of a code. The claim is not stored, so that its random bits protect the few of the code.
pub(super) fn hash_code(code: &str, claim: &str) -> [u8; 32] {
    Sha256::digest(format!("{claim}:{code}")).into()
}

/// As the API names the rule.
pub(crate) fn rule(rule: Registration) -> RegistrationRule {
    match rule {
        Registration::Closed => RegistrationRule::Closed,
        Registration::Domain => RegistrationRule::Domain,
        Registration::Approval => RegistrationRule::Approval,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_its_own_domain_and_to_no_lookalike() {
        let domains = ["example.com".to_owned()];
        assert!(belongs("Ada@Example.COM", &domains));
        for other in ["ada@sub.example.com", "ada@example.com.evil.test", "ada@notexample.com", "example.com"]
        {
            assert!(!belongs(other, &domains), "{other}");
        }
    }
}
