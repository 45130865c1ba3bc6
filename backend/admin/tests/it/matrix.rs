//! Every operation × every kind of caller: nobody, each role, another tenant, who belongs nowhere or no longer, what is
//! expired or revoked, tokens with too little and with enough scope, operators inside, a suspended organisation. A row for
//! each operation of the document, so that a new one cannot be forgotten; and what is refused, or only reads, changes
//! nothing in the whole database.

pub(crate) mod table;
pub(crate) mod things;

use crate::{
    witness::Witness,
    world::{self, World},
};
use causeway_accounts::MasterKey;
use causeway_admin::{
    auth::token::{AccessKeys, Claims},
    people::Created,
};
use causeway_domain::{OrgId, Role, UserId};
use causeway_openapi::Scope;
use chrono::{Duration, Utc};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use table::{Need, Row, rows};
use things::{Makers, Things, shape};
use uuid::Uuid;

/// What is known of a caller.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// As a column of the table has it.
    Column(usize),
    /// A member who shares accounts and does nothing else.
    Contributor,
    /// Signed in, and not here.
    Outside,
    /// Known no longer.
    Over,
    /// A token with every scope but the one that is needed.
    TooLittle,
    /// A token of an owner with the scope that is needed and no other.
    Enough,
    /// An operator inside, with the rights of a column.
    Inside(usize),
    /// The owner of an organisation that is suspended.
    Suspended,
}

/// With what they call.
enum Shown {
    Nothing,
    One(String),
    /// For each scope that can be needed, or none.
    Tokens(Vec<(Option<Scope>, String)>),
}

struct Case {
    name: &'static str,
    standing: Standing,
    shown: Shown,
    organization: Option<OrgId>,
    things: Things,
}

impl Case {
    fn shown(&self, need: Need) -> Option<&str> {
        match &self.shown {
            Shown::Nothing => None,
            Shown::One(token) => Some(token),
            Shown::Tokens(all) => {
                all.iter().find(|(of, _)| *of == scope(need)).map(|(_, token)| token.as_str())
            }
        }
    }

    /// The status that the row has for the case.
    fn expected(&self, row: &Row) -> u16 {
        let suspended = match row.need {
            Need::Right(right) | Need::PersonWith(right) => !right.only_reads(),
            need => need == Need::Member,
        };
        match (self.standing, row.path) {
            // The key would be theirs, and they are no member.
            (Standing::Inside(ADMIN), "/keys" | "/keys/batch") if row.method == Method::POST => return 422,
            // Who is inside to look has no account of their own to connect.
            (Standing::Inside(column), path)
                if column < ADMIN
                    && path.starts_with("/accounts/authorizations/")
                    && row.method != Method::GET =>
            {
                return 403;
            }
            // Of tokens nothing is left to them but their own.
            (Standing::Suspended, "/tokens/{token}") => return 404,
            _ => {}
        }
        match (self.standing, row.need) {
            (_, Need::Nothing) => row.status[0],
            (Standing::Column(column), _) => row.status[column],
            (Standing::Contributor, _) => row.contributor(),
            (Standing::Over, _) => 401,
            (Standing::Inside(_), Need::Operator(status)) => status,
            (Standing::Inside(_), Need::Member) => 403,
            (Standing::Inside(column), _) => row.status[column],
            (Standing::Outside, Need::Oneself) => row.status[OWNER],
            (Standing::Outside, _) => 403,
            (Standing::TooLittle | Standing::Enough, Need::Anyone) => row.status[OWNER],
            (Standing::Enough, Need::Right(right)) if Scope::of(right).is_some() => row.status[OWNER],
            (Standing::TooLittle | Standing::Enough, _) => 403,
            (Standing::Suspended, _) if suspended => 403,
            (Standing::Suspended, _) => row.status[OWNER],
        }
    }
}

const ADMIN: usize = 3;
const OWNER: usize = 4;

/// The scope with which a token may do it.
fn scope(need: Need) -> Option<Scope> {
    match need {
        Need::Right(right) => Scope::of(right),
        _ => None,
    }
}

/// The people, tokens and organisations that the cases are made of.
struct Stage {
    world: World,
    operator: String,
    /// The organisation that everything is about, another one, and one that will be suspended.
    tenant: (Created, String),
    rivals: (Created, String),
    halted: (Created, String),
    cases: Vec<Case>,
}

