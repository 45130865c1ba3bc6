//! Single sign-on, against the simulator's identity provider, with the test as the browser.

use crate::world::{self, Answer, World};
use causeway_admin::people::Created;
use causeway_domain::{OrgId, Role};
use causeway_simulator::{
    Simulator, SimulatorConfig,
    issuer::{CLIENT_SECRET, IssuerFault, Person, Signing},
};
use http::Method;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};
use std::{collections::HashMap, future::Future, sync::Arc};
use uuid::Uuid;

/// An organisation that trusts an issuer, with the domain example.com.
#[derive(Clone)]
struct Scene {
    world: World,
    made: Created,
    /// Of its owner, who is the operator too.
    owner: String,
    provider: String,
}

/// What a browser holds.
#[derive(Clone, Default)]
struct Browser(HashMap<String, String>);

async fn scene<F, T>(settings: Value, test: F)
where
    F: FnOnce(Scene, Arc<Simulator>) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    world::with_owner(|world, made, owner| async move {
        let simulator = Arc::new(Simulator::start(SimulatorConfig::default()).await.unwrap());
        let issuer = simulator.issuer();
        issuer.add(Person::new("ada", "ada@example.com", &["staff"]));
        issuer.consent_as(Some("ada"));
        let mut body = json!({
            "name": "Simulated", "issuer": issuer.url(), "client_id": "causeway", "client_secret": CLIENT_SECRET,
            "default_role": "member", "auto_join": true, "enabled": true
        });
        for (name, value) in settings.as_object().unwrap() {
            body[name] = value.clone();
        }
        let added = world.post("/sso/providers", Some(&owner), body).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let domain = world.post("/sso/domains", Some(&owner), json!({"domain": "Example.com"})).await;
        assert_eq!(domain.status, 201, "{}", domain.body);
        assert!(domain.body["confirmed_at"].is_string(), "{}", domain.body);
        let provider = added.body["id"].as_str().unwrap().to_owned();
        test(Scene { world, made, owner, provider }, Arc::clone(&simulator)).await;
    })
    .await;
}

impl Browser {
    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
    }

    async fn get(&mut self, world: &World, path: &str) -> Answer {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = world.call(Method::GET, path, None, None, &[("cookie", &cookies.join("; "))]).await;
        self.keep(&answer);
        answer
    }

    /// To the issuer, and to the address that it sends back to.
    async fn consent(&mut self, scene: &Scene) -> String {
        let begun =
            self.get(&scene.world, &format!("/auth/oidc/{}/begin?to=/web/keys", scene.provider)).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        go(&location(&begun)).await
    }

    /// All of it.
    async fn sign_in(&mut self, scene: &Scene) -> Answer {
        let back = self.consent(scene).await;
        self.get(&scene.world, &back).await
    }

    /// An access token of whoever signed in.
    async fn token(&mut self, scene: &Scene) -> String {
        let signed = self.sign_in(scene).await;
        assert_eq!(
            location(&signed),
            "/web/sign-in?sso=done&next=%2Fweb%2Fkeys",
            "{:?}",
            self.why(scene).await
        );
        self.renew(scene).await.body["access_token"].as_str().unwrap().to_owned()
    }

    async fn renew(&mut self, scene: &Scene) -> Answer {
        let cookie = format!("causeway_refresh={}", self.0["causeway_refresh"]);
        let answer =
            scene.world.call(Method::POST, "/auth/refresh", None, None, &[("cookie", &cookie)]).await;
        self.keep(&answer);
        answer
    }

    /// Why the last sign-in failed.
    async fn why(&mut self, scene: &Scene) -> Value {
        let path = format!("/auth/oidc/{}/outcome", scene.provider);
        self.get(&scene.world, &path).await.body
    }

    /// A sign-in that must fail; the reason.
    async fn refused(&mut self, scene: &Scene) -> (String, String) {
        let answer = self.sign_in(scene).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert!(location(&answer).starts_with("/web/sign-in?sso_failed="), "{}", location(&answer));
        assert!(!self.0.contains_key("causeway_refresh"));
        let why = self.why(scene).await;
        (why["code"].as_str().unwrap().to_owned(), why["detail"].as_str().unwrap().to_owned())
    }
}

