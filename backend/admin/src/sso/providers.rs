//! Adding, changing, trying and removing issuers.

use super::{Stop, issuer::Issuer, place, view};
use crate::{
    check::Check,
    docs,
    error::ApiError,
    extract::{Body, Place},
    guard::{May, right},
    state::AdminState,
};
use axum::{Json, extract::State};
use causeway_domain::{
    OrgId,
    sso::{GroupRole, RoleMapping},
};
use causeway_openapi::{SetSsoProvider, SsoProvider, SsoTest};
use causeway_store::{
    TenantTx,
    sso::{
        self,
        providers::{self, Provider},
    },
};
use chrono::Utc;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

/// Add an issuer
///
/// The answer has the callback address that the issuer has to know. Where the issuer only gives a client id to who has
/// one, add it without and not enabled first.
#[utoipa::path(
    post, path = "/sso/providers", tag = "sso", operation_id = "createSsoProvider", request_body = SetSsoProvider,
    responses(
        (status = 201, description = "The issuer", body = SsoProvider),
        docs::Input, docs::Guarded, docs::Failures
    )
)]
pub(crate) async fn create(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Body(input): Body<SetSsoProvider>,
) -> Result<(StatusCode, Json<SsoProvider>), ApiError> {
    let provider = apply(&state, caller.org(), Uuid::now_v7(), None, &input)?;
    let mut tx = caller.begin(&state).await?;
    providers::insert(&mut tx, &provider, caller.user.id).await?;
    let made = view(&state, &providers::get(&mut tx, provider.id).await?);
    let target = ("sso_provider", Some(made.id));
    caller.record(&mut tx, "sso_provider.create", target, None, Some(json!(made))).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Change an issuer
///
/// Sets everything anew, except a client secret that is absent. Another issuer needs its secret entered again: a secret is
/// only ever sent where it was meant for. In force from the next sign-in on.
#[utoipa::path(
    put, path = "/sso/providers/{id}", tag = "sso", operation_id = "replaceSsoProvider",
    params(("id" = Uuid, Path, description = "Identifier of the provider")),
    request_body = SetSsoProvider,
    responses(
        (status = 200, description = "The issuer as it is now", body = SsoProvider),
        docs::Input, docs::Guarded, docs::Missing, docs::Clash, docs::Failures
    )
)]
pub(crate) async fn replace(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Place(id): Place<Uuid>,
    Body(input): Body<SetSsoProvider>,
) -> Result<Json<SsoProvider>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = providers::get(&mut tx, id).await?;
    let provider = apply(&state, caller.org(), id, Some(&before), &input)?;
    providers::update(&mut tx, &provider).await?;
    keep_a_way_in(&mut tx).await?;
    let after = view(&state, &providers::get(&mut tx, id).await?);
    let mut shown = json!(after);
    shown["secret_changed"] = json!(before.client_secret != provider.client_secret);
    let was = Some(json!(view(&state, &before)));
    caller.record(&mut tx, "sso_provider.update", ("sso_provider", Some(id)), was, Some(shown)).await?;
    state.commit(tx).await?;
    Ok(Json(after))
}

/// Remove an issuer
///
/// Nobody signs in there any more; sessions that began there go on. Who is known by which identity is kept, for a provider
/// with the same issuer.
#[utoipa::path(
    delete, path = "/sso/providers/{id}", tag = "sso", operation_id = "deleteSsoProvider",
    params(("id" = Uuid, Path, description = "Identifier of the provider")),
    responses((status = 204, description = "Removed"), docs::Guarded, docs::Missing, docs::Clash, docs::Failures)
)]
pub(crate) async fn delete(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Place(id): Place<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let before = view(&state, &providers::get(&mut tx, id).await?);
    providers::delete(&mut tx, id).await?;
    keep_a_way_in(&mut tx).await?;
    caller
        .record(&mut tx, "sso_provider.delete", ("sso_provider", Some(id)), Some(json!(before)), None)
        .await?;
    state.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test an issuer
///
/// Asks it for its discovery document and its keys. An issuer that does not answer is not an error of this call: see `ok`
/// and `message`.
#[utoipa::path(
    post, path = "/sso/providers/{id}/test", tag = "sso", operation_id = "testSsoProvider",
    params(("id" = Uuid, Path, description = "Identifier of the provider")),
    responses(
        (status = 200, description = "What happened", body = SsoTest),
        docs::Guarded, docs::Missing, docs::Failures
    )
)]
pub(crate) async fn test(
    State(state): State<AdminState>,
    May { caller, .. }: May<right::SsoWrite>,
    Place(id): Place<Uuid>,
) -> Result<Json<SsoTest>, ApiError> {
    let mut tx = caller.begin(&state).await?;
    let issuer = providers::get(&mut tx, id).await?.issuer;
    // Not across the calls: the issuer may take its time.
    drop(tx);
    match probe(&state, &issuer).await {
        Ok(message) => Ok(Json(SsoTest { ok: true, message })),
        Err(Stop::Refused(failure)) => Ok(Json(SsoTest { ok: false, message: failure.detail })),
        Err(Stop::Failed(error)) => Err(error),
    }
}

