//! What the operator of the installation does to organisations.

use crate::world::{self, Answer, World};
use causeway_domain::{OrgId, Role};
use causeway_store::{credits, operators, policy, principal};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn fields(answer: &Answer) -> Vec<&str> {
    answer.body["errors"]
        .as_array()
        .map_or(Vec::new(), |e| e.iter().map(|e| e["field"].as_str().unwrap()).collect())
}

async fn add(world: &World, token: &str, org: OrgId, body: Value) -> Answer {
    world.post(&format!("/operator/organizations/{org}/entries"), Some(token), body).await
}

async fn change(world: &World, token: &str, org: OrgId, body: Value) -> Answer {
    world.patch(&format!("/operator/organizations/{org}"), Some(token), body).await
}

#[tokio::test]
async fn an_entry_that_is_sent_again_is_written_once_and_answered_the_same() {
    world::with_owner(|world, made, token| async move {
        let body = json!({"kind": "credit", "amount_usd": "12.5", "note": "Invoice 7", "idempotency_key": "invoice-7"});
        let mut racing = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (world, token, body) = (world.clone(), token.clone(), body.clone());
            racing.spawn(async move { add(&world, &token, made.org, body).await });
        }
        let answers = racing.join_all().await;
        assert!(answers.iter().all(|a| a.status == 201), "{answers:?}");
        let bodies: BTreeSet<String> = answers.iter().map(|a| a.body.to_string()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        let mut other = body.clone();
        other["amount_usd"] = json!("13");
        assert_eq!(add(&world, &token, made.org, other).await.status, 409);
        // The key is the organisation's own.
        let rivals = world.owner("Rivals", "rival@example.com").await;
        assert_eq!(add(&world, &token, rivals.org, body).await.status, 201);
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(balance.body["balance_usd"], json!("12.50"));
        let audit = world.get("/audit", Some(&token)).await;
        let lines = audit.body["items"].as_array().unwrap().iter().filter(|l| l["action"] == "credit.add").count();
        assert_eq!(lines, 1);
    })
    .await;
}