/// A connection that sees one organisation, as the admin API's do.
async fn tenant(world: &World, org: OrgId) -> PgConnection {
    let mut connection = world.connection(Some("causeway_app")).await;
    let enter = sqlx::query("select set_config('cw.org', $1, false)").bind(org.to_string());
    enter.execute(&mut connection).await.unwrap();
    connection
}

/// One request to the issuer; where it sends the browser, as a path of the API.
async fn go(url: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{url}");
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    back.strip_prefix("http://localhost:3000/admin/v1").unwrap().to_owned()
}

fn location(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn audited(scene: &Scene, action: &str) -> Vec<Value> {
    let log = scene.world.get("/audit?limit=200", Some(&scene.owner)).await;
    log.body["items"].as_array().unwrap().iter().filter(|line| line["action"] == action).cloned().collect()
}

#[tokio::test]
async fn a_person_of_the_domain_becomes_a_member_by_signing_in_and_is_known_from_then_on() {
    scene(json!({}), |scene, simulator| async move {
        let mut browser = Browser::default();
        let token = browser.token(&scene).await;
        let me = scene.world.get("/me", Some(&token)).await;
        assert_eq!(
            (me.body["user"]["email"].clone(), me.body["role"].clone()),
            (json!("ada@example.com"), json!("member"))
        );
        // Another address at the issuer is the same person here.
        simulator.issuer().add(Person::new("ada", "lovelace@elsewhere.example", &[]));
        let token = Browser::default().token(&scene).await;
        let again = scene.world.get("/me", Some(&token)).await;
        assert_eq!(again.body["user"]["id"], me.body["user"]["id"]);
        assert_eq!(audited(&scene, "sso.sign_in").await.len(), 2);
        let members = scene.world.get("/members", Some(&scene.owner)).await;
        assert_eq!(members.body["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn every_token_that_cannot_be_believed_is_refused_with_its_reason() {
    scene(json!({}), |scene, simulator| async move {
        for (fault, code, part) in [
            (IssuerFault::Denied, "issuer_refused", "access_denied: The person did not agree"),
            (IssuerFault::CodeRefused, "issuer_refused", "invalid_grant"),
            (IssuerFault::OtherIssParameter, "not_believed", "another issuer"),
            (IssuerFault::OtherIssuer, "not_believed", "another issuer"),
            (IssuerFault::OtherAudience, "not_believed", "somebody else"),
            (IssuerFault::OtherParty, "not_believed", "another party"),
            (IssuerFault::OtherNonce, "not_believed", "nonce"),
            (IssuerFault::NoNonce, "not_believed", "nonce"),
            (IssuerFault::Expired, "not_believed", "expired"),
            (IssuerFault::FromTheFuture, "not_believed", "future"),
            (IssuerFault::UnknownKey, "not_believed", "does not publish"),
            (IssuerFault::BadSignature, "not_believed", "signature"),
            (IssuerFault::Unsigned, "not_believed", "not a token that is signed"),
            (IssuerFault::SignedWithSecret, "not_believed", "not signed in a way"),
            (IssuerFault::OtherAccessToken, "not_believed", "another access token"),
        ] {
            simulator.issuer().fault(Some(fault));
            let (was, why) = Browser::default().refused(&scene).await;
            assert_eq!(was, code, "{fault:?}: {why}");
            assert!(why.contains(part), "{fault:?}: {why}");
        }
        simulator.issuer().fault(None);
        Browser::default().token(&scene).await;
        assert_eq!(audited(&scene, "sso.refuse").await.len(), 15);
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_is_away_or_calls_itself_something_else_is_said_to_be() {
    scene(json!({}), |scene, simulator| async move {
        for (fault, part) in [
            (IssuerFault::Outage, "answered with 503"),
            (IssuerFault::OtherDiscovery, "https://evil.example"),
        ] {
            simulator.issuer().fault(Some(fault));
            let mut browser = Browser::default();
            let begun = browser.get(&scene.world, &format!("/auth/oidc/{}/begin", scene.provider)).await;
            assert_eq!(
                location(&begun),
                format!("/web/sign-in?sso_failed={}&next=%2Fweb%2F", scene.provider)
            );
            let why = browser.why(&scene).await;
            assert_eq!(why["code"], "issuer_unavailable");
            assert!(why["detail"].as_str().unwrap().contains(part), "{why}");
            let path = format!("/sso/providers/{}/test", scene.provider);
            let tested = scene.world.post(&path, Some(&scene.owner), json!(null)).await;
            assert_eq!(tested.body["ok"], false, "{}", tested.body);
        }
        simulator.issuer().fault(None);
        let path = format!("/sso/providers/{}/test", scene.provider);
        let tested = scene.world.call(Method::POST, &path, Some(&scene.owner), None, &[]).await;
        assert_eq!(tested.body["ok"], true, "{}", tested.body);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_changed_is_known_at_once_whatever_its_kind() {
    scene(json!({}), |scene, simulator| async move {
        let mut browser = Browser::default();
        browser.token(&scene).await;
        for signing in [Signing::Rs256, Signing::Es256] {
            simulator.issuer().rotate(signing).unwrap();
            Browser::default().token(&scene).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_state_is_good_once_in_one_browser_at_one_provider_for_ten_minutes() {
    scene(json!({}), |scene, _simulator| async move {
        let stale = "/web/sign-in?sso_failed=stale&next=%2Fweb%2F";
        let mut browser = Browser::default();
        let back = browser.consent(&scene).await;
        // Another browser, with a cookie of its own and with none.
        let mut other = Browser::default();
        other.consent(&scene).await;
        for mut other in [other, Browser::default()] {
            assert_eq!(location(&other.get(&scene.world, &back).await), stale);
            assert!(!other.0.contains_key("causeway_refresh"));
        }
        // Another provider of the same organisation, and of another one.
        let settings = |name: &str| json!({"name": name, "issuer": "http://127.0.0.1:9/", "client_id": "x", "enabled": true});
        let second = scene.world.post("/sso/providers", Some(&scene.owner), settings("Second")).await;
        scene.world.owner("Rivals", "rival@example.com").await;
        let rival = scene.world.sign_in("rival@example.com").await;
        let third = scene.world.post("/sso/providers", Some(&rival), settings("Third")).await;
        for provider in [second, third] {
            let elsewhere = back.replace(&scene.provider, provider.body["id"].as_str().unwrap());
            assert_eq!(location(&browser.get(&scene.world, &elsewhere).await), stale);
        }
        let nowhere = back.replace(&scene.provider, "019a0000-0000-7000-8000-000000000000");
        assert_eq!(browser.get(&scene.world, &nowhere).await.status, 404);
        // None of that has used it up.
        assert!(location(&browser.get(&scene.world, &back).await).starts_with("/web/sign-in?sso=done"));
        assert_eq!(location(&browser.get(&scene.world, &back).await), stale);
        // Too late, and made up.
        let back = browser.consent(&scene).await;
        let mut database = tenant(&scene.world, scene.made.org).await;
        sqlx::query("update oidc_attempts set expires_at = now()").execute(&mut database).await.unwrap();
        assert_eq!(location(&browser.get(&scene.world, &back).await), stale);
        let invented = format!("/auth/oidc/{}/callback?code=x&state={}", scene.provider, "0".repeat(64));
        assert_eq!(location(&browser.get(&scene.world, &invented).await), stale);
        assert_eq!(audited(&scene, "sso.refuse").await.len(), 5);
        let stored: Vec<Vec<u8>> = sqlx::query("select state_hash from oidc_attempts")
            .fetch_all(&mut database)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.get(0))
            .collect();
        assert!(stored.len() == 3 && stored.iter().all(|hash| hash.len() == 32));
    })
    .await;
}

#[tokio::test]
async fn a_link_leads_nowhere_but_into_the_web_admin() {
    scene(json!({}), |scene, _simulator| async move {
        for to in [
            "https://evil.example",
            "//evil.example",
            "/%5Cevil.example",
            "/web/..%2Fadmin",
            "/web/../x",
            "javascript:x",
        ] {
            let path = format!("/auth/oidc/{}/begin?to={to}", scene.provider);
            let answer = Browser::default().get(&scene.world, &path).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["errors"][0]["field"].clone()),
                (422, json!("to")),
                "{to}"
            );
        }
        // The organisation hears of it, and nobody can fill its log.
        let noted = audited(&scene, "sso.refuse").await;
        assert!((5..=6).contains(&noted.len()), "{}", noted.len());
        assert_eq!(
            noted.last().unwrap()["after"],
            json!({"code": "open_redirect", "detail": "https://evil.example"})
        );
        let body = json!({"provider": scene.provider, "to": "//evil.example"});
        assert_eq!(scene.world.post("/me/identities", Some(&scene.owner), body).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn an_address_makes_nobody_somebody_unless_the_issuer_vouches_and_the_domain_is_confirmed() {
    scene(json!({}), |scene, simulator| async move {
        let issuer = simulator.issuer();
        scene.world.person(scene.made, Role::Admin, "ada@example.com").await;
        scene.world.person(scene.made, Role::Admin, "guest@elsewhere.example").await;
        for (verified, email) in [
            (Some(false), "ada@example.com"),
            (None, "ada@example.com"),
            (Some(true), "guest@elsewhere.example"),
            (Some(true), ""),
            (Some(true), "ada@example.com@elsewhere.example"),
        ] {
            issuer.add(Person { email_verified: verified, ..Person::new("ada", email, &[]) });
            let (code, why) = Browser::default().refused(&scene).await;
            assert_eq!(code, "email_not_confirmed", "{email}: {why}");
        }
        // A domain that waits for its confirmation is worth nothing, and neither is another organisation's.
        let domain = format!("/operator/organizations/{}/domains/example.com", scene.made.org);
        let call = |method| scene.world.call(method, &domain, Some(&scene.owner), None, &[]);
        assert_eq!(call(Method::DELETE).await.status, 204);
        issuer.add(Person::new("ada", "ada@example.com", &[]));
        assert_eq!(Browser::default().refused(&scene).await.0, "email_not_confirmed");
        scene.world.owner("Rivals", "rival@example.com").await;
        let rival = scene.world.sign_in("rival@example.com").await;
        let theirs = scene.world.post("/sso/domains", Some(&rival), json!({"domain": "example.com"})).await;
        assert_eq!((theirs.status.as_u16(), theirs.body["confirmed_at"].clone()), (201, Value::Null));
        assert_eq!(call(Method::PUT).await.status, 204);
        let token = Browser::default().token(&scene).await;
        assert_eq!(scene.world.get("/me", Some(&token)).await.body["role"], "admin");
    })
    .await;
}

#[tokio::test]
async fn the_same_address_at_another_issuer_is_another_person_where_that_issuer_is_somebody_elses() {
    scene(json!({}), |scene, _simulator| async move {
        let token = Browser::default().token(&scene).await;
        let ada = scene.world.get("/me", Some(&token)).await.body["user"]["id"].clone();
        // Rivals run an issuer of their own, which says whatever they like, and claim the domain.
        let evil = Simulator::start(SimulatorConfig::default()).await.unwrap();
        evil.issuer().add(Person::new("ada", "ada@example.com", &["staff"]));
        evil.issuer().consent_as(Some("ada"));
        let rivals = scene.world.owner("Rivals", "rival@example.com").await;
        let rival = scene.world.sign_in("rival@example.com").await;
        let body = json!({
            "name": "Evil", "issuer": evil.issuer().url(), "client_id": "causeway", "client_secret": CLIENT_SECRET,
            "default_role": "owner", "auto_join": true, "enabled": true
        });
        let added = scene.world.post("/sso/providers", Some(&rival), body).await;
        scene.world.post("/sso/domains", Some(&rival), json!({"domain": "example.com"})).await;
        let theirs = Scene { provider: added.body["id"].as_str().unwrap().to_owned(), ..scene.clone() };
        assert_eq!(Browser::default().refused(&theirs).await.0, "email_not_confirmed");
        // Whom they had let in by invitation links the identity herself: it opens their organisation and no other.
        let ada_id: Uuid = ada.as_str().unwrap().parse().unwrap();
        let mut database = tenant(&scene.world, rivals.org).await;
        for statement in [
            "insert into memberships (org_id, user_id, role) values ($1, $2, 'viewer')",
            "insert into oidc_identities (id, org_id, issuer, subject, user_id)
             select gen_random_uuid(), $1, issuer, 'ada', $2 from oidc_providers",
        ] {
            let done = sqlx::query(statement).bind(rivals.org.0).bind(ada_id).execute(&mut database).await.unwrap();
            assert_eq!(done.rows_affected(), 1);
        }
        let mut browser = Browser::default();
        let confined = browser.token(&theirs).await;
        assert_eq!(scene.world.get("/me", Some(&confined)).await.body["user"]["id"], ada);
        let home = scene.made.org.to_string();
        let headers = [("x-organization", home.as_str())];
        let answer = scene.world.call(Method::GET, "/me", Some(&confined), None, &headers).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        let cookie = format!("causeway_refresh={}", browser.0["causeway_refresh"]);
        let headers = [("x-organization", home.as_str()), ("cookie", cookie.as_str())];
        let answer = scene.world.call(Method::POST, "/auth/refresh", None, None, &headers).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    })
    .await;
}

#[tokio::test]
async fn groups_give_roles_at_every_sign_in_and_the_last_owner_stays() {
    let mapping = json!({
        "role_mapping": [{"group": "staff", "role": "member"}, {"group": "ops", "role": "admin"}, {"group": "heads", "role": "owner"}],
        "default_role": null
    });
    scene(mapping, |scene, simulator| async move {
        let role = |groups: &'static [&'static str]| {
            let (scene, simulator) = (scene.clone(), &simulator);
            async move {
                simulator.issuer().add(Person::new("ada", "ada@example.com", groups));
                let token = Browser::default().token(&scene).await;
                scene.world.get("/me", Some(&token)).await.body["role"].as_str().unwrap().to_owned()
            }
        };
        assert_eq!(role(&["staff"]).await, "member");
        assert_eq!(role(&["staff", "ops"]).await, "admin");
        assert_eq!(role(&["heads"]).await, "owner");
        assert_eq!(role(&["staff"]).await, "member");
        // A group that fits nothing lets nobody in, whoever they were before.
        simulator.issuer().add(Person::new("ada", "ada@example.com", &["others"]));
        assert_eq!(Browser::default().refused(&scene).await.0, "no_role");
        // The owner of the organisation, with an address of the domain, is told to be a mere member.
        simulator.issuer().add(Person::new("boss", "owner@example.com", &["staff"]));
        simulator.issuer().consent_as(Some("boss"));
        let token = Browser::default().token(&scene).await;
        assert_eq!(scene.world.get("/me", Some(&token)).await.body["role"], "owner");
        // And does not run the installation by their own issuer's word.
        assert_eq!(scene.world.get("/operator/organizations", Some(&token)).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn claims_of_a_thin_id_token_are_fetched_and_must_be_about_the_same_person() {
    scene(json!({"role_mapping": [{"group": "staff", "role": "admin"}]}), |scene, simulator| async move {
        simulator.issuer().add(Person { thin: true, ..Person::new("ada", "ada@example.com", &["staff"]) });
        let token = Browser::default().token(&scene).await;
        assert_eq!(scene.world.get("/me", Some(&token)).await.body["role"], "admin");
        simulator.issuer().fault(Some(IssuerFault::OtherUserinfo));
        assert_eq!(Browser::default().refused(&scene).await.0, "not_believed");
    })
    .await;
}

#[tokio::test]
async fn whoever_was_removed_or_locked_out_does_not_come_back_by_signing_in() {
    scene(json!({}), |scene, simulator| async move {
        let token = Browser::default().token(&scene).await;
        let mut database = tenant(&scene.world, scene.made.org).await;
        let identities = scene.world.get("/me/identities", Some(&token)).await;
        let id = identities.body["identities"][0]["id"].as_str().unwrap().to_owned();
        sqlx::query("update users set disabled_at = now() where email = 'ada@example.com'").execute(&mut database).await.unwrap();
        assert_eq!(Browser::default().refused(&scene).await.0, "removed");
        sqlx::query("update users set disabled_at = null where disabled_at is not null").execute(&mut database).await.unwrap();
        // Unlinked, and known by the address again.
        let path = format!("/me/identities/{id}");
        assert_eq!(scene.world.call(Method::DELETE, &path, Some(&token), None, &[]).await.status, 204);
        assert_eq!(scene.world.call(Method::DELETE, &path, Some(&token), None, &[]).await.status, 404);
        Browser::default().token(&scene).await;
        // Removed, with and without the link.
        let gone = sqlx::query("delete from memberships where role = 'member'").execute(&mut database).await.unwrap();
        assert_eq!(gone.rows_affected(), 1);
        assert_eq!(Browser::default().refused(&scene).await.0, "removed");
        sqlx::query("update oidc_identities set unlinked_at = now()").execute(&mut database).await.unwrap();
        assert_eq!(Browser::default().refused(&scene).await.0, "removed");
        // Nobody joins unasked where that is off.
        let body = json!({
            "name": "Simulated", "issuer": simulator.issuer().url(), "client_id": "causeway", "default_role": "member", "enabled": true
        });
        let path = format!("/sso/providers/{}", scene.provider);
        let set = scene.world.call(Method::PUT, &path, Some(&scene.owner), Some(body.to_string()), &[]).await;
        assert_eq!((set.status.as_u16(), set.body["has_secret"].clone()), (200, json!(true)), "{}", set.body);
        simulator.issuer().add(Person::new("new", "new@example.com", &[]));
        simulator.issuer().consent_as(Some("new"));
        assert_eq!(Browser::default().refused(&scene).await.0, "unknown");
    })
    .await;
}

#[tokio::test]
async fn a_full_plan_lets_nobody_join() {
    scene(json!({}), |scene, _simulator| async move {
        scene.world.plan(&scene.owner, scene.made, json!({"members": 1})).await;
        assert_eq!(Browser::default().refused(&scene).await.0, "plan_limit");
        let members = scene.world.get("/members", Some(&scene.owner)).await;
        assert_eq!(members.body["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_member_links_an_identity_of_any_address_and_nobody_takes_another_persons() {
    scene(json!({}), |scene, simulator| async move {
        simulator
            .issuer()
            .add(Person { email_verified: None, ..Person::new("ada", "private@elsewhere.example", &[]) });
        let link = |token: String| {
            let scene = scene.clone();
            async move {
                let body = json!({"provider": scene.provider, "to": "/web/profile"});
                let begun = scene.world.post("/me/identities", Some(&token), body).await;
                assert_eq!(begun.status, 200, "{}", begun.body);
                let mut browser = Browser::default();
                browser.keep(&begun);
                let back = go(begun.body["url"].as_str().unwrap()).await;
                let answer = browser.get(&scene.world, &back).await;
                (location(&answer), browser.why(&scene).await)
            }
        };
        assert_eq!(link(scene.owner.clone()).await.0, "/web/profile");
        let token = Browser::default().token(&scene).await;
        assert_eq!(scene.world.get("/me", Some(&token)).await.body["user"]["email"], "owner@example.com");
        scene.world.person(scene.made, Role::Member, "other@example.com").await;
        let other = scene.world.sign_in("other@example.com").await;
        let (place, why) = link(other).await;
        assert_eq!(place, format!("/web/profile?sso_failed={}", scene.provider));
        assert_eq!(why["code"], "taken");
    })
    .await;
}

#[tokio::test]
async fn where_passwords_are_not_accepted_only_owners_use_them() {
    scene(json!({}), |scene, _simulator| async move {
        scene.world.person(scene.made, Role::Admin, "admin@elsewhere.example").await;
        let admin = scene.world.sign_in("admin@elsewhere.example").await;
        let set = scene.world.patch("/sso", Some(&scene.owner), json!({"password_sign_in": false})).await;
        assert_eq!((set.status.as_u16(), set.body["password_sign_in"].clone()), (200, json!(false)));
        assert_eq!(scene.world.get("/me", Some(&admin)).await.status, 403);
        let body = json!({"email": "admin@elsewhere.example", "password": world::PASSWORD});
        let refused = scene.world.post("/auth/sign-in", None, body).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("single sign-on"), "{}", refused.body);
        let owner = scene.world.sign_in("owner@example.com").await;
        let token = Browser::default().token(&scene).await;
        assert_eq!(scene.world.get("/me", Some(&token)).await.status, 200);
        // The way in cannot be taken away.
        let path = format!("/sso/providers/{}", scene.provider);
        assert_eq!(scene.world.call(Method::DELETE, &path, Some(&owner), None, &[]).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn the_sign_in_page_hears_of_issuers_and_of_nothing_else() {
    scene(json!({}), |scene, _simulator| async move {
        let find = |query: &'static str| {
            let world = scene.world.clone();
            async move { world.get(&format!("/auth/oidc?{query}"), None).await.body }
        };
        let known = json!({"providers": [{"id": scene.provider, "name": "Simulated"}]});
        assert_eq!(find("organization=engines").await, known);
        assert_eq!(find("email=whoever@example.com").await, known);
        for unknown in ["", "organization=nobody", "email=ada@elsewhere.example", "email=example.com"] {
            assert_eq!(find(unknown).await, json!({"providers": []}), "{unknown}");
        }
    })
    .await;
}

#[tokio::test]
async fn settings_are_checked_and_a_secret_is_never_sent_to_another_issuer() {
    scene(json!({}), |scene, _simulator| async move {
        let good =
            json!({"name": "A", "issuer": "https://id.example.com/", "client_id": "x", "enabled": true});
        for (field, value, named) in [
            ("name", json!(""), "name"),
            ("issuer", json!("https://169.254.169.254/latest"), "issuer"),
            ("issuer", json!("https://10.0.0.1"), "issuer"),
            ("issuer", json!("file:///etc/passwd"), "issuer"),
            ("client_id", json!(""), "client_id"),
            ("scopes", json!(["a b"]), "scopes"),
            ("groups_claim", json!(""), "groups_claim"),
            ("auto_join", json!(true), "default_role"),
            (
                "role_mapping",
                json!([{"group": "a", "role": "admin"}, {"group": "a", "role": "owner"}]),
                "role_mapping[1].group",
            ),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let answer = scene.world.post("/sso/providers", Some(&scene.owner), body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["errors"][0]["field"].clone()),
                (422, json!(named)),
                "{}",
                answer.body
            );
        }
        let path = format!("/sso/providers/{}", scene.provider);
        let moved =
            scene.world.call(Method::PUT, &path, Some(&scene.owner), Some(good.to_string()), &[]).await;
        assert_eq!(moved.body["errors"][0]["field"], "client_secret", "{}", moved.body);
        // Without a client id, to learn the callback address.
        let draft = json!({"name": "Draft", "issuer": "https://id.example.com/"});
        let draft = scene.world.post("/sso/providers", Some(&scene.owner), draft).await;
        let callback = format!(
            "http://localhost:3000/admin/v1/auth/oidc/{}/callback",
            draft.body["id"].as_str().unwrap()
        );
        assert_eq!(draft.body["callback_url"], json!(callback));
        let begun = Browser::default()
            .get(&scene.world, &format!("/auth/oidc/{}/begin", draft.body["id"].as_str().unwrap()))
            .await;
        assert_eq!(begun.status, 404);
        let log = scene.world.get("/audit?limit=200", Some(&scene.owner)).await;
        assert!(!log.body.to_string().contains(CLIENT_SECRET));
        // Nor does the database have it.
        let mut database = tenant(&scene.world, scene.made.org).await;
        let sealed: Vec<u8> =
            sqlx::query("select client_secret from oidc_providers where client_secret is not null")
                .fetch_one(&mut database)
                .await
                .unwrap()
                .get(0);
        assert!(!String::from_utf8_lossy(&sealed).contains(CLIENT_SECRET));
    })
    .await;
}

#[tokio::test]
async fn a_member_who_never_came_by_the_issuer_and_was_removed_is_not_let_in_by_it() {
    scene(json!({}), |scene, _simulator| async move {
        let world = &scene.world;
        let ada = world.person(scene.made, Role::Member, "ada@example.com").await;
        let path = format!("/members/{ada}");
        assert_eq!(world.call(Method::DELETE, &path, Some(&scene.owner), None, &[]).await.status, 204);
        assert_eq!(Browser::default().refused(&scene).await.0, "removed");
        let sent = world.post("/invitations", Some(&scene.owner), json!({"email": "ada@example.com"})).await;
        let link = sent.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        let form = json!({"token": link, "email": "ada@example.com", "password": world::PASSWORD});
        assert_eq!(world.post("/join/invitation", None, form).await.status, 200);
        let token = Browser::default().token(&scene).await;
        assert_eq!(world.get("/me", Some(&token)).await.body["user"]["id"], json!(ada));
    })
    .await;
}

#[tokio::test]
async fn nobody_joins_a_suspended_organisation() {
    scene(json!({}), |scene, _simulator| async move {
        let path = format!("/operator/organizations/{}", scene.made.org);
        let body = json!({"status": "suspended", "suspended_reason": "not paid"});
        assert_eq!(scene.world.patch(&path, Some(&scene.owner), body).await.status, 200);
        let (code, why) = Browser::default().refused(&scene).await;
        assert_eq!(code, "suspended");
        assert!(why.contains("not paid"), "{why}");
        let members = scene.world.get("/members", Some(&scene.owner)).await;
        assert_eq!(members.body["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn whom_their_groups_make_less_loses_the_invitations_that_they_could_not_make_any_more() {
    let mapping = json!({
        "role_mapping": [{"group": "staff", "role": "member"}, {"group": "ops", "role": "admin"}],
        "default_role": null
    });
    scene(mapping, |scene, simulator| async move {
        simulator.issuer().add(Person::new("ada", "ada@example.com", &["ops"]));
        let ada = Browser::default().token(&scene).await;
        let body = json!({"email": "friend@example.com", "role": "admin"});
        assert_eq!(scene.world.post("/invitations", Some(&ada), body).await.status, 201);
        simulator.issuer().add(Person::new("ada", "ada@example.com", &["staff"]));
        Browser::default().token(&scene).await;
        let open = scene.world.get("/invitations", Some(&scene.owner)).await;
        assert_eq!(open.body["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn somebody_without_a_password_sets_up_a_second_factor_only_just_after_signing_in() {
    scene(json!({}), |scene, _simulator| async move {
        let token = Browser::default().token(&scene).await;
        let start = || scene.world.post("/me/totp", Some(&token), json!({"password": ""}));
        assert_eq!(start().await.status, 201);
        sqlx::query("update sessions set created_at = created_at - interval '11 minutes'")
            .execute(&mut scene.world.database().await)
            .await
            .unwrap();
        let late = start().await;
        assert_eq!(late.status, 403, "{}", late.body);
        assert!(late.body["detail"].as_str().unwrap().contains("sign out and in again"), "{}", late.body);
    })
    .await;
}
