//! Calls made up from the document: each operation with parameters and bodies that its schemas allow, and with ones that
//! they do not. No answer is an error of ours, each is as the document has it, and none tells of another organisation.
//!
//! The same calls every time. `CAUSEWAY_FUZZ=<seed>,<rounds>` makes other ones, or more.

mod values;

use crate::{
    matrix::things::{Makers, Things},
    spec::{Operation, Spec},
    world::{self, World},
};
use axum::body::Body;
use causeway_accounts::MasterKey;
use causeway_admin::{
    auth::token::{AccessKeys, Claims},
    people::Created,
};
use causeway_domain::Role;
use chrono::Utc;
use futures_util::FutureExt;
use http::{Method, Request, header};
use http_body_util::BodyExt;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    time::Duration,
};
use tower::ServiceExt;
use uuid::Uuid;
use values::{Chance, Maker};

const SEED: u64 = 20_261_129;
const ROUNDS: usize = 18;

/// They hash passwords, or wait on purpose.
const SLOW: &[&str] = &["/auth/", "/join/", "/setup", "/me/password", "/me/totp"];

/// They take away what others need.
const LAST: &[&str] = &["/me/leave", "/members/{id}/transfer", "/keys/batch/delete"];

/// A call as it is sent.
struct Call {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    fn text(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {} {:?} {body}", self.method, self.path, self.headers)
    }
}

/// An answer as it came.
struct Reply {
    status: u16,
    kind: Option<String>,
    headers: String,
    body: Vec<u8>,
}

async fn send(world: &World, call: &Call, token: &str) -> Result<Reply, String> {
    let mut request = Request::builder().method(call.method.clone()).uri(format!("/admin/v1{}", call.path));
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let request = request
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(call.body.clone()))
        .map_err(|e| format!("cannot be sent: {e}"))?;
    let router = world.router.clone();
    let answer = AssertUnwindSafe(async move {
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    });
    let answered = tokio::time::timeout(Duration::from_secs(20), answer.catch_unwind()).await;
    let (parts, body) = answered.map_err(|_| "does not answer")?.map_err(|_| "panics")?;
    Ok(Reply {
        status: parts.status.as_u16(),
        kind: parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned()),
        headers: format!("{:?}", parts.headers),
        body: body.to_vec(),
    })
}

/// A call of an operation, made up.
fn invent(spec: &Spec, operation: &Operation, maker: &mut Maker<'_>) -> Call {
    let mut call = Call {
        method: operation.method.clone(),
        path: operation.path.clone(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        if !parameter.required && !maker.chance.one_in(3) {
            continue;
        }
        let value = maker.parameter(spec, operation, parameter);
        match parameter.place.as_str() {
            "path" => call.path = call.path.replace(&format!("{{{}}}", parameter.name), &value),
            "query" => query.push(format!("{}={value}", parameter.name)),
            _ if value.is_ascii() => call.headers.push((parameter.name.clone(), value)),
            _ => {}
        }
    }
    if maker.wild && maker.chance.one_in(6) {
        query.extend(query.first().cloned());
        query.push(
            maker.chance.pick(&["x=1", "limit=%00", "=", "&&", "cursor=%ff", "limit=1&limit=2"]).to_string(),
        );
    }
    if !query.is_empty() {
        call.path = format!("{}?{}", call.path, query.join("&"));
    }
    if let Some((kind, schema)) = &operation.body {
        let value = maker.value(spec, schema, "");
        call.body = maker.spoiled(value.to_string().into_bytes());
        let kind = if maker.wild && maker.chance.one_in(20) { "text/plain" } else { kind };
        call.headers.push((header::CONTENT_TYPE.to_string(), kind.to_owned()));
    }
    call
}

/// Somebody new who is signed in, without all that signing in takes.
async fn caller(world: &World, made: Created, operator: bool) -> String {
    let email = format!("{}@fuzz.example", Uuid::now_v7());
    let claims = Claims {
        user: world.person(made, Role::Owner, &email).await,
        session: Uuid::now_v7(),
        org: made.org,
    };
    let script = format!(
        "insert into sessions (id, user_id, org_id) values ('{}', '{}', '{}');
         update users set is_operator = {operator} where id = '{1}'; delete from sign_in_failures",
        claims.session, claims.user, claims.org
    );
    let mut owner = world.database().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut owner).await.unwrap();
    let keys = AccessKeys::new(&MasterKey::new(world::MASTER.to_vec().into()).unwrap());
    keys.issue(claims, Utc::now()).unwrap()
}

/// Takes back what would keep its people from doing anything further.
async fn reopen(world: &World) {
    let open = "update organisations set status = 'active', suspended_at = null, suspended_reason = null, plan = '{}', \
                key_ceilings = '{}', require_totp = false, password_sign_in = true, registration = 'approval', \
                credit_nanos = null";
    world.meddle("organisations", open).await;
    let mut owner = world.database().await;
    let open = "update users set disabled_at = null; delete from providers";
    sqlx::raw_sql(open).execute(&mut owner).await.unwrap();
}

