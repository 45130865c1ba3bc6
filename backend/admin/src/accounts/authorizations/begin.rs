//! Beginning an authorisation.

use super::{address, client, hash, issuer, kept::Kept, kept::Of, shown, view, who};
use crate::{
    docs,
    error::ApiError,
    extract::Body,
    guard::{By, Caller, Onboarding, right},
    me::{accounts::own, shares::open},
    state::AdminState,
};
use axum::{Json, extract::State, response::AppendHeaders};
use causeway_accounts::{
    catalogue::AuthKind,
    oauth::{Asked, GrantError, Issuer, challenge, random},
};
use causeway_domain::OrgId;
use causeway_openapi::{Authorization, AuthorizationWay, BeginAuthorization, Permission};
use causeway_store::{
    TenantTx,
    oauth_flows::{self, MINUTES, NewFlow},
};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// How many of one session may be under way.
const MOST: i64 = 30;

/// What is begun, before it is stored.
struct Begun {
    kept: Kept,
    redirect: Option<(&'static str, [u8; 32])>,
    url: Option<String>,
    shown: Value,
    poll_seconds: i32,
    lasts: i32,
}

/// Begin an authorisation
///
/// For `oauth_code`, the answer has the address at which the person authorises; what they come back with goes to
/// `submitAuthorizationCode`, or comes by itself where they are sent back to this installation. For `device_code`, it has the
/// code that they type in; the issuer is asked by `getAuthorization`, never more often than it says. What comes of it is saved
/// by `createAccount`, `acceptShare` or `renewMyAccount`. Whoever may not add accounts says with `share_id` or `account_id`
/// which of their own it is about. Ten minutes are allowed; a device has the issuer's time.
#[utoipa::path(
    post, path = "/accounts/authorizations", tag = "accounts", operation_id = "beginAuthorization",
    request_body = BeginAuthorization,
    responses(
        (status = 201, description = "The authorisation", body = Authorization),
        docs::Input, docs::Guarded, docs::Authorizing, docs::Failures
    )
)]
pub(crate) async fn handle(
    State(state): State<AdminState>,
    Onboarding { caller, .. }: Onboarding<right::AccountsWrite>,
    Body(input): Body<BeginAuthorization>,
) -> Result<(StatusCode, AppendHeaders<Vec<(HeaderName, String)>>, Json<Authorization>), ApiError> {
    let mut tx = caller.begin(&state).await?;
    allowed(&mut tx, &caller, &input).await?;
    if oauth_flows::under_way(&mut tx, who(&caller)).await? >= MOST {
        return Err(ApiError::Conflict(format!(
            "{MOST} authorisations of this session are under way; finish or cancel one of them first"
        )));
    }
    // Not across the call: the issuer may take its time.
    drop(tx);
    let id = Uuid::now_v7();
    let (issuer, begun) = match input.auth {
        AuthorizationWay::OauthCode => {
            // A way that is not there is told now, and not when the person is back.
            client(&state, caller.org(), input.proxy.unwrap_or_default()).await?;
            by_code(&state, &input).await?
        }
        AuthorizationWay::DeviceCode => by_device(&state, caller.org(), &input).await?,
    };
    let of = Of { org: caller.org(), id, token_endpoint: &issuer.oauth().token };
    let secret = of.seal(&state, &begun.kept)?;
    let flow = NewFlow {
        id,
        who: who(&caller),
        provider: input.provider,
        code: begun.redirect.as_ref().map(|(kind, hash)| (*kind, hash)),
        secret: &secret,
        shown: &begun.shown,
        poll_seconds: begun.poll_seconds,
        lasts: begun.lasts,
    };
    let mut tx = caller.begin(&state).await?;
    oauth_flows::begin(&mut tx, &flow).await?;
    let after = json!({"provider": input.provider, "auth": input.auth});
    caller.record(&mut tx, "authorization.begin", ("authorization", Some(id)), None, Some(after)).await?;
    let stored = oauth_flows::get(&mut tx, id, who(&caller), false).await?;
    let answer = view::view(&state, &caller, &mut tx, stored, begun.url).await?;
    state.commit(tx).await?;
    Ok((StatusCode::CREATED, AppendHeaders(mark(&state, &caller)), Json(answer)))
}

