//! Every operation that changes something leaves exactly one line in the audit log for each thing that it changed, and no
//! line holds a secret.

use crate::{
    matrix::things::authorise,
    second_factor::App,
    smtp::Sink,
    spec::Spec,
    world::{self, Answer, PASSWORD, World},
};
use causeway_admin::people::Created;
use causeway_domain::Role;
use causeway_store::ledger;
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Operations that change nothing that anybody would look for later, each with its reason.
const SILENT: &[(&str, &str)] = &[
    ("POST /auth/refresh", "renews what signing in began"),
    ("POST /accounts/{id}/test", "asks the provider"),
    ("POST /me/accounts/{id}/test", "asks the provider"),
    ("POST /accounts/{id}/refresh", "asks an issuer; its line is read where there is one"),
    ("POST /sso/providers/{id}/test", "asks the issuer"),
    ("POST /proxies/{id}/test", "connects to a provider"),
    ("POST /client-rules/trial", "only looks"),
    ("POST /me/totp", "begins what confirming puts in force"),
    ("POST /me/identities", "begins what the issuer's answer ends"),
    ("POST /join/invitation/preview", "reads"),
    ("POST /join/registration/preview", "reads"),
    ("POST /join/registration/progress", "reads"),
    ("POST /join/registration", "asks; whoever decides, or finishes, leaves the line"),
];

/// What goes in and must not be found in the log.
const CREDENTIAL: &str = "sk-ant-api03-walking-the-log";
const CLIENT_SECRET: &str = "a-client-secret-walking-the-log";
const NEW_PASSWORD: &str = "correct horse battery staple again";

/// Fields of answers that are told once.
const TOLD_ONCE: &[&str] =
    &["secret", "access_token", "link", "url", "uri", "qr_svg", "claim", "codes", "csv", "challenge"];

struct Walk {
    world: World,
    /// The database's owner, who reads every line.
    owner: PgConnection,
    spec: Spec,
    walked: BTreeSet<String>,
    secrets: Vec<String>,
}

impl Walk {
    async fn new(world: World) -> Self {
        let mut owner = world.database().await;
        sqlx::raw_sql("alter table audit no force row level security").execute(&mut owner).await.unwrap();
        let secrets = [CREDENTIAL, CLIENT_SECRET, PASSWORD, NEW_PASSWORD].map(str::to_owned).to_vec();
        Self { world, owner, spec: Spec::new(), walked: BTreeSet::new(), secrets }
    }

    /// As many lines as there are, of every organisation and of none.
    async fn lines(&mut self) -> i64 {
        sqlx::query_scalar("select count(*) from audit").fetch_one(&mut self.owner).await.unwrap()
    }

    /// A call that leaves one line.
    async fn step(&mut self, method: Method, path: &str, token: Option<&str>, body: Value) -> Answer {
        self.steps(1, method, path, token, body).await
    }

