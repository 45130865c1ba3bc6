//! Two organisations and people of every role, and a way to call as any of them.

use crate::{playing::Fake, smtp::Sink};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use causeway_accounts::{
    AddressPolicy, Catalogue, MasterKey, Refresher, SealingKey, oauth::TokenClient, refresh::Pace,
};
use causeway_admin::{
    AdminArgs, AdminState, Wiring,
    mail::Mailer,
    people::{self, Created, NewOwner},
};
use causeway_domain::{
    Nanos, OrgId, Role, UserId,
    price::{PriceBook, PriceTable, table},
};
use causeway_store::{
    Store, StoreArgs, TenantTx,
    ledger::{self, UsageEvent},
    memberships, testing, users,
};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{future::Future, sync::Arc};
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The secret of every installation here.
pub(crate) const MASTER: &[u8] = b"0123456789abcdef0123456789abcdef";

/// An installation.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) router: Router,
    /// What the handlers reach, for what is no handler.
    pub(crate) state: AdminState,
    pub(crate) store: Store,
    pub(crate) args: StoreArgs,
    /// Plays in the place of the relay.
    pub(crate) played: Arc<Fake>,
}

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// An empty installation.
pub(crate) async fn empty<F, T>(test: F)
where
    F: FnOnce(World) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    installation(None, test).await;
}

/// An installation with one organisation, and a mail server whose mails the test reads.
pub(crate) async fn with_mail<F, T>(test: F)
where
    F: FnOnce(World, Created, String, Sink) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let (sink, mailer) = Sink::start().await;
    installation(Some(mailer), |world| async move {
        let made = world.owner("Engines", "owner@example.com").await;
        let token = world.sign_in("owner@example.com").await;
        test(world, made, token, sink).await;
    })
    .await;
}

/// What refreshes credentials in an installation.
pub(crate) fn refresher(store: &Store) -> Refresher {
    let (master, addresses) =
        (MasterKey::new(MASTER.to_vec().into()).unwrap(), AddressPolicy::new(Vec::new(), true));
    let (sealing, catalogue) = (SealingKey::new(&master), Catalogue::shipped().unwrap());
    Refresher::new(store.clone(), sealing, catalogue, TokenClient::new(addresses), Pace::default())
}

async fn installation<F, T>(mailer: Option<Mailer>, test: F)
where
    F: FnOnce(World) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    testing::with_store(|store, args| async move {
        let played = Arc::new(Fake::default());
        let state = instance(&store, mailer, &played);
        test(World { router: causeway_admin::router(state.clone()).0, state, store, args, played }).await;
    })
    .await;
}

/// An instance over these stores.
fn instance(store: &Store, mailer: Option<Mailer>, played: &Arc<Fake>) -> AdminState {
    let master = MasterKey::new(MASTER.to_vec().into()).unwrap();
    AdminState::new(Wiring {
        store: store.clone(),
        args: AdminArgs::default(),
        master: &master,
        sealing: SealingKey::new(&master),
        recovery: master.derive("recovery code 1"),
        addresses: AddressPolicy::new(Vec::new(), true),
        catalogue: Catalogue::shipped().unwrap(),
        refresher: refresher(store),
        prices: Arc::new(PriceBook::shipped(PriceTable::parse(table::SHIPPED).unwrap())),
        public_url: "http://localhost:3000".parse().unwrap(),
        version: "0.0.0",
        demo: true,
        mailer,
        playground: played.clone(),
    })
}

/// An installation with one organisation.
pub(crate) async fn with_owner<F, T>(test: F)
where
    F: FnOnce(World, Created, String) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    empty(|world| async move {
        let made = world.owner("Engines", "owner@example.com").await;
        let token = world.sign_in("owner@example.com").await;
        test(world, made, token).await;
    })
    .await;
}

impl World {
    /// Another instance of the installation: it shares Postgres and Redis, and nothing else.
    pub(crate) async fn beside(&self) -> Self {
        let store = Store::connect(&self.args).await.unwrap();
        let state = instance(&store, None, &self.played);
        Self {
            router: causeway_admin::router(state.clone()).0,
            state,
            store,
            args: self.args.clone(),
            played: self.played.clone(),
        }
    }

    /// Makes an organisation with an owner.
    pub(crate) async fn owner(&self, organization: &str, email: &str) -> Created {
        let owner =
            NewOwner { organization, name: "Ada Lovelace", email, password: PASSWORD, time_zone: None };
        people::create_owner(&self.store.app, owner).await.unwrap()
    }

    /// Makes a member of an organisation, with the password of its owner.
    pub(crate) async fn person(&self, made: Created, role: Role, email: &str) -> UserId {
        let owner = users::find_by_email(&self.store.app, "owner@example.com").await.unwrap().unwrap();
        let user = UserId(Uuid::now_v7());
        let mut tx = TenantTx::begin(&self.store.app, made.org, None).await.unwrap();
        let new = users::NewUser {
            id: user,
            email,
            name: role.as_str(),
            password_hash: owner.password_hash.as_deref().unwrap(),
            is_operator: false,
        };
        users::insert(&mut tx, &new).await.unwrap();
        users::prove(&mut tx, user).await.unwrap();
        memberships::insert(&mut tx, user, role).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        user
    }

