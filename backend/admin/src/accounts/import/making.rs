//! From a credential to its account.

use super::super::{
    adding::{self, Given},
    authorizations, fresh,
};
use super::unpack::Piece;
use crate::{error::ApiError, guard::Caller, state::AdminState};
use causeway_accounts::{
    Credential, Preset, ServiceAccountKey,
    files::{BadField, Entry, Login, Secret, Shape},
    oauth::{Authorised, Brought},
};
use causeway_domain::{AccountId, Limits, PoolId, provider::Provider, timeouts::Timeouts};
use causeway_openapi::{
    self as api, AccountFileKind, AccountImportItem, AccountImportOutcome, AccountImportQuery, CreateAccount,
};
use causeway_store::{
    TenantTx,
    accounts::{self, SignedIn},
    oauth_flows,
};
use chrono::Utc;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{collections::HashSet, sync::Arc};
use zeroize::Zeroizing;

/// The most characters of a name.
const NAME: usize = 100;

/// Who imports, and how.
pub(super) struct Importer<'a> {
    state: &'a AdminState,
    caller: &'a Caller,
    query: &'a AccountImportQuery,
    pools: Vec<(PoolId, String)>,
    /// What this import has made so far, or would have.
    made: HashSet<AccountId>,
}

/// What became of a credential.
enum Done {
    Added(AccountId),
    Present(AccountId, String),
}

impl<'a> Importer<'a> {
    pub(super) fn new(
        state: &'a AdminState,
        caller: &'a Caller,
        query: &'a AccountImportQuery,
        pools: Vec<(PoolId, String)>,
    ) -> Self {
        Self { state, caller, query, pools, made: HashSet::new() }
    }

    pub(super) async fn begin(&self) -> Result<TenantTx, ApiError> {
        self.caller.begin(self.state).await
    }

    pub(super) async fn commit(&self, tx: TenantTx) -> Result<(), ApiError> {
        self.state.commit(tx).await
    }

    /// Makes an account of a credential, or says why not. An error is one of ours.
    pub(super) async fn one(
        &mut self,
        tx: &mut TenantTx,
        piece: Piece,
    ) -> Result<AccountImportItem, ApiError> {
        let Piece { file, entry: Entry { shape, place, login } } = piece;
        let mut item = AccountImportItem {
            file,
            place: place.and_then(|place| u32::try_from(place).ok()),
            kind: shape.map(kind),
            outcome: AccountImportOutcome::Refused,
            provider: None,
            credential_kind: None,
            name: None,
            email: None,
            subject: None,
            plan: None,
            expires_at: None,
            base_url: None,
            pool_id: None,
            account_id: None,
            field: None,
            reason: None,
        };
        let login = match login {
            Ok(login) => login,
            Err(BadField { field, problem }) => {
                item.field = Some(field).filter(|field| !field.is_empty());
                item.reason = Some(problem);
                return Ok(item);
            }
        };
        let field = login.field;
        match self.account(tx, login, &mut item).await {
            Ok(Done::Added(id)) => {
                self.made.insert(id);
                item.account_id = Some(id);
                item.outcome = AccountImportOutcome::Added;
            }
            Ok(Done::Present(id, _)) if self.query.dry_run && self.made.contains(&id) => {
                item.outcome = AccountImportOutcome::Present;
                item.reason = Some("is in this import twice".to_owned());
            }
            Ok(Done::Present(id, why)) => {
                item.account_id = Some(id);
                item.outcome = AccountImportOutcome::Present;
                item.reason = Some(why);
            }
            Err(error) => (item.field, item.reason) = refusal(error, field)?,
        }
        Ok(item)
    }