impl Stage {
    async fn new(world: World, home: Created, operator: String) -> Self {
        let mut tenants = Vec::new();
        for (name, email) in [
            ("Motors", "keeper@example.com"),
            ("Rivals", "rival@example.com"),
            ("Halted", "halted@example.com"),
        ] {
            tenants.push((world.owner(name, email).await, world.sign_in(email).await));
        }
        let [tenant, rivals, halted] = tenants.try_into().unwrap_or_else(|_| unreachable!());
        let mut stage = Self { world, operator, tenant, rivals, halted, cases: Vec::new() };
        stage.roles().await;
        stage.strangers().await;
        stage.tokens().await;
        stage.operators(home).await;
        stage.halt().await;
        stage
    }

    async fn add(
        &mut self,
        name: &'static str,
        standing: Standing,
        shown: Shown,
        organization: Option<OrgId>,
    ) {
        let (made, owner) = if matches!(standing, Standing::Suspended) { &self.halted } else { &self.tenant };
        let makers = Makers { world: &self.world, made: *made, owner, operator: &self.operator };
        let things = makers.things(self.cases.len()).await;
        self.cases.push(Case { name, standing, shown, organization, things });
    }

    /// Signs in somebody new.
    async fn person(&self, made: Created, role: Role) -> (UserId, String) {
        let email = format!("{}@example.com", Uuid::now_v7());
        let user = self.world.person(made, role, &email).await;
        (user, self.world.sign_in(&email).await)
    }

    async fn roles(&mut self) {
        self.add("nobody", Standing::Column(0), Shown::Nothing, None).await;
        let roles = [Role::Viewer, Role::Member, Role::Admin, Role::Owner];
        for (role, name) in roles.into_iter().zip(["viewer", "member", "admin", "owner"]) {
            let (_, token) = self.person(self.tenant.0, role).await;
            let column = 1 + roles.iter().position(|r| *r == role).unwrap();
            self.add(name, Standing::Column(column), Shown::One(token), None).await;
        }
        let (_, token) = self.person(self.tenant.0, Role::Contributor).await;
        self.add("contributor", Standing::Contributor, Shown::One(token), None).await;
        // Its owner is the last one there.
        let rival = self.rivals.1.clone();
        let path = "/organization/sign-in";
        self.world.patch(path, Some(&rival), json!({"registration": "approval"})).await;
        self.add("owner of another organisation", Standing::Column(5), Shown::One(rival), None).await;
    }

    async fn strangers(&mut self) {
        let master = MasterKey::new(world::MASTER.to_vec().into()).unwrap();
        let keys = AccessKeys::new(&master);
        let (_, token) = self.person(self.tenant.0, Role::Owner).await;
        let organization = Some(self.rivals.0.org);
        self.add("owner who names another organisation", Standing::Outside, Shown::One(token), organization)
            .await;

        let (user, token) = self.person(self.tenant.0, Role::Owner).await;
        let gone = format!("delete from memberships where user_id = '{user}'");
        self.world.meddle("memberships", &gone).await;
        self.add("owner who was removed", Standing::Outside, Shown::One(token), None).await;

        // Nobody without an organisation can sign in, so the session is made by hand.
        let claims =
            Claims { user: UserId(Uuid::now_v7()), session: Uuid::now_v7(), org: OrgId(Uuid::now_v7()) };
        let hash = "select password_hash from users where email = 'keeper@example.com'";
        let script = format!(
            "insert into users (id, email, name, password_hash) values ('{0}', 'homeless@example.com', 'Ada', ({hash}));
             insert into sessions (id, user_id) values ('{1}', '{0}')",
            claims.user, claims.session
        );
        let mut owner = self.world.database().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut owner).await.unwrap();
        let token = keys.issue(claims, Utc::now()).unwrap();
        self.add("person without organisation", Standing::Outside, Shown::One(token), None).await;