    /// A call that leaves so many.
    async fn steps(
        &mut self,
        lines: i64,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> Answer {
        let before = self.lines().await;
        let text = (!body.is_null()).then(|| body.to_string());
        let answer = self.world.call(method.clone(), path, token, text, &[]).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        assert_eq!(self.lines().await - before, lines, "{method} {path}");
        self.walked.insert(self.operation(&method, path));
        remember(&answer.body, &mut self.secrets);
        answer
    }

    /// The operation that answers to a path.
    fn operation(&self, method: &Method, path: &str) -> String {
        let parts: Vec<_> = path.split('?').next().unwrap().split('/').collect();
        let fits = |told: &str| {
            let told: Vec<_> = told.split('/').collect();
            told.len() == parts.len() && told.iter().zip(&parts).all(|(t, p)| t.starts_with('{') || t == p)
        };
        let all = self.spec.operations();
        let mut found: Vec<_> = all.iter().filter(|o| o.method == *method && fits(&o.path)).collect();
        // `/keys/batch` is no key.
        found.sort_by_key(|o| o.path.matches('{').count());
        found[0].name()
    }
}

/// Collects what is told once.
fn remember(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if TOLD_ONCE.contains(&name.as_str()) => {
                        secrets.push(text.rsplit('#').next().unwrap().to_owned());
                    }
                    Value::Array(texts) if TOLD_ONCE.contains(&name.as_str()) => {
                        secrets.extend(texts.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    other => remember(other, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| remember(item, secrets)),
        _ => {}
    }
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap().to_owned()
}

/// The token at the end of a link.
fn shown(link: &Value) -> String {
    link.as_str().unwrap().rsplit(['#', '=', '/']).next().unwrap().to_owned()
}

/// Signs in; the access token and the cookie.
async fn sign_in(walk: &mut Walk, email: &str, password: &str) -> (String, String) {
    let answer =
        walk.step(Method::POST, "/auth/sign-in", None, json!({"email": email, "password": password})).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    (answer.body["access_token"].as_str().unwrap().to_owned(), cookie)
}

/// Accounts, keys and prices.
async fn things(walk: &mut Walk, token: &str) {
    use Method as M;
    let at = Some(token);
    let credential = json!({"kind": "api_key", "api_key": CREDENTIAL});
    let account = json!({"name": "a", "provider": "anthropic", "base_url": "http://127.0.0.1:9", "credential": credential});
    let account = id(&walk.step(M::POST, "/accounts", at, account).await);
    let path = format!("/accounts/{account}");
    walk.step(M::PATCH, &path, at, json!({"credential": credential, "name": "b"})).await;
    walk.step(M::POST, &format!("{path}/reset"), at, Value::Null).await;
    let listed = json!([{"name": "l", "provider": "openai", "api_key": CREDENTIAL}]);
    walk.step(M::POST, "/accounts/import", at, listed).await;
    // Nothing listens there, which is an answer too.
    let begin = authorise(&walk.world, token).await;
    let begun = walk.step(M::POST, "/accounts/authorizations", at, begin.clone()).await;
    let authorization = format!("/accounts/authorizations/{}", id(&begun));
    walk.step(M::POST, &format!("{authorization}/code"), at, json!({"code": "a-code"})).await;
    let begun = walk.step(M::POST, "/accounts/authorizations", at, begin).await;
    walk.step(M::DELETE, &format!("/accounts/authorizations/{}", id(&begun)), at, Value::Null).await;
    walk.step(M::POST, &format!("{path}/remind"), at, Value::Null).await;
    let me = walk.world.get("/me", at).await.body["user"]["email"].clone();
    let asked = json!({"email": me, "provider": "anthropic", "base_url": "http://127.0.0.1:9"});
    for ends in ["accept", "decline", "revoke"] {
        let share = id(&walk.step(M::POST, "/shares", at, asked.clone()).await);
        let waiting = format!("/me/shares/{share}");
        match ends {
            "accept" => {
                let lent = json!({"name": "lent", "credential": credential});
                let own = id(&walk.step(M::POST, &format!("{waiting}/accept"), at, lent).await);
                let own = format!("/me/accounts/{own}");
                walk.step(M::PUT, &format!("{own}/credential"), at, json!({"credential": credential})).await;
                walk.step(M::DELETE, &own, at, Value::Null).await;
            }
            "decline" => drop(walk.step(M::POST, &format!("{waiting}/decline"), at, Value::Null).await),
            _ => {
                walk.step(M::POST, &format!("/shares/{share}/remind"), at, json!({})).await;
                walk.step(M::DELETE, &format!("/shares/{share}"), at, Value::Null).await;
            }
        }
    }
    let pool = json!({"name": "p", "account_ids": [account]});
    let pool = format!("/pools/{}", id(&walk.step(M::POST, "/pools", at, pool).await));
    walk.step(M::PATCH, &pool, at, json!({"strategy": "weighted"})).await;
    walk.step(M::DELETE, &pool, at, Value::Null).await;
    let proxy = json!({"name": "p", "scheme": "http", "host": "127.0.0.1", "port": 9, "username": "u", "password": CREDENTIAL});
    let proxy = format!("/proxies/{}", id(&walk.step(M::POST, "/proxies", at, proxy).await));
    walk.step(M::PATCH, &proxy, at, json!({"password": CREDENTIAL})).await;
    walk.step(M::POST, &format!("{proxy}/reset"), at, Value::Null).await;
    walk.step(M::DELETE, &proxy, at, Value::Null).await;
    let alias = json!({"kind": "alias", "pattern": "a", "targets": [{"account_id": account, "model": "b"}]});
    walk.step(M::PUT, "/model-routes", at, json!({"items": [alias]})).await;
    walk.step(M::DELETE, &path, at, Value::Null).await;

    let key = id(&walk.step(M::POST, "/keys", at, json!({"name": "k"})).await);
    let path = format!("/keys/{key}");
    walk.step(M::PATCH, &path, at, json!({"name": "l"})).await;
    walk.step(M::POST, &format!("{path}/rotate"), at, json!({"overlap_minutes": 5})).await;
    walk.step(M::DELETE, &format!("{path}/overlap"), at, Value::Null).await;
    let play = json!({"dialect": "anthropic", "body": "{}"});
    walk.step(M::POST, &format!("{path}/playground"), at, play).await;
    walk.step(M::DELETE, &path, at, Value::Null).await;
    walk.step(M::POST, &format!("{path}/restore"), at, Value::Null).await;
    // One for each key.
    let batch = json!({"count": 2, "key": {"name": "b"}});
    let made = walk.steps(2, M::POST, "/keys/batch", at, batch).await.body;
    let ids: Vec<_> = made["keys"].as_array().unwrap().iter().map(|k| k["id"].clone()).collect();
    let change = json!({"ids": ids, "change": {"enabled": false}});
    walk.steps(2, M::PATCH, "/keys/batch", at, change).await;
    walk.steps(2, M::POST, "/keys/batch/delete", at, json!({"ids": ids})).await;

    walk.step(M::PUT, "/prices/overrides/m", at, json!({"input": "1", "output": "2"})).await;
    walk.step(M::DELETE, "/prices/overrides/m", at, Value::Null).await;
    walk.step(M::POST, "/usage/import", at, Value::Null).await;
}

/// The organisation's own settings.
async fn settings(walk: &mut Walk, token: &str, made: Created) {
    use Method as M;
    let at = Some(token);
    walk.step(M::PATCH, "/organization", at, json!({"name": "Motors"})).await;
    walk.step(M::PUT, "/organization/key-ceilings", at, json!({"keys": 50})).await;
    let own =
        json!({"client": "ours", "name": "Ours", "when": [{"header": "user-agent", "matches": "ours/*"}]});
    walk.step(M::PUT, "/client-rules", at, json!({"rules": [own]})).await;
    walk.step(M::PATCH, "/organization/sign-in", at, json!({"registration": "approval"})).await;
    let said = json!({"level": "info", "text_en": "Hello"});
    let own = id(&walk.step(M::POST, "/organization/announcements", at, said).await);
    walk.step(M::DELETE, &format!("/organization/announcements/{own}"), at, Value::Null).await;

    let issuer = json!({"name": "a", "issuer": "http://127.0.0.1:9", "client_id": "b", "client_secret": CLIENT_SECRET});
    let provider = id(&walk.step(M::POST, "/sso/providers", at, issuer).await);
    let path = format!("/sso/providers/{provider}");
    walk.step(
        M::PUT,
        &path,
        at,
        json!({"name": "c", "issuer": "http://127.0.0.1:9", "client_id": "d", "enabled": true}),
    )
    .await;
    for allowed in [false, true] {
        walk.step(M::PATCH, "/sso", at, json!({"password_sign_in": allowed})).await;
    }
    let user = made.user;
    let identity = Uuid::now_v7();
    let linked = format!(
        "insert into oidc_identities (id, org_id, issuer, subject, user_id)
         values ('{identity}', '{}', 'http://127.0.0.1:9', 's', '{user}')",
        made.org
    );
    walk.world.meddle("oidc_identities", &linked).await;
    walk.step(M::DELETE, &format!("/me/identities/{identity}"), at, Value::Null).await;
    walk.step(M::DELETE, &path, at, Value::Null).await;
    // The operator's own domain is confirmed with it.
    walk.steps(2, M::POST, "/sso/domains", at, json!({"domain": "engines.example"})).await;
    let confirm = format!("/operator/organizations/{}/domains/engines.example", made.org);
    walk.step(M::DELETE, &confirm, at, Value::Null).await;
    walk.step(M::PUT, &confirm, at, Value::Null).await;
    walk.step(M::DELETE, "/sso/domains/engines.example", at, Value::Null).await;
}

/// How people come in, and go.
async fn people(walk: &mut Walk, token: &str, made: Created) {
    use Method as M;
    let at = Some(token);
    let invite = |email: &str| json!({"email": email, "role": "member", "delivery": "link"});
    let invited = walk.step(M::POST, "/invitations", at, invite("grace@example.com")).await;
    let again = format!("/invitations/{}/resend", id(&invited));
    let link = walk.step(M::POST, &again, at, json!({"delivery": "link"})).await.body["link"].clone();
    let form =
        json!({"token": shown(&link), "email": "grace@example.com", "name": "Grace", "password": PASSWORD});
    // Coming in, and signing in.
    walk.steps(2, M::POST, "/join/invitation", None, form).await;
    let unwanted = id(&walk.step(M::POST, "/invitations", at, invite("u@example.com")).await);
    walk.step(M::DELETE, &format!("/invitations/{unwanted}"), at, Value::Null).await;

    let opened = walk.step(M::POST, "/registration-links", at, json!({"max_uses": 5})).await;
    let form = json!({"token": shown(&opened.body["link"]), "email": "alan@example.com", "name": "Alan", "password": PASSWORD});
    let claim = walk.steps(0, M::POST, "/join/registration", None, form).await.body["claim"].clone();
    let waiting = walk.world.get("/registrations", at).await.body;
    let decide = format!("/registrations/{}/decide", waiting["items"][0]["id"].as_str().unwrap());
    walk.step(M::POST, &decide, at, json!({"approve": true})).await;
    walk.step(M::POST, "/join/registration/finish", None, json!({"claim": claim})).await;
    walk.step(M::DELETE, &format!("/registration-links/{}", id(&opened)), at, Value::Null).await;

    let member = walk.world.person(made, Role::Member, "edsger@example.com").await;
    let path = format!("/members/{member}");
    walk.step(M::PATCH, &path, at, json!({"role": "admin"})).await;
    walk.step(M::POST, &format!("{path}/reset-link"), at, Value::Null).await;
    let factor = format!("insert into totp (user_id, sealed, confirmed_at) values ('{member}', '', now())");
    sqlx::raw_sql(sqlx::AssertSqlSafe(factor)).execute(&mut walk.owner).await.unwrap();
    walk.step(M::DELETE, &format!("{path}/totp"), at, Value::Null).await;
    walk.step(M::DELETE, &path, at, Value::Null).await;
}

/// A person's own account.
async fn account(walk: &mut Walk, made: Created, sink: &mut Sink) {
    use Method as M;
    let email = "barbara@example.com";
    walk.world.person(made, Role::Owner, email).await;
    let (token, _) = sign_in(walk, email, PASSWORD).await;
    let (_, cookie) = sign_in(walk, email, PASSWORD).await;
    let (_, other) = sign_in(walk, email, PASSWORD).await;
    let at = Some(token.as_str());
    for (cookie, lines, path) in [(&cookie, 0, "/auth/refresh"), (&other, 1, "/auth/sign-out")] {
        let before = walk.lines().await;
        let answer = walk.world.call(M::POST, path, None, None, &[("cookie", cookie)]).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        assert_eq!(walk.lines().await - before, lines, "{path}");
        walk.walked.insert(format!("POST {path}"));
    }
    walk.step(M::PATCH, "/me", at, json!({"name": "Barbara"})).await;
    let passwords =
        json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD, "end_other_sessions": false});
    walk.step(M::POST, "/me/password", at, passwords).await;
    let sessions = walk.world.get("/me/sessions", at).await.body;
    let other = sessions.as_array().unwrap().iter().find(|s| s["current"] == json!(false)).unwrap();
    walk.step(M::DELETE, &format!("/me/sessions/{}", other["id"].as_str().unwrap()), at, Value::Null).await;
    sign_in(walk, email, NEW_PASSWORD).await;
    walk.step(M::DELETE, "/me/sessions", at, Value::Null).await;