/// Whoever may not add accounts follows an invitation to share or renews one of their own, at its provider and on the way
/// that others have chosen.
async fn allowed(tx: &mut TenantTx, caller: &Caller, input: &BeginAuthorization) -> Result<(), ApiError> {
    let provider = match (input.share_id, input.account_id) {
        (Some(_), Some(_)) => {
            return Err(ApiError::field("account_id", "must be absent where there is a share_id"));
        }
        (Some(share), None) => match open(tx, caller, share).await {
            Err(ApiError::NotFound) => {
                return Err(ApiError::field("share_id", "must be an invitation to share that waits for you"));
            }
            found => found?.provider,
        },
        (None, Some(account)) => match own(tx, caller, account, false).await {
            Err(ApiError::NotFound) => {
                return Err(ApiError::field("account_id", "must be an account that you share or look after"));
            }
            found => found?.provider,
        },
        (None, None) => return caller.demand(Permission::AccountsWrite),
    };
    if input.provider != provider {
        return Err(ApiError::field("provider", format!("must be {provider}")));
    }
    if input.proxy.is_some() {
        caller.demand(Permission::AccountsWrite)?;
    }
    Ok(())
}

/// Programs have no browser that could be sent back.
fn mark(state: &AdminState, caller: &Caller) -> Vec<(HeaderName, String)> {
    match caller.by {
        By::Session(session) => vec![state.browsers.mark(state, session)],
        By::Token(_) => Vec::new(),
    }
}

async fn by_code(state: &AdminState, input: &BeginAuthorization) -> Result<(Issuer, Begun), ApiError> {
    let issuer = issuer(state, input.provider, Some(AuthKind::OauthCode)).await?;
    let offered = &issuer.oauth().redirects;
    let chosen = match input.redirect {
        None => offered.first(),
        Some(wanted) => offered.iter().find(|redirect| shown(redirect) == wanted),
    };
    let chosen = chosen.ok_or_else(|| {
        let all: Vec<_> = offered.iter().map(|redirect| view::stored(shown(redirect))).collect();
        ApiError::field("redirect", format!("the issuer sends nobody back there; it has: {}", all.join(", ")))
    })?;
    let redirect = address(state, chosen);
    let (verifier, ticket) = (random(), random());
    let asked =
        Asked { client_id: issuer.asking().id, redirect: &redirect, state: &ticket, verifier: &verifier };
    let url = asked.url(issuer.oauth());
    let url = url.ok_or_else(|| ApiError::field("auth", "the issuer has no page to authorise at"))?;
    let begun = Begun {
        redirect: Some((view::stored(shown(chosen)), hash(&ticket))),
        kept: Kept {
            verifier: verifier.to_string(),
            redirect,
            device_code: String::new(),
            user_code: String::new(),
            proxy: input.proxy.unwrap_or_default(),
        },
        url: Some(url.to_string()),
        shown: json!({}),
        poll_seconds: 0,
        lasts: MINUTES * 60,
    };
    Ok((issuer, begun))
}

async fn by_device(
    state: &AdminState,
    org: OrgId,
    input: &BeginAuthorization,
) -> Result<(Issuer, Begun), ApiError> {
    if input.redirect.is_some() {
        return Err(ApiError::field("redirect", "is for oauth_code: a device's person is sent nowhere"));
    }
    let issuer = issuer(state, input.provider, Some(AuthKind::DeviceCode)).await?;
    let verifier = issuer.oauth().device_pkce.then(random);
    let challenge = verifier.as_ref().map(|verifier| challenge(verifier));
    let asking = client(state, org, input.proxy.unwrap_or_default()).await?;
    let codes = asking.device(issuer.oauth(), issuer.asking(), challenge.as_deref()).await;
    let codes = codes.map_err(|error| match error {
        GrantError::Dead { reason } | GrantError::Refused { reason, .. } => {
            ApiError::Conflict(format!("the issuer refuses: {reason}"))
        }
        GrantError::Unavailable { reason, .. } => ApiError::Conflict(reason),
    })?;
    let seconds = |time: std::time::Duration| i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
    let begun = Begun {
        shown: json!({
            "user_code": codes.user_code,
            "verification_uri": codes.verification_uri,
            "verification_uri_complete": codes.verification_uri_complete,
        }),
        poll_seconds: seconds(codes.interval),
        lasts: seconds(codes.lasts),
        kept: Kept {
            verifier: verifier.map(|verifier| verifier.to_string()).unwrap_or_default(),
            device_code: codes.device_code,
            user_code: codes.user_code,
            redirect: String::new(),
            proxy: input.proxy.unwrap_or_default(),
        },
        redirect: None,
        url: None,
    };
    Ok((issuer, begun))
}