async fn probe(state: &AdminState, issuer: &str) -> Result<String, Stop> {
    let issuer = Issuer::discover(&state.addresses, issuer).await?;
    issuer.authorization()?;
    let keys = issuer.keys().await?.len();
    let keys = if keys == 1 { "1 signing key".to_owned() } else { format!("{keys} signing keys") };
    Ok(format!(
        "The issuer answers and publishes {keys}. Whether client id and secret are right shows when somebody signs in."
    ))
}

/// Refuses what would leave an organisation that accepts no passwords without an issuer.
async fn keep_a_way_in(tx: &mut TenantTx) -> Result<(), ApiError> {
    if sso::allows_passwords(tx).await? || providers::list(tx).await?.iter().any(|p| p.enabled) {
        return Ok(());
    }
    Err(ApiError::Conflict("this is the only way for members to sign in; allow passwords first".to_owned()))
}

/// Settings as entered, checked.
fn apply(
    state: &AdminState,
    org: OrgId,
    id: Uuid,
    before: Option<&Provider>,
    input: &SetSsoProvider,
) -> Result<Provider, ApiError> {
    let mut check = Check::default();
    let name = check.text("name", &input.name, 1..=100);
    let issuer = check.text("issuer", &input.issuer, 8..=500);
    if let Err(bad) = state.addresses.base_url(&issuer) {
        check.refuse("issuer", bad.to_string());
    }
    let client_id = check.text("client_id", &input.client_id, 0..=300);
    let missing = input.enabled && client_id.is_empty();
    check.require(!missing, "client_id", "is needed before people can sign in there");
    let scopes = scopes(&mut check, input);
    let groups_claim = input.groups_claim.as_deref().unwrap_or("groups");
    let groups_claim = check.text("groups_claim", groups_claim, 1..=200);
    let role_mapping = mapping(&mut check, input);
    let somebody = input.default_role.is_some() || role_mapping.decides();
    check.require(
        somebody || !input.auto_join,
        "default_role",
        "is needed where people join by themselves, unless groups have roles",
    );
    let kept =
        before.filter(|before| before.issuer == issuer).and_then(|before| before.client_secret.clone());
    let client_secret = match input.client_secret.as_ref().map(|s| s.expose().trim()) {
        Some("") => None,
        Some(secret) => {
            check.require(
                secret.chars().count() <= 1000,
                "client_secret",
                "must have at most 1000 characters",
            );
            let sealed = state.sealing.seal_secret(&place(org, id, &issuer), secret.as_bytes());
            Some(sealed.map_err(ApiError::internal)?)
        }
        None => {
            let lost = kept.is_none() && before.is_some_and(|before| before.client_secret.is_some());
            check.require(!lost, "client_secret", "is needed again, because the issuer is another one");
            kept
        }
    };
    check.done()?;
    let now = Utc::now();
    Ok(Provider {
        id,
        name,
        issuer,
        client_id,
        client_secret,
        scopes,
        groups_claim,
        role_mapping,
        default_role: input.default_role,
        auto_join: input.auto_join,
        enabled: input.enabled,
        created_at: now,
        updated_at: now,
    })
}

fn scopes(check: &mut Check, input: &SetSsoProvider) -> Vec<String> {
    let usual = || ["openid", "email", "profile"].map(str::to_owned).to_vec();
    let mut scopes = input.scopes.clone().unwrap_or_else(usual);
    let good =
        |scope: &String| (1..=100).contains(&scope.len()) && scope.bytes().all(|b| b.is_ascii_graphic());
    check.require(
        scopes.len() <= 20 && scopes.iter().all(good),
        "scopes",
        "must be at most 20 words of 1 to 100 characters without spaces",
    );
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    scopes
}

fn mapping(check: &mut Check, input: &SetSsoProvider) -> RoleMapping {
    check.require(input.role_mapping.len() <= 100, "role_mapping", "must have at most 100 groups");
    let mut entries: Vec<GroupRole> = Vec::new();
    for (i, entry) in input.role_mapping.iter().take(100).enumerate() {
        let field = format!("role_mapping[{i}].group");
        let group = check.text(&field, &entry.group, 1..=300);
        check.require(entries.iter().all(|known| known.group != group), &field, "is there twice");
        entries.push(GroupRole { group, role: entry.role });
    }
    RoleMapping(entries)
}