    let begun = walk.steps(0, M::POST, "/me/totp", at, json!({"password": NEW_PASSWORD})).await.body;
    let app = App::with(begun["secret"].as_str().unwrap());
    walk.step(M::POST, "/me/totp/confirm", at, json!({"code": app.code(-1)})).await;
    walk.step(M::POST, "/me/totp/recovery-codes", at, json!({"code": app.code(0)})).await;
    let entering = json!({"email": email, "password": NEW_PASSWORD});
    let challenge = walk.steps(0, M::POST, "/auth/sign-in", None, entering).await.body["challenge"].clone();
    let second = json!({"challenge": challenge, "code": app.code(1)});
    walk.step(M::POST, "/auth/second-step", None, second).await;
    let back = "update totp set last_step = last_step - 100";
    sqlx::raw_sql(back).execute(&mut walk.owner).await.unwrap();
    let stop = json!({"password": NEW_PASSWORD, "code": app.code(0)});
    walk.step(M::POST, "/me/totp/disable", at, stop).await;

    let tomorrow = Utc::now() + Duration::days(1);
    let robot = json!({"name": "t", "scopes": ["keys:read"], "expires_at": tomorrow});
    let robot = id(&walk.step(M::POST, "/tokens", at, robot).await);
    walk.step(M::DELETE, &format!("/tokens/{robot}"), at, Value::Null).await;

