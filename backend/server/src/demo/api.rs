//! The few calls of the admin API that the demo makes.

use anyhow::{Context, Result, bail, ensure};
use causeway_domain::{AccountId, provider::Provider};
use causeway_openapi::{
    Account, AccountTest, CreateAccount, CreateKey, Credential, IssuedKey, Page, Request, Secret, Session,
    SignIn, UpdateAccount,
};
use reqwest::{Client, Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use url::Url;

const ACCOUNT: &str = "Simulator";
/// Any key of this form is accepted by the simulator.
const UPSTREAM_KEY: &str = "sk-sim-demo";

/// A client of the admin API, signed in or not.
pub(crate) struct Api {
    client: Client,
    base: Url,
    session: Option<Session>,
}

impl Api {
    /// A client of the server at `base`.
    pub(crate) fn new(base: &Url) -> Self {
        Self { client: Client::new(), base: base.clone(), session: None }
    }

    /// False when e-mail address and password do not fit.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Result<bool> {
        let input = SignIn { email: email.to_owned(), password: Secret(password.to_owned()) };
        let request = self.request(Method::POST, "auth/sign-in")?.json(&input);
        let answer = request.send().await.context("signing in")?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Ok(false);
        }
        self.session = Some(read(answer).await?);
        Ok(true)
    }

    /// The organisation that was signed in to.
    pub(crate) fn organization(&self) -> Result<String> {
        Ok(self.session.as_ref().context("signed in to an organisation")?.organization.id.to_string())
    }

    /// The account at the simulator. When the simulator has moved, the credential is entered again, as a person would
    /// have to: it is sealed to the address.
    pub(crate) async fn ensure_account(&self, simulator: &str) -> Result<AccountId> {
        let accounts: Page<Account> = self.call(Method::GET, "accounts?limit=200", &()).await?;
        let credential = Credential::ApiKey { api_key: Secret::from(UPSTREAM_KEY), auth: None };
        let base_url = simulator.to_owned();
        match accounts.items.into_iter().find(|a| a.name == ACCOUNT) {
            Some(account) if account.base_url == base_url => Ok(account.id),
            Some(account) => {
                let change = UpdateAccount {
                    base_url: Some(base_url),
                    credential: Some(credential),
                    ..Default::default()
                };
                let path = format!("accounts/{}", account.id);
                self.tested(self.call::<_, Account>(Method::PATCH, &path, &change).await?.id).await
            }
            None => {
                let account = CreateAccount {
                    name: ACCOUNT.to_owned(),
                    provider: Provider::ANTHROPIC_COMPATIBLE,
                    base_url: Some(base_url),
                    places: Default::default(),
                    credential: Some(credential),
                    authorization_id: None,
                    pool_ids: Vec::new(),
                    owner_id: None,
                    priority: None,
                    limits: Default::default(),
                    timeouts: Default::default(),
                    dedicated: None,
                    proxy: None,
                    enabled: None,
                };
                self.tested(self.call::<_, Account>(Method::POST, "accounts", &account).await?.id).await
            }
        }
    }

    /// The account, after it was asked which models it has: until then the lists of models are empty.
    async fn tested(&self, account: AccountId) -> Result<AccountId> {
        let path = format!("accounts/{account}/test");
        let found: AccountTest = self.call(Method::POST, &path, &()).await?;
        ensure!(found.ok, "the simulated provider refuses the demo's account: {}", found.message);
        Ok(account)
    }

    /// A key without limits, bound to the account.
    pub(crate) async fn issue_key(&self, account: AccountId) -> Result<String> {
        let key = CreateKey { name: "Demo".to_owned(), account_id: Some(account), ..Default::default() };
        Ok(self.call::<_, IssuedKey>(Method::POST, "keys", &key).await?.secret.expose().to_owned())
    }

    /// The row of one request, once it has been written.
    pub(crate) async fn request_row(&self, id: &str) -> Result<Option<Request>> {
        let page: Page<Request> = self.call(Method::GET, "requests?limit=20", &()).await?;
        Ok(page.items.into_iter().find(|row| row.request_id.to_string() == id))
    }

    async fn call<I: Serialize + ?Sized, O: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        input: &I,
    ) -> Result<O> {
        let mut request = self.request(method.clone(), path)?;
        if method != Method::GET {
            request = request.json(input);
        }
        read(request.send().await.with_context(|| format!("{method} /admin/v1/{path}"))?).await
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder> {
        let url = self.base.join("admin/v1/")?.join(path)?;
        let request = self.client.request(method, url).timeout(Duration::from_secs(30));
        Ok(match &self.session {
            Some(session) => request.bearer_auth(session.access_token.expose()),
            None => request,
        })
    }
}

async fn read<O: DeserializeOwned>(answer: reqwest::Response) -> Result<O> {
    let (status, url) = (answer.status(), answer.url().path().to_owned());
    let text = answer.text().await.context("reading the answer")?;
    if !status.is_success() {
        bail!("{url} was answered with {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("reading the answer of {url}"))
}