    async fn account(
        &self,
        tx: &mut TenantTx,
        login: Login,
        item: &mut AccountImportItem,
    ) -> Result<Done, ApiError> {
        item.name.clone_from(&login.name);
        item.email.clone_from(&login.email);
        item.plan.clone_from(&login.plan);
        item.expires_at = login.expires_at;
        let closed = || {
            let called = &login.provider;
            let text = format!(
                "{called} is not a provider that is open here; ask the operator of this installation"
            );
            ApiError::field("provider", text)
        };
        let provider: Provider = login.provider.parse().map_err(|_| closed())?;
        item.provider = Some(provider.to_string());
        let preset = self.state.catalogue.get(provider).ok_or_else(closed)?;
        let name = name(&login, &preset, &item.file);
        item.name = Some(name.clone());
        let pool = self.pool(login.pool.as_deref())?;
        item.pool_id = pool;
        let location = login.location.clone().or_else(|| self.query.location.clone());
        let mut input = CreateAccount {
            name,
            provider,
            base_url: login.base_url.clone(),
            places: location.iter().map(|place| ("location".to_owned(), place.clone())).collect(),
            credential: None,
            authorization_id: None,
            pool_ids: pool.into_iter().collect(),
            owner_id: self.query.owner_id,
            priority: None,
            limits: Limits::default(),
            timeouts: Timeouts::NONE,
            dedicated: None,
            proxy: self.query.proxy,
            enabled: Some(login.enabled),
        };
        adding::checked(&input)?;
        let over = login.expires_at.is_some_and(|end| end <= Utc::now());
        let given = match &login.secret {
            Secret::Oauth { refresh: None, .. } | Secret::Aws { session: Some(_), .. } if over => {
                let text = "is over, and nothing in the file could renew it";
                return Err(ApiError::field(login.field, text));
            }
            Secret::Oauth { access, refresh, answer } => {
                let brought = Brought {
                    access,
                    refresh: refresh.as_ref().map(|refresh| refresh.as_str()),
                    expires_at: login.expires_at,
                    answer,
                };
                self.authorised(&preset, &login, &brought, item)?
            }
            other => {
                input.credential = Some(entered(other, location)?);
                adding::given(self.state, self.caller, tx, &input, &preset).await?
            }
        };
        item.credential_kind = serde_json::from_value(given.credential.kind().into()).ok();
        let base = self.state.addresses.base_url(&given.base_url);
        let base = base.map_err(|bad| ApiError::field("base_url", bad.to_string()))?.to_string();
        item.base_url = Some(base.clone());
        if let Some((id, why)) = self.present(tx, provider, &base, &given).await? {
            return Ok(Done::Present(id, why));
        }
        let added = adding::add(self.state, self.caller, tx, &input, given, None).await?;
        Ok(Done::Added(added.account.id))
    }

    /// What was authorised elsewhere, where authorisations of the provider are open here.
    fn authorised(
        &self,
        preset: &Arc<Preset>,
        login: &Login,
        brought: &Brought<'_>,
        item: &mut AccountImportItem,
    ) -> Result<Given, ApiError> {
        let issuer = authorizations::known_issuer(self.state, preset.id, None)?;
        let Authorised { credential, identity } = Authorised::brought(issuer.oauth(), brought);
        let email = identity.email.or_else(|| login.email.clone());
        let plan = identity.plan.or_else(|| login.plan.clone());
        item.email.clone_from(&email);
        item.plan.clone_from(&plan);
        item.subject.clone_from(&identity.subject);
        let signed_in = SignedIn {
            kind: credential.kind().to_owned(),
            expires_at: credential.expires_at(),
            subject: identity.subject,
            organization: identity.organization,
            identity: Some(json!({
                "email": email, "plan": plan, "imported": mark(brought.refresh.unwrap_or(brought.access)),
            })),
        };
        let base_url = authorizations::view::usual_address(preset).ok_or_else(|| {
            ApiError::field(
                "provider",
                "has no address of its own that tokens could be sent to; add the account by hand",
            )
        })?;
        Ok(Given { credential, signed_in, known: None, base_url })
    }

    /// The pool that a file says, else the one that was chosen.
    fn pool(&self, said: Option<&str>) -> Result<Option<PoolId>, ApiError> {
        let Some(said) = said else { return Ok(self.query.pool_id) };
        let found = self.pools.iter().find(|(id, name)| name == said || id.to_string() == said);
        let (id, _) = found.ok_or_else(|| {
            ApiError::field("pool", "is no pool of this organisation; make it first, or leave it out")
        })?;
        Ok(Some(*id))
    }

    /// The account that has a credential already, or is the same at the provider, and how that was seen.
    async fn present(
        &self,
        tx: &mut TenantTx,
        provider: Provider,
        base: &str,
        given: &Given,
    ) -> Result<Option<(AccountId, String)>, ApiError> {
        let SignedIn { subject, organization, identity, .. } = &given.signed_in;
        let mut found = None;
        if let Some(subject) = subject {
            let same = oauth_flows::account_of(tx, provider, subject, organization.as_deref()).await?;
            found = same.map(|id| (id, "has this identity at the provider"));
        }
        let imported = identity.as_ref().and_then(|said| said.get("imported")?.as_str());
        if let (None, Some(imported)) = (found, imported) {
            let same = accounts::marked(tx, provider, imported).await?;
            found = same.map(|id| (id, "was made of this authorisation"));
        }
        if found.is_none() && imported.is_none() {
            let outside = (given.credential.kind(), &*given.credential.hint());
            for account in accounts::alike(tx, provider, base, outside).await? {
                // What does not open any more is nobody's credential.
                let held = fresh::opened(self.state, self.caller.org(), &account);
                if held.is_ok_and(|held| is_same(&held, &given.credential)) {
                    found = Some((account.id, "has this credential"));
                    break;
                }
            }
        }
        let Some((id, how)) = found else { return Ok(None) };
        let account = accounts::get(tx, id, false).await?;
        Ok(Some((id, format!("the account “{}” {how} already; it was left alone", account.name))))
    }
}