    // Mails that tell of all this may have come.
    walk.step(M::POST, "/auth/forgot-password", None, json!({"email": email})).await;
    let token = loop {
        let mail = sink.next().await;
        if let Some((_, token)) =
            mail.text.lines().find_map(|line| line.split_once("/web/reset-password#token="))
        {
            break token.to_owned();
        }
    };
    walk.secrets.push(token.clone());
    let reset = json!({"token": token, "password": "another horse battery staple"});
    walk.step(M::POST, "/auth/reset-password", None, reset).await;
}

/// What the operator decides.
async fn operator(walk: &mut Walk, token: &str, rivals: Created, rival: &str) {
    use Method as M;
    let at = Some(token);
    let person = walk.world.person(rivals, Role::Member, "leslie@example.com").await;
    let tenant = format!("/operator/organizations/{}", rivals.org);
    walk.step(M::PATCH, &tenant, at, json!({"multiplier": "2"})).await;
    walk.step(M::POST, &format!("{tenant}/entries"), at, json!({"kind": "credit", "amount_usd": "5"})).await;
    walk.step(M::POST, &format!("{tenant}/enter"), at, json!({"reason": "a look"})).await;
    walk.step(M::POST, &format!("{tenant}/leave"), at, Value::Null).await;
    let path = format!("/operator/people/{person}");
    for change in [json!({"disabled": true}), json!({"disabled": false}), json!({"is_operator": true})] {
        walk.step(M::PATCH, &path, at, change).await;
    }
    let said = json!({"level": "info", "text_en": "Hello"});
    let said = id(&walk.step(M::POST, "/operator/announcements", at, said).await);
    walk.step(M::DELETE, &format!("/operator/announcements/{said}"), at, Value::Null).await;
    walk.step(M::PUT, "/operator/prices/overrides/m", at, json!({"input": "1", "output": "2"})).await;
    walk.step(M::DELETE, "/operator/prices/overrides/m", at, Value::Null).await;
    walk.step(M::PUT, "/operator/multipliers/anthropic", at, json!({"multiplier": "2"})).await;
    walk.step(M::PUT, "/operator/providers/bedrock", at, json!({"enabled": false})).await;
    walk.step(M::DELETE, "/operator/providers/bedrock", at, Value::Null).await;
    let made = walk.step(M::POST, "/operator/codes", at, json!({"amount_usd": "5", "count": 2})).await.body;
    walk.step(M::POST, "/balance/redeem", Some(rival), json!({"code": made["codes"][0]})).await;
    let batch = format!("/operator/codes/{}", made["batch"]["id"].as_str().unwrap());
    let code = walk.world.get(&batch, at).await.body["items"][0]["id"].as_str().unwrap().to_owned();
    walk.step(M::DELETE, &format!("{batch}/{code}"), at, Value::Null).await;
    walk.step(M::DELETE, &batch, at, Value::Null).await;
    let account = walk.world.account(rival).await;
    let (key, _) = walk.world.key(rival, "laptop").await;
    for (end, body) in [("close", json!({"reason": "counted by hand"})), ("write", Value::Null)] {
        let lost = walk.world.event(rivals, &key, &account);
        ledger::bury(&walk.world.store.jobs, &lost, "a test").await.unwrap();
        walk.step(M::POST, &format!("/operator/dead-letters/{}/{end}", lost.request), at, body).await;
    }
    let tenant = json!({"name": "New", "owner_email": "rival@example.com"});
    walk.step(M::POST, "/operator/organizations", at, tenant).await;
}

