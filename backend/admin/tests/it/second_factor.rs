//! Authenticator apps and recovery codes.

use crate::world::{self, Answer, PASSWORD, World};
use causeway_accounts::{AddressPolicy, Catalogue, MasterKey, SealingKey};
use causeway_admin::{AdminArgs, AdminState, Wiring};
use causeway_domain::{
    Role,
    price::{PriceBook, PriceTable, table},
};
use chrono::Utc;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use totp_rs::{Builder, Secret, Totp};

/// An app that has the secret.
pub(crate) struct App(Totp);

impl App {
    pub(crate) fn with(secret: &str) -> Self {
        Self(Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap())
    }

    /// The code of the time step that many after this one.
    pub(crate) fn code(&self, steps: i64) -> String {
        self.0.generate(u64::try_from(Utc::now().timestamp() + 30 * steps).unwrap()).to_string()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Sets an app up; it, and the recovery codes.
async fn enrol(world: &World, token: &str) -> (App, Vec<String>) {
    let (app, codes, _) = enrol_with(world, token).await;
    (app, codes)
}

/// The same, and the code that it was confirmed with.
async fn enrol_with(world: &World, token: &str) -> (App, Vec<String>, String) {
    let begun = world.post("/me/totp", Some(token), json!({"password": PASSWORD})).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    assert!(text(&begun.body["uri"]).starts_with("otpauth://totp/Causeway:"));
    assert!(text(&begun.body["qr_svg"]).starts_with("<svg"));
    let app = App::with(&text(&begun.body["secret"]));
    let used = app.code(0);
    let confirmed = world.post("/me/totp/confirm", Some(token), json!({"code": used})).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes: Vec<_> = confirmed.body["codes"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(codes.len(), 10);
    (app, codes, used)
}

async fn first_step(world: &World) -> String {
    let answer =
        world.post("/auth/sign-in", None, json!({"email": "owner@example.com", "password": PASSWORD})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert!(!answer.headers.contains_key("set-cookie") && answer.body.get("access_token").is_none());
    text(&answer.body["challenge"])
}

async fn second_step(world: &World, challenge: &str, code: &str) -> Answer {
    world.post("/auth/second-step", None, json!({"challenge": challenge, "code": code})).await
}

/// Lets what was used have been used long ago, and the waits be over.
async fn much_later(world: &World) {
    let mut owner = world.database().await;
    sqlx::raw_sql("update totp set last_step = last_step - 100; delete from sign_in_failures")
        .execute(&mut owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_has_an_app_signs_in_with_password_and_code() {
    world::with_owner(|world, _, token| async move {
        let (app, _) = enrol(&world, &token).await;
        let challenge = first_step(&world).await;
        let signed = second_step(&world, &challenge, &app.code(1)).await;
        assert_eq!(signed.status, 200, "{}", signed.body);
        let token = text(&signed.body["access_token"]);
        assert_eq!(world.get("/me", Some(&token)).await.status, 200);
        let state = world.get("/me/totp", Some(&token)).await;
        assert_eq!((&state.body["enabled"], &state.body["recovery_codes_left"]), (&json!(true), &json!(10)));
        // A challenge is good once, whatever the code.
        much_later(&world).await;
        let again = second_step(&world, &challenge, &app.code(1)).await;
        assert_eq!((again.status.as_u16(), &again.body["code"]), (401, &json!("sign_in_expired")));
    })
    .await;
}

#[tokio::test]
async fn a_code_that_was_used_is_refused_on_every_instance() {
    world::with_owner(|world, _, token| async move {
        let (app, _, used) = enrol_with(&world, &token).await;
        // The one that confirmed the app, and the one of a moment later twice at the same time.
        let challenge = first_step(&world).await;
        let replayed = second_step(&world, &challenge, &used).await;
        assert_eq!((replayed.status.as_u16(), &replayed.body["code"]), (401, &json!("wrong_code")));
        let (one, two) = (first_step(&world).await, first_step(&world).await);
        let code = app.code(1);
        let (one, two) = tokio::join!(second_step(&world, &one, &code), second_step(&world, &two, &code));
        let mut both = [one.status.as_u16(), two.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 401]);
        let log = world.get("/audit", Some(&token)).await;
        let failed = log.body["items"].as_array().unwrap().iter().filter(|l| l["action"] == "sign_in.fail");
        assert_eq!(failed.filter(|l| l["after"]["reason"] == "totp").count(), 2, "{}", log.body);
    })
    .await;
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_new_ones_replace_the_old() {
    world::with_owner(|world, _, token| async move {
        let (app, codes) = enrol(&world, &token).await;
        let challenge = first_step(&world).await;
        let typed = codes[0].to_uppercase().replace('-', " ");
        let signed = second_step(&world, &challenge, &typed).await;
        assert_eq!(signed.status, 200, "{}", signed.body);
        let again = second_step(&world, &first_step(&world).await, &codes[0]).await;
        assert_eq!((again.status.as_u16(), &again.body["code"]), (401, &json!("wrong_code")));
        let left = world.get("/me/totp", Some(&token)).await.body["recovery_codes_left"].clone();
        assert_eq!(left, json!(9));
        // A recovery code is not enough for more of its kind.
        let path = "/me/totp/recovery-codes";
        assert_eq!(world.post(path, Some(&token), json!({"code": codes[1]})).await.status, 401);
        let fresh = world.post(path, Some(&token), json!({"code": app.code(1)})).await;
        assert_eq!(fresh.status, 200, "{}", fresh.body);
        assert_eq!(second_step(&world, &first_step(&world).await, &codes[2]).await.status, 401);
        let code = text(&fresh.body["codes"][0]);
        assert_eq!(second_step(&world, &first_step(&world).await, &code).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn codes_are_stored_as_nothing_that_helps_to_sign_in() {
    world::with_owner(|world, _, token| async move {
        let begun = world.post("/me/totp", Some(&token), json!({"password": PASSWORD})).await;
        let secret = Secret::try_from_base32(text(&begun.body["secret"])).unwrap();
        let mut owner = world.database().await;
        let sealed: Vec<u8> =
            sqlx::query_scalar("select sealed from totp").fetch_one(&mut owner).await.unwrap();
        assert!(!sealed.windows(20).any(|w| w == secret.as_bytes()));
    })
    .await;
}

#[tokio::test]
async fn guessing_codes_is_slow_and_ends_the_challenge() {
    world::with_owner(|world, _, token| async move {
        let (app, _) = enrol(&world, &token).await;
        let challenge = first_step(&world).await;
        for _ in 0..5 {
            assert_eq!(second_step(&world, &challenge, "000000").await.body["code"], "wrong_code");
        }
        let over = second_step(&world, &challenge, &app.code(1)).await;
        assert_eq!(over.body["code"], "sign_in_expired");
        let fresh = first_step(&world).await;
        // A new challenge does not help: the account is counted too.
        let mut owner = world.database().await;
        let moment = "update sign_in_failures set last_at = now() + interval '60 seconds'";
        sqlx::raw_sql(moment).execute(&mut owner).await.unwrap();
        let waits = second_step(&world, &fresh, &app.code(1)).await;
        assert_eq!((waits.status.as_u16(), &waits.body["code"]), (429, &json!("too_many_attempts")));
        let log = world.get("/audit", Some(&token)).await.body.to_string();
        assert!(log.contains("sign_in.locked"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn ending_it_takes_the_password_and_a_code() {
    world::with_owner(|world, _, token| async move {
        let (app, codes) = enrol(&world, &token).await;
        let stop = |password: &'static str, code: String| {
            let (world, token) = (world.clone(), token.clone());
            async move {
                world
                    .post("/me/totp/disable", Some(&token), json!({"password": password, "code": code}))
                    .await
            }
        };
        assert_eq!(stop("wrong", app.code(1)).await.status, 422);
        assert_eq!(stop(PASSWORD, "000000".to_owned()).await.status, 401);
        // Nor can another app be put in its place.
        assert_eq!(world.post("/me/totp", Some(&token), json!({"password": PASSWORD})).await.status, 409);
        assert_eq!(stop(PASSWORD, codes[3].clone()).await.status, 204);
        world.sign_in("owner@example.com").await;
        assert_eq!(stop(PASSWORD, app.code(1)).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn an_app_counts_only_once_it_has_shown_a_code() {
    world::with_owner(|world, _, token| async move {
        assert_eq!(world.post("/me/totp", Some(&token), json!({"password": "wrong"})).await.status, 422);
        let first = world.post("/me/totp", Some(&token), json!({"password": PASSWORD})).await;
        let second = world.post("/me/totp", Some(&token), json!({"password": PASSWORD})).await;
        assert_ne!(first.body["secret"], second.body["secret"]);
        world.sign_in("owner@example.com").await;
        let old = App::with(&text(&first.body["secret"]));
        let confirmed = world.post("/me/totp/confirm", Some(&token), json!({"code": old.code(0)})).await;
        assert_eq!(confirmed.status, 401);
        let new = App::with(&text(&second.body["secret"]));
        let confirmed = world.post("/me/totp/confirm", Some(&token), json!({"code": new.code(0)})).await;
        assert_eq!(confirmed.status, 200);
        assert_eq!(
            world.post("/me/totp/confirm", Some(&token), json!({"code": new.code(1)})).await.status,
            409
        );
    })
    .await;
}

#[tokio::test]
async fn an_owner_takes_a_members_factor_away_and_nobody_that_of_their_equals() {
    world::with_owner(|world, made, token| async move {
        let member = world.person(made, Role::Member, "member@example.com").await;
        let admin = world.person(made, Role::Admin, "admin@example.com").await;
        let (of_member, of_admin) =
            (world.sign_in("member@example.com").await, world.sign_in("admin@example.com").await);
        enrol(&world, &of_member).await;
        let remove = |token: String, id: String| {
            let world = world.clone();
            async move {
                world.call(Method::DELETE, &format!("/members/{id}/totp"), Some(&token), None, &[]).await
            }
        };
        assert_eq!(remove(of_admin.clone(), admin.to_string()).await.status, 403);
        assert_eq!(remove(of_admin.clone(), made.user.to_string()).await.status, 403);
        assert_eq!(remove(of_member.clone(), made.user.to_string()).await.status, 403);
        assert_eq!(remove(of_admin, member.to_string()).await.status, 204);
        assert_eq!(world.get("/me", Some(&of_member)).await.status, 401, "their sessions end");
        world.sign_in("member@example.com").await;
        assert_eq!(remove(token, admin.to_string()).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn an_organisation_that_demands_a_factor_is_closed_until_there_is_one() {
    world::with_owner(|world, made, token| async move {
        let second = world.owner("Second", "second@example.com").await;
        let mut tx = causeway_store::TenantTx::begin(&world.store.app, second.org, None).await.unwrap();
        causeway_store::memberships::insert(&mut tx, made.user, Role::Viewer).await.unwrap();
        assert!(tx.commit().await.unwrap().is_none());
        let demand = format!("update organisations set require_totp = true where id = '{}'", made.org);
        world.meddle("organisations", &demand).await;
        // The session from before as well as a new one, for everything of the organisation.
        for path in ["/me", "/keys", "/organization", "/audit"] {
            let answer = world.get(path, Some(&token)).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (403, &json!("totp_required")),
                "{path}"
            );
        }
        let body = json!({"email": "owner@example.com", "password": PASSWORD}).to_string();
        let named = [("x-organization", &*made.org.to_string())];
        let signed = world.call(Method::POST, "/auth/sign-in", None, Some(body), &named).await;
        assert_eq!((signed.status.as_u16(), &signed.body["totp_required"]), (200, &json!(true)));
        // Not for the one that does not demand it, and not for one's own profile.
        let elsewhere = second.org.to_string();
        let there = [("x-organization", elsewhere.as_str())];
        assert_eq!(world.call(Method::GET, "/me", Some(&token), None, &there).await.status, 200);
        assert_eq!(world.get("/me/totp", Some(&token)).await.body["required"], true);
        assert_eq!(world.get("/me/sessions", Some(&token)).await.status, 200);
        enrol(&world, &token).await;
        assert_eq!(world.get("/me", Some(&token)).await.status, 200);
    })
    .await;
}

/// The same installation, started where operators need a second factor.
fn strict(world: &World) -> World {
    let master = MasterKey::new(world::MASTER.to_vec().into()).unwrap();
    let state = AdminState::new(Wiring {
        store: world.store.clone(),
        args: AdminArgs { operators_need_totp: true, ..AdminArgs::default() },
        master: &master,
        sealing: SealingKey::new(&master),
        recovery: master.derive("recovery code 1"),
        addresses: AddressPolicy::new(Vec::new(), true),
        prices: Arc::new(PriceBook::shipped(PriceTable::parse(table::SHIPPED).unwrap())),
        public_url: "http://localhost:3000".parse().unwrap(),
        version: "0.0.0",
        demo: true,
        mailer: None,
        playground: world.played.clone(),
        catalogue: Catalogue::shipped().unwrap(),
        refresher: world::refresher(&world.store),
    });
    World { router: causeway_admin::router(state).0, ..world.clone() }
}

#[tokio::test]
async fn operators_need_a_second_factor_where_the_installation_says_so() {
    world::with_owner(|world, _, token| async move {
        let strict = strict(&world);
        let look = async |world: &World| {
            let answer = world.get("/operator/organizations", Some(&token)).await;
            (answer.status.as_u16(), answer.body["code"].clone())
        };
        assert_eq!(look(&world).await.0, 200);
        assert_eq!(look(&strict).await, (403, json!("totp_required")));
        let body = json!({"email": "owner@example.com", "password": PASSWORD});
        let signed = strict.post("/auth/sign-in", None, body).await;
        assert_eq!(signed.body["totp_required"], json!(true), "the web admin leads them there");
        assert_eq!(strict.get("/me/totp", Some(&token)).await.body["required"], json!(true));
        assert_eq!(
            strict.get("/keys", Some(&token)).await.status,
            200,
            "what is no operator's business goes on"
        );
        enrol(&strict, &token).await;
        assert_eq!(look(&strict).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn what_an_organisation_demands_of_its_members_it_demands_of_operators_among_them() {
    world::with_owner(|world, _, token| async move {
        world.meddle("organisations", "update organisations set require_totp = true").await;
        let refused = world.get("/operator/organizations", Some(&token)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!("totp_required")));
        enrol(&world, &token).await;
        assert_eq!(world.get("/operator/organizations", Some(&token)).await.status, 200);
    })
    .await;
}