/// What a person could have typed in.
fn entered(secret: &Secret, location: Option<String>) -> Result<api::Credential, ApiError> {
    let text = |secret: &Zeroizing<String>| api::Secret::from(secret.as_str());
    Ok(match secret {
        Secret::ApiKey(key) => api::Credential::ApiKey { api_key: text(key), auth: None },
        Secret::ServiceAccount(key) => api::Credential::ServiceAccount { key: text(key) },
        Secret::Aws { id, secret, session } => {
            let fits = |region: &String| {
                (1..=50).contains(&region.len())
                    && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            let region = location.filter(fits).ok_or_else(|| {
                ApiError::field(
                    "location",
                    "is needed, and is not in the file: a region such as eu-central-1",
                )
            })?;
            api::Credential::Aws {
                access_key_id: id.clone(),
                secret_access_key: text(secret),
                session_token: session.as_ref().map(text),
                region,
            }
        }
        Secret::Oauth { .. } => return Err(ApiError::internal("an authorisation is not entered")),
    })
}

/// Whether two credentials are one, however each of them was written down.
fn is_same(a: &Credential, b: &Credential) -> bool {
    match (a, b) {
        (Credential::ApiKey { api_key: a, .. }, Credential::ApiKey { api_key: b, .. }) => a == b,
        (Credential::ServiceAccount { key: a, .. }, Credential::ServiceAccount { key: b, .. }) => {
            let whose = |key: &str| ServiceAccountKey::read(key).ok().map(|key| key.client_email.clone());
            whose(a).is_some() && whose(a) == whose(b)
        }
        (a, b) => a == b,
    }
}

/// What an account remembers of the authorisation that it was made of. Tokens have more in them than could be guessed.
fn mark(token: &str) -> String {
    hex::encode(&Sha256::digest(token.as_bytes())[..16])
}

/// What to call an account that the file has no name for.
fn name(login: &Login, preset: &Preset, file: &str) -> String {
    if let Some(name) = &login.name {
        return name.clone();
    }
    let stem = file.trim_end_matches(".json").trim_matches(['/', '.', ' ']);
    let whose = login.email.as_deref().unwrap_or(stem);
    let name = if whose.is_empty() { preset.name.clone() } else { format!("{}, {whose}", preset.name) };
    name.chars().take(NAME).collect::<String>().trim_end().to_owned()
}

/// A refusal in the words of the file; what is no refusal stays what it is.
fn refusal(error: ApiError, secret: &str) -> Result<(Option<String>, Option<String>), ApiError> {
    match error {
        ApiError::Invalid(errors) => {
            let Some(first) = errors.into_iter().next() else { return Ok((None, None)) };
            let field = match first.field.as_str() {
                "credential.kind" | "auth" => "provider".to_owned(),
                "places.location" => "location".to_owned(),
                "pool_ids" => "pool".to_owned(),
                field if field.starts_with("credential") => secret.to_owned(),
                _ => first.field,
            };
            Ok((Some(field), Some(first.message)))
        }
        ApiError::PlanLimit(why) | ApiError::Conflict(why) => Ok((None, Some(why))),
        other => Err(other),
    }
}

/// As the API calls a kind of file.
const fn kind(shape: Shape) -> AccountFileKind {
    match shape {
        Shape::ClaudeCode => AccountFileKind::ClaudeCode,
        Shape::Codex => AccountFileKind::Codex,
        Shape::GeminiCli => AccountFileKind::GeminiCli,
        Shape::QwenCode => AccountFileKind::QwenCode,
        Shape::ServiceAccount => AccountFileKind::ServiceAccount,
        Shape::AwsKeys => AccountFileKind::AwsKeys,
        Shape::ProxyAuth => AccountFileKind::ProxyAuth,
        Shape::Plain => AccountFileKind::Plain,
    }
}