/// Going from one organisation to another.
async fn moving(walk: &mut Walk, token: &str, made: Created, rival: &str) {
    use Method as M;
    let invite = json!({"email": "rival@example.com", "role": "member", "delivery": "link"});
    let link = walk.step(M::POST, "/invitations", Some(token), invite).await.body["link"].clone();
    walk.step(M::POST, "/me/memberships", Some(rival), json!({"token": shown(&link)})).await;
    let heir = walk.world.person(made, Role::Member, "heir@example.com").await;
    walk.step(M::POST, &format!("/members/{heir}/transfer"), Some(token), Value::Null).await;
    walk.step(M::POST, "/me/leave", Some(token), Value::Null).await;
}

#[tokio::test]
async fn each_change_leaves_one_line_and_no_secret_in_it() {
    world::with_mail(|world, made, token, mut sink| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let mut walk = Walk::new(world).await;
        walk.secrets.push(token.clone());
        things(&mut walk, &token).await;
        settings(&mut walk, &token, made).await;
        people(&mut walk, &token, made).await;
        account(&mut walk, made, &mut sink).await;
        operator(&mut walk, &token, rivals, &rival).await;
        moving(&mut walk, &token, made, &rival).await;
        let all_of_it: Vec<String> =
            sqlx::query_scalar("select a::text from audit a").fetch_all(&mut walk.owner).await.unwrap();
        assert!(walk.secrets.len() > 40, "{}", walk.secrets.len());
        for secret in &walk.secrets {
            assert!(all_of_it.iter().all(|line| !line.contains(secret)), "a secret is in the log");
        }

        // Nothing that changes something is left out without a reason. Setting up is a walk of its own, below.
        for operation in walk.spec.operations().iter().filter(|o| o.method != Method::GET) {
            let name = operation.name();
            let known = walk.walked.contains(&name)
                || name == "POST /setup"
                || SILENT.iter().any(|(silent, _)| *silent == name);
            assert!(known, "{name} is not walked: does it leave a line?");
        }
    })
    .await;
}

#[tokio::test]
async fn setting_up_leaves_a_line_for_the_organisation_and_one_for_the_session() {
    world::empty(|world| async move {
        let token = causeway_store::setup::issue_token(&world.store.app).await.unwrap().unwrap();
        let mut walk = Walk::new(world).await;
        let form = json!({"token": token, "organization": "Engines", "name": "Ada", "email": "ada@example.com", "password": PASSWORD});
        walk.steps(2, Method::POST, "/setup", None, form).await;
    })
    .await;
}
