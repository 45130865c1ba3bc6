//! What the operations of the table are about: made anew for every case, so that one case can take away what it likes.

use crate::world::{PASSWORD, World};
use causeway_admin::people::Created;
use causeway_domain::{Role, UserId};
use causeway_store::ledger;
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// Placeholders of the table with what stands for them.
#[derive(Clone)]
pub(crate) struct Things(Vec<(&'static str, String)>);

/// Who makes things: the owner of an organisation, and the operator of the installation.
pub(crate) struct Makers<'a> {
    pub(crate) world: &'a World,
    pub(crate) made: Created,
    pub(crate) owner: &'a str,
    pub(crate) operator: &'a str,
}

impl Things {
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.0 {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// The same for a path, where nothing of what it names is there.
    pub(crate) fn fill_with_nothing(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for (name, value) in &self.0 {
            let nothing = if value.parse::<Uuid>().is_ok() { Uuid::nil().to_string() } else { value.clone() };
            path = path.replace(&format!("{{{name}}}"), &nothing);
        }
        path
    }

    /// Every identifier, and every secret.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).unwrap().1.as_str()
    }
}

/// A provider that accounts can be authorised at.
const OPEN: &str = "open-issuer";

/// Opens it, and is what begins an authorisation there. Nothing is called until somebody is back.
pub(crate) async fn authorise(world: &World, operator: &str) -> Value {
    let changes = json!({
        "name": "Open", "base_url": "http://127.0.0.1:9", "auth": ["oauth_code"],
        "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}],
        "oauth": {"authorize": "http://127.0.0.1:9/authorize", "token": "http://127.0.0.1:9/token",
            "redirects": [{"kind": "hosted"}]},
    });
    let path = format!("/operator/providers/{OPEN}");
    let body = json!({"changes": changes, "client_id": "us"}).to_string();
    let answer = world.call(Method::PUT, &path, Some(operator), Some(body), &[]).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    json!({"provider": OPEN, "auth": "oauth_code"})
}

impl Makers<'_> {
    /// One of everything. `n` is another number each time.
    pub(crate) async fn things(&self, n: usize) -> Things {
        let Self { world, made, owner, operator } = *self;
        let domain = format!("case-{n}.example");
        let post = async |path: &str, token: Option<&str>, body: Value| {
            let answer = world.post(path, token, body).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.body);
            answer.body
        };
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let issuer = json!({"name": "a", "issuer": "http://127.0.0.1:9", "client_id": "b", "enabled": true});
        let provider = id(&post("/sso/providers", Some(owner), issuer).await);
        post("/sso/domains", Some(owner), json!({"domain": domain})).await;
        let account = world.account(owner).await;
        let pool = json!({"name": format!("pool {n}"), "account_ids": [account]});
        let pool = id(&post("/pools", Some(owner), pool).await);
        let proxy = json!({"name": format!("proxy {n}"), "scheme": "http", "host": "127.0.0.1", "port": 9});
        let proxy = id(&post("/proxies", Some(owner), proxy).await);
        let heir_mail = format!("heir@{domain}");
        let heir = world.person(made, Role::Member, &heir_mail).await;
        let share = json!({"email": heir_mail, "provider": "anthropic", "name": "shared"});
        let share = id(&post("/shares", Some(owner), share).await);
        let began = post("/accounts/authorizations", Some(owner), authorise(world, operator).await).await;
        let (key, secret) = world.key(owner, "another's").await;
        let tomorrow = (Utc::now() + Duration::days(1)).to_rfc3339();
        let token = json!({"name": "a", "scopes": ["keys:read"], "expires_at": tomorrow});
        let token = post("/tokens", Some(owner), token).await;
        let said = json!({"level": "info", "text_en": "Hello"});
        let announcement = id(&post("/organization/announcements", Some(owner), said.clone()).await);
        let notice = id(&post("/operator/announcements", Some(operator), said).await);
        let request = world.used(made, &key, &account, "claude-haiku-4-5", 1).await;
        let bury = async || {
            let lost = world.event(made, &key, &account);
            ledger::bury(&world.store.jobs, &lost, "a test").await.unwrap();
            lost
        };
        let (letter, lost) = (bury().await, bury().await);
        let records =
            world.get(&format!("/requests/export?format=jsonl&key_id={key}"), Some(owner)).await.body;
        let invited = post(
            "/invitations",
            Some(owner),
            json!({"email": format!("invited@{domain}"), "delivery": "link"}),
        )
        .await;
        world.patch("/organization/sign-in", Some(owner), json!({"registration": "approval"})).await;
        let opened = post("/registration-links", Some(owner), json!({"max_uses": 9})).await;
        let link = last_part(&opened["link"]);
        let form = json!({"token": link, "email": format!("r@{domain}"), "name": "R", "password": PASSWORD});
        let registered = post("/join/registration", None, form).await;
        let waiting = world.get("/registrations", Some(owner)).await.body;
        let codes = post("/operator/codes", Some(operator), json!({"amount_usd": "5", "count": 2})).await;
        let batch = id(&codes["batch"]);
        let listed = world.get(&format!("/operator/codes/{batch}"), Some(operator)).await.body;
        let sessions = world.get("/me/sessions", Some(owner)).await.body;
        let member = world.person(made, Role::Owner, &format!("member@{domain}")).await;
        let leaver = world.person(made, Role::Member, &format!("leaver@{domain}")).await;
        let person = world.person(made, Role::Viewer, &format!("person@{domain}")).await;
        let identity = Uuid::now_v7();
        behind(&mut world.database().await, made, identity, heir).await;
        Things(vec![
            ("provider", provider),
            ("domain", domain),
            ("account", account),
            ("pool", pool),
            ("proxy", proxy),
            ("share", share),
            ("authorization", id(&began)),
            ("open", OPEN.to_owned()),
            ("key", key),
            ("key_secret", secret),
            ("token", id(&token)),
            ("token_secret", token["secret"].as_str().unwrap().to_owned()),
            ("announcement", announcement),
            ("notice", notice),
            ("request", request.to_string()),
            ("letter", letter.request.to_string()),
            ("lost", lost.request.to_string()),
            ("record", records.to_string()),
            ("invitation", id(&invited)),
            ("invitation_secret", last_part(&invited["link"])),
            ("link", id(&opened)),
            ("link_secret", link),
            ("claim", registered["claim"].as_str().unwrap().to_owned()),
            ("registration", id(&waiting["items"][0])),
            ("batch", batch),
            ("code", id(&listed["items"][0])),
            ("code_text", codes["codes"][0].as_str().unwrap().to_owned()),
            // One that was made by hand is in no list.
            ("session", sessions[0]["id"].as_str().map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)),
            ("member", member.to_string()),
            ("heir", heir.to_string()),
            ("leaver", leaver.to_string()),
            ("person", person.to_string()),
            ("identity", identity.to_string()),
            ("org", made.org.to_string()),
            ("tomorrow", tomorrow),
            // Has begun, whenever a case lets the organisation's days start.
            ("month", (Utc::now() - Duration::days(1)).format("%Y-%m").to_string()),
            ("password", PASSWORD.to_owned()),
            ("model", "claude-haiku-4-5".to_owned()),
            ("kind", "anthropic".to_owned()),
            ("upstream", "bedrock".to_owned()),
            ("step", "day".to_owned()),
            ("dimension", "member".to_owned()),
        ])
    }
}

/// What no operation makes of somebody else: an identity at an issuer, and a second factor.
async fn behind(owner: &mut PgConnection, made: Created, identity: Uuid, person: UserId) {
    let (org, user) = (made.org, made.user);
    let script = format!(
        "begin; alter table oidc_identities no force row level security;
         insert into oidc_identities (id, org_id, issuer, subject, user_id)
           values ('{identity}', '{org}', 'http://127.0.0.1:9', '{identity}', '{user}');
         alter table oidc_identities force row level security;
         insert into totp (user_id, sealed, confirmed_at) values ('{person}', '', now()); commit"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(owner).await.unwrap();
}

/// The secret at the end of a link.
fn last_part(link: &Value) -> String {
    link.as_str().unwrap().rsplit('#').next().unwrap().to_owned()
}

/// A path with its placeholders made equal.
pub(crate) fn shape(method: &Method, path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}