/// What only the other organisation knows.
fn secrets(rivals: &Things) -> Vec<String> {
    let shared = [
        "notice",
        "batch",
        "code",
        "code_text",
        "tomorrow",
        "month",
        "password",
        "model",
        "kind",
        "upstream",
        "step",
        "dimension",
        "record",
        // A provider that an operator has made is everybody's.
        "open",
    ];
    let of_things =
        rivals.values().filter(|(name, _)| !shared.contains(name)).map(|(_, value)| value.to_owned());
    of_things.chain(["Rivals".to_owned(), "rival@example.com".to_owned()]).collect()
}

#[allow(clippy::disallowed_methods, reason = "tests have no command line")]
fn settings() -> (u64, usize) {
    let set = std::env::var("CAUSEWAY_FUZZ").unwrap_or_default();
    let (seed, rounds) = set.split_once(',').unwrap_or_default();
    (seed.parse().unwrap_or(SEED), rounds.parse().unwrap_or(ROUNDS))
}

/// What was found, and the first call that showed it.
#[derive(Default)]
struct Findings(BTreeMap<String, String>);

impl Findings {
    fn add(&mut self, operation: &Operation, what: &str, call: &Call) {
        let what: String = what.chars().take(160).collect();
        let call: String = call.text().chars().take(1500).collect();
        self.0.entry(format!("{}: {what}", operation.name())).or_insert(call);
    }
}

#[tokio::test]
async fn whatever_is_sent_is_answered_as_the_document_says_and_never_with_an_error_of_ours() {
    world::with_owner(|world, home, operator| async move {
        let made = world.owner("Motors", "keeper@example.com").await;
        let keeper = world.sign_in("keeper@example.com").await;
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let makers = Makers { world: &world, made: rivals, owner: &rival, operator: &operator };
        let theirs = makers.things(0).await;
        let secrets = secrets(&theirs);
        let (seed, rounds) = settings();
        let spec = Spec::new();
        let mut operations = spec.operations();
        operations.sort_by_key(|o| (LAST.contains(&o.path.as_str()), o.method == Method::DELETE));
        let (mut calls, mut findings, mut well) = (0, Findings::default(), BTreeSet::new());
        let mut own = None;
        for (n, operation) in operations.iter().enumerate() {
            let for_operator = operation.path.starts_with("/operator");
            reopen(&world).await;
            if n % 20 == 0 {
                let keeper = if n == 0 { keeper.clone() } else { caller(&world, made, false).await };
                let operator = caller(&world, home, true).await;
                let makers = Makers { world: &world, made, owner: &keeper, operator: &operator };
                own = Some(makers.things(n + 1).await);
            }
            let own = own.as_ref().unwrap();
            let token = caller(&world, if for_operator { home } else { made }, for_operator).await;
            let slow = SLOW.iter().any(|path| operation.path.starts_with(path));
            let rounds = if slow { rounds.div_ceil(4) } else { rounds };
            for round in 0..rounds {
                let chance = Chance::new(seed, n, round);
                let mut maker = Maker { chance, wild: round % 3 != 0, own, theirs: &theirs };
                let call = invent(&spec, operation, &mut maker);
                calls += 1;
                let reply = match send(&world, &call, &token).await {
                    Ok(reply) => reply,
                    Err(what) => {
                        findings.add(operation, &what, &call);
                        continue;
                    }
                };
                if reply.status < 400 {
                    well.insert(operation.name());
                }
                if reply.status >= 500 {
                    findings.add(operation, &reply.status.to_string(), &call);
                } else if let Err(what) =
                    spec.check(operation, reply.status, reply.kind.as_deref(), &reply.body)
                {
                    findings.add(operation, &what, &call);
                }
                let (sent, text) = (call.text(), String::from_utf8_lossy(&reply.body).into_owned());
                let leak = secrets.iter().find(|secret| {
                    !sent.contains(*secret) && (text.contains(*secret) || reply.headers.contains(*secret))
                });
                if let Some(secret) = leak
                    && !for_operator
                {
                    findings.add(operation, &format!("tells {secret} of another organisation"), &call);
                }
            }
        }
        let never: Vec<_> =
            operations.iter().map(Operation::name).filter(|name| !well.contains(name)).collect();
        let (all, refused) = (operations.len(), never.len());
        println!(
            "{calls} calls of {all} operations; {} did what was asked, these not once: {never:?}",
            all - refused
        );
        let found: Vec<_> = findings.0.iter().map(|(what, call)| format!("{what}\n    {call}")).collect();
        assert!(found.is_empty(), "{} findings with seed {seed}:\n{}", found.len(), found.join("\n"));
        // Some need a link, a code or a password that nobody can guess; of the others none may only ever be refused.
        assert!(refused * 4 <= all, "the calls are too wild, these were always refused: {never:?}");
    })
    .await;
}