        let (_, token) = self.person(self.tenant.0, Role::Owner).await;
        let then = Utc::now() - Duration::seconds(960);
        let token = keys.issue(keys.read(&token).unwrap(), then).unwrap();
        self.add("owner whose access token has expired", Standing::Over, Shown::One(token), None).await;
    }

    async fn tokens(&mut self) {
        let (_, owner) = self.person(self.tenant.0, Role::Owner).await;
        let all = Scope::ALL.to_vec();
        let (mut little, mut enough) = (Vec::new(), Vec::new());
        for needed in Scope::ALL {
            let others = all.iter().copied().filter(|scope| !scope.covers(*needed)).collect();
            little.push((Some(*needed), self.token(&owner, others).await.1));
            enough.push((Some(*needed), self.token(&owner, vec![*needed]).await.1));
        }
        // Where no scope is enough, all of them are too little.
        little.push((None, self.token(&owner, all.clone()).await.1));
        enough.push((None, self.token(&owner, all.clone()).await.1));
        self.add("token with too little scope", Standing::TooLittle, Shown::Tokens(little), None).await;
        self.add("token with enough scope", Standing::Enough, Shown::Tokens(enough), None).await;
        let (id, expired) = self.token(&owner, all.clone()).await;
        let age = format!("update api_tokens set expires_at = now() - interval '1 second' where id = '{id}'");
        self.world.meddle("api_tokens", &age).await;
        self.add("token that has expired", Standing::Over, Shown::One(expired), None).await;
        let (id, revoked) = self.token(&owner, all).await;
        let path = format!("/tokens/{id}");
        assert_eq!(self.world.call(Method::DELETE, &path, Some(&owner), None, &[]).await.status, 204);
        self.add("token that was revoked", Standing::Over, Shown::One(revoked), None).await;
    }

    async fn token(&self, owner: &str, scopes: Vec<Scope>) -> (String, String) {
        let body = json!({"name": "a", "scopes": scopes, "expires_at": Utc::now() + Duration::days(1)});
        let made = self.world.post("/tokens", Some(owner), body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    async fn operators(&mut self, home: Created) {
        let inside = [("operator inside to read", "read", 1), ("operator inside to change", "admin", ADMIN)];
        for (name, access, column) in inside {
            let (user, token) = self.person(home, Role::Owner).await;
            let appoint = format!("update users set is_operator = true where id = '{user}'");
            let mut owner = self.world.database().await;
            sqlx::raw_sql(sqlx::AssertSqlSafe(appoint)).execute(&mut owner).await.unwrap();
            let org = self.tenant.0.org;
            let path = format!("/operator/organizations/{org}/enter");
            let entered =
                self.world.post(&path, Some(&token), json!({"reason": "a look", "access": access})).await;
            assert_eq!(entered.status, 200, "{}", entered.body);
            self.add(name, Standing::Inside(column), Shown::One(token), Some(org)).await;
        }
    }

    async fn halt(&mut self) {
        let (_, token) = self.person(self.halted.0, Role::Owner).await;
        self.add("owner of a suspended organisation", Standing::Suspended, Shown::One(token), None).await;
        let path = format!("/operator/organizations/{}", self.halted.0.org);
        let body = json!({"status": "suspended", "suspended_reason": "unpaid"});
        assert_eq!(self.world.patch(&path, Some(&self.operator), body).await.status, 200);
    }
}

#[tokio::test]
async fn every_operation_answers_every_caller_as_it_should_and_refusals_change_nothing() {
    world::with_owner(|world, home, operator| async move {
        let stage = Stage::new(world, home, operator).await;
        let (world, rows) = (&stage.world, rows());
        let mut witness = Witness::of(world).await;
        let (mut calls, mut refused, mut wrong) = (0, 0, Vec::new());
        for case in &stage.cases {
            // Who has redeemed a code is prepaid, and has no prices of their own.
            let tenant = format!("/operator/organizations/{}", stage.tenant.0.org);
            let postpaid = world.patch(&tenant, Some(&stage.operator), json!({"prepaid": false})).await;
            assert_eq!(postpaid.status, 200, "{}", postpaid.body);
            witness.changes().await;
            for row in &rows {
                witness.forget_attempts().await;
                let mut tries = vec![(case.things.fill(row.path), case.expected(row))];
                // What is not there is 404 for the operator too.
                if matches!((case.standing, row.need), (Standing::Inside(_), Need::Operator(_))) {
                    let nowhere = case.things.fill_with_nothing(row.path);
                    tries.extend((nowhere != tries[0].0).then_some((nowhere, 404)));
                    tries.reverse();
                }
                for (path, expected) in tries {
                    let body = row.body.map(|body| case.things.fill(body));
                    let named = case.organization.map(|org| org.to_string());
                    let named: Vec<_> = named.iter().map(|org| ("x-organization", org.as_str())).collect();
                    let shown = case.shown(row.need);
                    let answer = world.call(row.method.clone(), &path, shown, body, &named).await;
                    let changes = witness.changes().await;
                    calls += 1;
                    let what = format!("{} {} as {}: {}", row.method, row.path, case.name, answer.status);
                    if answer.status != expected {
                        wrong.push(format!("{what}, not {expected}: {}", answer.body));
                    }
                    let is_refused = answer.status.is_client_error();
                    refused += usize::from(is_refused);
                    if (is_refused || row.method == Method::GET) && !changes.is_empty() {
                        wrong.push(format!("{what}, and yet {changes:?}"));
                    }
                    // A wrong code is 401 too, and something else.
                    let asks_for_a_code = row.path.ends_with("/totp/confirm") && shown.is_some();
                    let code = answer.body["code"].as_str();
                    if row.need != Need::Nothing
                        && expected == 401
                        && code != Some("not_signed_in")
                        && !(asks_for_a_code && code == Some("wrong_code"))
                    {
                        wrong.push(format!("{what}: {}", answer.body));
                    }
                }
            }
        }
        let (operations, cases) = (rows.len(), stage.cases.len());
        println!("{operations} operations × {cases} cases: {calls} calls, of which {refused} were refused");
        assert!(wrong.is_empty(), "{} of {calls} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}

/// The operations of the document, each with what it says of its caller.
fn documented() -> Vec<(String, Value)> {
    let document = serde_json::to_value(causeway_admin::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/admin/v1").unwrap();
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            found.push((shape(&method, path), operation["security"].clone()));
        }
    }
    found
}

#[test]
fn no_operation_is_missing_from_the_table() {
    let documented: BTreeSet<_> = documented().into_iter().map(|(operation, _)| operation).collect();
    let tabled: BTreeSet<_> = rows().iter().map(|row| shape(&row.method, row.path)).collect();
    assert_eq!(documented, tabled);
}

/// The table is held against the guards by the calls above, and so is the document by the table.
#[test]
fn the_document_tells_of_each_operation_what_it_needs() {
    let rows = rows();
    for (operation, told) in documented() {
        let need = rows.iter().find(|row| shape(&row.method, row.path) == operation).unwrap().need;
        let expected = match need {
            // The cookie is a proof of its own.
            Need::Nothing if ["POST /auth/refresh", "POST /auth/sign-out"].contains(&operation.as_str()) => {
                json!([{"refresh": []}])
            }
            Need::Nothing => json!([{}]),
            Need::Anyone => json!([{"bearer": []}, {"api_token": []}]),
            need => match scope(need) {
                Some(scope) => json!([{"bearer": []}, {"api_token": [scope.as_str()]}]),
                None => json!([{"bearer": []}]),
            },
        };
        assert_eq!(told, expected, "{operation}");
    }
}

#[tokio::test]
async fn a_person_of_two_organisations_enters_the_one_they_name_and_no_third() {
    world::with_owner(|world, made, token| async move {
        let second = world.owner("Second", "second@example.com").await;
        let third = world.owner("Third", "third@example.com").await;
        let mut tx = causeway_store::TenantTx::begin(&world.store.app, second.org, None).await.unwrap();
        causeway_store::memberships::insert(&mut tx, made.user, Role::Viewer).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        let call = |org: String| {
            let (world, token) = (world.clone(), token.clone());
            async move { world.call(Method::GET, "/me", Some(&token), None, &[("x-organization", &org)]).await }
        };
        let answer = call(second.org.to_string()).await;
        assert_eq!((answer.body["role"].clone(), answer.status.as_u16()), (json!("viewer"), 200));
        assert_eq!(answer.body["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(call(third.org.to_string()).await.status, 403);
        assert_eq!(call("nonsense".to_owned()).await.status, 400);
    })
    .await;
}
