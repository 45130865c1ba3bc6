//! The rules for coming in.

use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::Body,
    guard::{May, right},
    join::register::rule,
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_openapi::{RegistrationRule, SignInRules, UpdateSignInRules};
use causeway_store::{
    sign_in_rules::{self, Registration, SignInRules as Stored},
    sso::domains,
};
use serde_json::json;

/// Domains where anybody gets an address: naming one would let everybody in.
const PUBLIC: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "foxmail.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sina.com",
    "sohu.com",
    "web.de",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
];

/// Read the rules for coming in
///
/// Who may register, and what signing in takes.
#[utoipa::path(
    get, path = "/organization/sign-in", tag = "organization", operation_id = "getSignInRules",
    responses((status = 200, description = "The rules", body = SignInRules), docs::Guarded, docs::Failures)
)]
pub(crate) async fn get(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationRead>,
) -> Result<Json<SignInRules>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    Ok(Json(shown(&sign_in_rules::get(&mut tx, false).await?)))
}

/// Change the rules for coming in
///
/// Changes what is present and leaves the rest. Registration is closed unless it is opened here; closing it makes every
/// registration link worthless until it is opened again. Where the rule is `domain`, each domain must be one that the
/// operator has confirmed to be the organisation's (`POST /sso/domains`).
#[utoipa::path(
    patch, path = "/organization/sign-in", tag = "organization", operation_id = "updateSignInRules",
    request_body = UpdateSignInRules,
    responses(
        (status = 200, description = "The rules as they are now", body = SignInRules),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn update(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::OrganizationWrite>,
    Body(input): Body<UpdateSignInRules>,
) -> Result<Json<SignInRules>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let mut rules = sign_in_rules::get(&mut tx, true).await?;
    let before = shown(&rules);
    let own = domains::list(&mut tx).await?;
    let own = own.into_iter().filter(|d| d.confirmed_at.is_some()).map(|d| d.domain).collect::<Vec<_>>();
    apply(&mut rules, input, state.mailer.is_some(), &own)?;
    let after = shown(&rules);
    if after != before {
        sign_in_rules::set(&mut tx, &rules).await?;
        let target = ("organization", Some(caller.org().0));
        let lines = (Some(json!(before)), Some(json!(after)));
        caller.record(&mut tx, "organization.sign_in_rules", target, lines.0, lines.1).await?;
    }
    state.commit(tx).await?;
    Ok(Json(after))
}

fn shown(rules: &Stored) -> SignInRules {
    SignInRules {
        registration: rule(rules.registration),
        registration_domains: rules.domains.clone(),
        require_totp: rules.require_totp,
    }
}

fn apply(rules: &mut Stored, input: UpdateSignInRules, mails: bool, own: &[String]) -> Result<(), ApiError> {
    let mut check = Check::default();
    let (rule_before, named_before) = (rules.registration, rules.domains.clone());
    if let Some(domains) = input.registration_domains {
        rules.domains = checked_domains(&mut check, &domains);
    }
    if let Some(rule) = input.registration {
        rules.registration = match rule {
            RegistrationRule::Closed => Registration::Closed,
            RegistrationRule::Domain => Registration::Domain,
            RegistrationRule::Approval => Registration::Approval,
        };
    }
    if let Some(required) = input.require_totp {
        rules.require_totp = required;
    }
    if rules.registration == Registration::Domain {
        let message =
            "must be approval or closed: this installation sends no mail, so no address can be confirmed";
        check.require(mails, "registration", message);
        let message = "must name at least one domain, where the rule is domain";
        check.require(!rules.domains.is_empty(), "registration_domains", message);
        // Whoever reads the mail of a domain comes in unasked: it must be the organisation's. What was so before is not in
        // the way of other changes; it lets nobody in until it is confirmed.
        let changed = rule_before != rules.registration || named_before != rules.domains;
        if changed && let Some(other) = rules.domains.iter().find(|domain| !own.contains(domain)) {
            let message = format!(
                "must have domains that the operator has confirmed to be this organisation's; {other} is none. Add it under \
                 single sign-on and ask the operator, or let the rule be approval"
            );
            check.refuse("registration_domains", message);
        }
    }
    check.done()
}

fn checked_domains(check: &mut Check, domains: &[String]) -> Vec<String> {
    let field = "registration_domains";
    check.require(domains.len() <= 20, field, "must have at most 20 domains");
    let mut good: Vec<String> = Vec::new();
    for domain in domains {
        let domain = domain.trim().trim_start_matches('@').to_lowercase();
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if domain.len() > 253 || !domain.contains('.') || !domain.split('.').all(label) {
            check.refuse(field, "must have domains such as example.com");
        } else if PUBLIC.contains(&domain.as_str()) {
            check.refuse(
                field,
                format!("must not have {domain}, where anybody gets an address; use approval instead"),
            );
        } else if !good.contains(&domain) {
            good.push(domain);
        }
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(domains: &[&str]) -> Result<Vec<String>, String> {
        let mut check = Check::default();
        let domains: Vec<_> = domains.iter().map(|d| (*d).to_owned()).collect();
        let good = checked_domains(&mut check, &domains);
        check.done().map(|()| good).map_err(|e| e.to_string())
    }

    #[test]
    fn domains_are_read_as_people_write_them_and_public_ones_are_refused() {
        assert_eq!(
            fields(&["@Example.com", "example.com ", "a.example.org"]).unwrap(),
            ["example.com", "a.example.org"]
        );
        assert!(fields(&["Gmail.com"]).unwrap_err().contains("approval"));
        for bad in ["localhost", "a..b", "-a.com", "a b.com", "", "ada@example.com"] {
            assert!(fields(&[bad]).is_err(), "{bad}");
        }
    }
}