#[tokio::test]
async fn entries_written_at_once_are_all_counted() {
    world::with_owner(|world, made, token| async move {
        let mut racing = tokio::task::JoinSet::new();
        for i in 0..30 {
            let (world, token) = (world.clone(), token.clone());
            let body = match i % 3 {
                0 => json!({"kind": "credit", "amount_usd": "7.000000001"}),
                1 => json!({"kind": "refund", "amount_usd": "-2.5"}),
                _ => json!({"kind": "adjustment", "amount_usd": "-0.000000003", "note": "rounding"}),
            };
            racing.spawn(async move { add(&world, &token, made.org, body).await.status.as_u16() });
        }
        assert_eq!(racing.join_all().await, [201; 30]);
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(balance.body["credits_usd"], json!("44.99999998"));
        assert_eq!(credits::discrepancies(&world.store.operator).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn amounts_that_make_no_sense_are_named() {
    world::with_owner(|world, made, token| async move {
        for (body, field) in [
            (json!({"kind": "credit", "amount_usd": "abc"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "1e3"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "1.0000000001"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": 0.5}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "99999999999999999999"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "9007199.26"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "0"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "-1"}), "amount_usd"),
            (json!({"kind": "refund", "amount_usd": "1"}), "amount_usd"),
            (json!({"kind": "adjustment", "amount_usd": "0", "note": "x"}), "amount_usd"),
            (json!({"kind": "adjustment", "amount_usd": "1"}), "note"),
            (json!({"kind": "redeem", "amount_usd": "1"}), "kind"),
            (json!({"kind": "gift", "amount_usd": "1"}), "kind"),
            (json!({"kind": "credit"}), "amount_usd"),
            (json!({"kind": "credit", "amount_usd": "1", "note": "x".repeat(501)}), "note"),
            (json!({"kind": "credit", "amount_usd": "1", "idempotency_key": ""}), "idempotency_key"),
            (json!({"kind": "credit", "amount_usd": "1", "reason": "x"}), "reason"),
        ] {
            let answer = add(&world, &token, made.org, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), fields(&answer)),
                (422, vec![field]),
                "{body}: {}",
                answer.body
            );
        }
        // Together they stay within what can be counted.
        assert_eq!(
            add(&world, &token, made.org, json!({"kind": "credit", "amount_usd": "9007199"})).await.status,
            201
        );
        assert_eq!(
            add(&world, &token, made.org, json!({"kind": "credit", "amount_usd": "1"})).await.status,
            409
        );
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(balance.body["credits_usd"], json!("9007199.00"));
        for (body, field) in [
            (json!({"amount_usd": "0", "count": 1}), "amount_usd"),
            (json!({"amount_usd": "1", "count": 0}), "count"),
            (json!({"amount_usd": "1", "count": 1001}), "count"),
            (json!({"amount_usd": "1", "count": 1, "uses": 0}), "uses"),
            (json!({"amount_usd": "1", "count": 1, "expires_at": "2020-01-01T00:00:00Z"}), "expires_at"),
        ] {
            let answer = world.post("/operator/codes", Some(&token), body).await;
            assert_eq!((answer.status.as_u16(), fields(&answer)), (422, vec![field]), "{}", answer.body);
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_operator_decides_is_in_force_at_once_and_in_the_organisations_log() {
    world::with_owner(|world, _, token| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let decided = json!({
            "status": "suspended", "suspended_reason": "Unpaid", "multiplier": "1.25", "provider_multipliers": {"anthropic": "0.9"},
            "plan": {"members": 3, "keys": 0, "limits": {"concurrency": 4, "usd": {"day": "5"}}}
        });
        let answer = change(&world, &token, rivals.org, decided).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["plan"]["limits"]["usd"]["day"], json!("5.00"));
        assert_eq!(answer.body["in_use"], json!({"members": 1, "keys": 0, "accounts": 0}));
        let tenancy = principal::tenancy(&world.store.relay, rivals.org).await.unwrap().unwrap();
        assert_eq!(
            (
                tenancy.multiplier.to_string(),
                tenancy.provider_multipliers["anthropic"].to_string(),
                tenancy.limits.concurrency
            ),
            ("1.25".into(), "0.9".into(), Some(4))
        );
        assert_eq!(
            policy::current(&world.store.cache, rivals.org).await.unwrap(),
            Some(tenancy.policy_version)
        );
        // What is absent stays.
        let answer = change(&world, &token, rivals.org, json!({"status": "active"})).await;
        assert_eq!((&answer.body["status"], &answer.body["multiplier"]), (&json!("active"), &json!("1.25")));
        let audit = world.get("/audit", Some(&rival)).await;
        let line = &audit.body["items"][1];
        assert_eq!(line["action"], json!("organization.decide"));
        assert_eq!(
            (&line["actor"]["kind"], &line["actor"]["name"]),
            (&json!("operator"), &json!("Ada Lovelace"))
        );
        assert_eq!(
            (&line["before"]["status"], &line["after"]["status"]),
            (&json!("active"), &json!("suspended"))
        );
        // Nothing changed, nothing logged.
        change(&world, &token, rivals.org, json!({})).await;
        let again = world.get("/audit", Some(&rival)).await;
        assert_eq!(
            again.body["items"].as_array().unwrap().len(),
            audit.body["items"].as_array().unwrap().len()
        );
        let found = world.get("/operator/organizations?query=RIV", Some(&token)).await;
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(found.body["items"][0]["name"], json!("Rivals"));
    })
    .await;
}

#[tokio::test]
async fn plans_that_cannot_be_enforced_are_refused_by_their_fields() {
    world::with_owner(|world, made, token| async move {
        for (body, field) in [
            (json!({"plan": {"limits": {"usd": {"day": "0"}}}}), "plan.limits.usd.day"),
            (json!({"plan": {"limits": {"concurrency": 0}}}), "plan.limits.concurrency"),
            (json!({"plan": {"limits": {"usd": {"daily": "1"}}}}), "plan.limits.usd.daily"),
            (json!({"plan": {"members": -1}}), "plan.members"),
            (json!({"plan": {"seats": 1}}), "plan.seats"),
            (json!({"multiplier": "101"}), "multiplier"),
            (json!({"multiplier": 1.5}), "multiplier"),
            (json!({"provider_multipliers": {"acme": "1"}}), "provider_multipliers.acme"),
            (json!({"status": "gone"}), "status"),
            (json!({"status": "suspended"}), "suspended_reason"),
            (json!({"status": "suspended", "suspended_reason": " "}), "suspended_reason"),
            (json!({"suspended_reason": "Unpaid"}), "suspended_reason"),
            (json!({"name": ""}), "name"),
            (json!({"prepaid": true}), "prepaid"),
            (json!({"credit_nanos": 5}), "credit_nanos"),
        ] {
            let answer = change(&world, &token, made.org, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), fields(&answer)),
                (422, vec![field]),
                "{body}: {}",
                answer.body
            );
        }
    })
    .await;
}

#[tokio::test]
async fn prepaid_ends_and_begins_anew_with_what_is_credited_then() {
    world::with_owner(|world, made, token| async move {
        let key = uuid::Uuid::now_v7();
        add(&world, &token, made.org, json!({"kind": "credit", "amount_usd": "10"})).await;
        world.charged_at(made.org, key, chrono::Utc::now(), 4_000_000_000).await;
        let ended = change(&world, &token, made.org, json!({"prepaid": false})).await;
        assert_eq!(ended.body["balance"]["prepaid"], json!(false));
        let tenancy = principal::tenancy(&world.store.relay, made.org).await.unwrap().unwrap();
        assert_eq!((tenancy.prepaid, tenancy.limits.usd.total), (false, None));
        world.charged_at(made.org, key, chrono::Utc::now(), 30_000_000_000).await;
        add(&world, &token, made.org, json!({"kind": "credit", "amount_usd": "20"})).await;
        let balance = world.get("/balance", Some(&token)).await;
        assert_eq!(
            balance.body,
            json!({"prepaid": true, "credits_usd": "54.00", "charged_usd": "34.00", "reserved_usd": "0.00", "balance_usd": "20.00"})
        );
        assert_eq!(credits::discrepancies(&world.store.operator).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_first_person_is_the_operator_and_others_when_one_says_so() {
    world::with_owner(|world, made, token| async move {
        let is = |answer: Answer| answer.body["is_operator"].as_bool().unwrap();
        assert!(is(world.get("/me", Some(&token)).await));
        world.person(made, Role::Viewer, "grace@example.com").await;
        let grace = world.sign_in("grace@example.com").await;
        let list = || world.get("/operator/organizations", Some(&grace));
        assert!(!is(world.get("/me", Some(&grace)).await));
        assert_eq!(list().await.status, 403);
        let db = &world.store.operator;
        assert!(operators::set(db, "Grace@example.com", true).await.unwrap());
        assert!(!operators::set(db, "grace@example.com", true).await.unwrap(), "nothing changed");
        assert_eq!(list().await.status, 200);
        assert!(operators::set(db, "grace@example.com", false).await.unwrap());
        assert!(operators::set(db, "owner@example.com", false).await.is_err(), "nobody would be left");
        assert_eq!(list().await.status, 403);
        assert!(operators::set(db, "nobody@example.com", true).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_suspended_organisation_can_be_read_and_not_changed_and_says_why() {
    world::with_owner(|world, _, token| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let why =
            json!({"status": "suspended", "suspended_reason": "Invoice 7 is unpaid", "name": "The Rivals"});
        let answer = change(&world, &token, rivals.org, why).await;
        assert_eq!(answer.body["suspended"]["reason"], json!("Invoice 7 is unpaid"));
        assert_eq!(answer.body["name"], json!("The Rivals"));
        assert_eq!(world.get("/keys", Some(&rival)).await.status, 200);
        let refused = world.post("/keys", Some(&rival), json!({"name": "a"})).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body["detail"].as_str().unwrap().contains("Invoice 7 is unpaid"), "{}", refused.body);
        let me = world.get("/me", Some(&rival)).await;
        assert_eq!(me.body["suspended"]["reason"], json!("Invoice 7 is unpaid"));
        let rights = me.body["permissions"].as_array().unwrap();
        assert!(!rights.is_empty() && rights.iter().all(|r| r.as_str().unwrap().ends_with(".read")));
        // Whoever signs in is told, too.
        let credentials = json!({"email": "rival@example.com", "password": world::PASSWORD});
        let signed_in = world.post("/auth/sign-in", None, credentials).await;
        assert_eq!(signed_in.body["suspended"]["reason"], json!("Invoice 7 is unpaid"));
        let resumed = change(&world, &token, rivals.org, json!({"status": "active"})).await;
        assert_eq!(resumed.body["suspended"], json!(null));
        assert_eq!(world.post("/keys", Some(&rival), json!({"name": "a"})).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn an_organisation_that_is_made_has_the_owner_who_is_named() {
    world::with_owner(|world, _, token| async move {
        world.owner("Rivals", "rival@example.com").await;
        let make = async |body: Value| world.post("/operator/organizations", Some(&token), body).await;
        let made =
            make(json!({"name": "Motors", "owner_email": "RIVAL@example.com", "time_zone": "Asia/Tokyo"}))
                .await;
        assert_eq!(
            (made.status.as_u16(), &made.body["time_zone"]),
            (201, &json!("Asia/Tokyo")),
            "{}",
            made.body
        );
        assert_eq!(made.body["in_use"]["members"], json!(1));
        let rival = world.sign_in("rival@example.com").await;
        let org = made.body["id"].as_str().unwrap();
        let me = world.call(http::Method::GET, "/me", Some(&rival), None, &[("x-organization", org)]).await;
        assert_eq!(me.body["role"], json!("owner"));
        let log = world
            .call(
                http::Method::GET,
                "/audit?action=organization",
                Some(&rival),
                None,
                &[("x-organization", org)],
            )
            .await;
        assert_eq!(log.body["items"][0]["actor"]["kind"], json!("operator"));
        for (body, field) in [
            (json!({"name": "", "owner_email": "rival@example.com"}), "name"),
            (json!({"name": "a", "owner_email": "nobody"}), "owner_email"),
            (json!({"name": "a", "owner_email": "rival@example.com", "time_zone": "Mars"}), "time_zone"),
            (json!({"name": "a"}), "owner_email"),
        ] {
            let answer = make(body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), fields(&answer)),
                (422, vec![field]),
                "{body}: {}",
                answer.body
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_organisation_for_somebody_without_an_account_begins_with_their_invitation() {
    world::with_owner(|world, _, token| async move {
        let body = json!({"name": "Motors", "owner_email": "New@example.com"});
        let made = world.post("/operator/organizations", Some(&token), body).await;
        assert_eq!(
            (made.status.as_u16(), &made.body["in_use"]["members"]),
            (201, &json!(0)),
            "{}",
            made.body
        );
        let invited = &made.body["owner_invitation"];
        assert_eq!((&invited["role"], &invited["email"]), (&json!("owner"), &json!("New@example.com")));
        let org = made.body["id"].as_str().unwrap().to_owned();
        let lost = invited["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();

        // The link got lost: whoever made the organisation goes in and sends another one.
        let enter = json!({"reason": "the link got lost", "access": "admin"});
        let entered = world.post(&format!("/operator/organizations/{org}/enter"), Some(&token), enter).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
        let inside = [("x-organization", org.as_str())];
        let resend = format!("/invitations/{}/resend", invited["id"].as_str().unwrap());
        let again = world.call(http::Method::POST, &resend, Some(&token), Some("{}".into()), &inside).await;
        assert_eq!(again.status, 200, "{}", again.body);
        let link = again.body["link"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        let form = |token: &str| {
            json!({
                "token": token, "email": "new@example.com", "name": "New", "password": world::PASSWORD
            })
        };
        assert_eq!(
            world.post("/join/invitation", None, form(&lost)).await.body["code"],
            json!("link_unknown")
        );
        let came = world.post("/join/invitation", None, form(&link)).await;
        assert_eq!((came.status.as_u16(), &came.body["role"]), (200, &json!("owner")), "{}", came.body);
        // From now on it is theirs.
        let more = json!({"email": "other@example.com", "role": "owner"}).to_string();
        let refused = world.call(http::Method::POST, "/invitations", Some(&token), Some(more), &inside).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        let own = came.body["session"]["access_token"].as_str().unwrap();
        let log = world.get("/audit", Some(own)).await.body.to_string();
        assert!(log.contains("invitation.create") && !log.contains(&link) && !log.contains(&lost));
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_no_operator_is_told_who_can_make_them_one() {
    world::with_owner(|world, _, _| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let refused = world.get("/operator/organizations", Some(&rival)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["detail"]),
            (403, &json!("this needs an operator of the installation; Ada Lovelace can make you one"))
        );
    })
    .await;
}