    /// An access token.
    pub(crate) async fn sign_in(&self, email: &str) -> String {
        let answer = self.post("/auth/sign-in", None, json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.call(Method::GET, path, token, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        self.call(Method::POST, path, token, Some(body.to_string()), &[]).await
    }

    pub(crate) async fn patch(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        self.call(Method::PATCH, path, token, Some(body.to_string()), &[]).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/admin/v1{path}"));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(sent) = body.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
            testing::logs::secrets_in(&sent);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.unwrap_or_default())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        // A file is no JSON.
        let text = || Value::String(String::from_utf8(bytes.to_vec()).unwrap());
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
        };
        testing::logs::secrets_in(&body);
        for cookie in headers.get_all(header::SET_COOKIE) {
            let value = cookie.to_str().unwrap().split_once('=').unwrap().1;
            testing::logs::secret(value.split(';').next().unwrap());
        }
        Answer { status, headers, body }
    }

    /// Writes a request of the organisation's first owner, as the ledger would.
    pub(crate) async fn used(
        &self,
        made: Created,
        key: &str,
        account: &str,
        model: &str,
        nanos: i64,
    ) -> Uuid {
        let mut event = self.event(made, key, account);
        event.model = model.to_owned();
        (event.cost, event.charged) = (Nanos(nanos), Nanos(nanos));
        self.write(std::slice::from_ref(&event)).await;
        event.request.0
    }

    /// A request of the organisation's first owner, not yet written.
    pub(crate) fn event(&self, made: Created, key: &str, account: &str) -> UsageEvent {
        let (key, account) = (key.parse().unwrap(), account.parse().unwrap());
        let event = testing::event(made.org, key, account, Utc::now());
        UsageEvent { user: Some(made.user), ..event }
    }

    /// Writes requests as the ledger would.
    pub(crate) async fn write(&self, events: &[UsageEvent]) {
        ledger::write(&self.store.jobs, events).await.unwrap();
    }

    /// The database as its owner has it.
    pub(crate) async fn database(&self) -> PgConnection {
        let url = self.args.database_url.as_ref().unwrap();
        PgConnection::connect(url.expose_secret()).await.unwrap()
    }

    /// Adds an account that leads nowhere.
    pub(crate) async fn account(&self, token: &str) -> String {
        let body = json!({
            "name": "Simulator", "provider": "anthropic", "base_url": "http://127.0.0.1:9",
            "credential": {"kind": "api_key", "api_key": "sk-ant-0123456789abcdef"}
        });
        let answer = self.post("/accounts", Some(token), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Issues a key; its id and its secret.
    pub(crate) async fn key(&self, token: &str, name: &str) -> (String, String) {
        let answer = self.post("/keys", Some(token), json!({"name": name})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let text = |field: &str| answer.body[field].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }
}

impl World {
    /// Gives an organisation a plan, as the operator.
    pub(crate) async fn plan(&self, operator: &str, made: Created, plan: Value) {
        let path = format!("/operator/organizations/{}", made.org);
        let answer = self.patch(&path, Some(operator), json!({"plan": plan})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Lets the refresh tokens that were used have been used this many seconds earlier.
    pub(crate) async fn age_refresh_tokens(&self, seconds: i32) {
        let mut owner = self.database().await;
        sqlx::query("update refresh_tokens set used_at = used_at - $1 * interval '1 second'")
            .bind(f64::from(seconds))
            .execute(&mut owner)
            .await
            .unwrap();
    }

    /// Changes a table behind the product's back. Row-level security binds even the owner, so it is let go meanwhile.
    pub(crate) async fn meddle(&self, table: &str, statement: &str) {
        let script = format!(
            "begin; alter table {table} no force row level security; {statement};
             alter table {table} force row level security; commit"
        );
        let mut owner = self.database().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut owner).await.unwrap();
    }

    /// A connection to the database with one of its roles, or its owner's.
    pub(crate) async fn connection(&self, role: Option<&str>) -> PgConnection {
        let url = self.args.database_url.as_ref().unwrap();
        let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
        if let Some(role) = role {
            let statement = format!("set role {role}");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        connection
    }

    /// Writes what was charged at a time into the sums, as the ledger would.
    pub(crate) async fn charged_at(&self, org: OrgId, key: Uuid, at: DateTime<Utc>, nanos: i64) {
        let mut jobs = self.connection(Some("causeway_jobs")).await;
        sqlx::query(
            "with rollup as (
               insert into usage_rollups as r (org_id, bucket, key_id, account_id, model, requests, errors, input_tokens,
                 output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos)
               values ($1, date_bin('15 minutes', $3, 'epoch'), $2, $2, 'claude-haiku-4-5', 1, 0, 1, 2, 3, 4, 5, $4 / 2, $4)
               on conflict (org_id, bucket, key_id, account_id, model, user_id, client_id) do update set
                 requests = r.requests + 1, cost_nanos = r.cost_nanos + excluded.cost_nanos,
                 charged_nanos = r.charged_nanos + excluded.charged_nanos)
             insert into budget_totals as b (org_id, scope, scope_id, nanos, tokens) values ($1, 'organisation', $1, $4, 15)
             on conflict (org_id, scope, scope_id) do update set nanos = b.nanos + excluded.nanos",
        )
        .bind(org.0)
        .bind(key)
        .bind(at)
        .bind(nanos)
        .execute(&mut jobs)
        .await
        .unwrap();
    }
}
