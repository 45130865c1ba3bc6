//! Sharing an account that is authorised, by a person who may not add any.

use super::{Scene, query, scene};
use crate::world::Answer;
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

/// Somebody who shares accounts and does nothing else.
async fn contributor(scene: &Scene, email: &str) -> String {
    scene.world.person(scene.made, Role::Contributor, email).await;
    scene.world.sign_in(email).await
}

async fn invited(scene: &Scene, email: &str) -> String {
    let body = json!({"email": email, "provider": "sim", "name": "Shared"});
    let answer = scene.world.post("/shares", Some(&scene.owner), body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn begin(scene: &Scene, token: &str, of: Value) -> Answer {
    let mut body = json!({"provider": "sim", "auth": "oauth_code", "redirect": "page"});
    for (name, value) in of.as_object().unwrap() {
        body[name] = value.clone();
    }
    scene.world.post("/accounts/authorizations", Some(token), body).await
}

/// What a person has authorised as somebody at the provider, for something of their own.
async fn authorised(scene: &Scene, token: &str, of: Value, identity: &str) -> Value {
    let begun = begin(scene, token, of).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let back = scene.consent(&begun, identity).await;
    let code = format!("{}#{}", query(&back, "code").unwrap(), query(&back, "state").unwrap());
    let path = format!("/accounts/authorizations/{}/code", begun.body["id"].as_str().unwrap());
    let answer = scene.world.post(&path, Some(token), json!({"code": code})).await;
    assert_eq!(answer.body["status"], "authorized", "{}", answer.body);
    answer.body
}

async fn accept(scene: &Scene, token: &str, share: &str, authorization: &Value) -> Answer {
    let body = json!({"authorization_id": authorization["id"]});
    scene.world.post(&format!("/me/shares/{share}/accept"), Some(token), body).await
}

#[tokio::test]
async fn a_contributor_authorises_renews_and_withdraws_their_own_account() {
    scene(|scene| async move {
        let grace = contributor(&scene, "grace@example.com").await;
        let share = invited(&scene, "grace@example.com").await;
        let authorization = authorised(&scene, &grace, json!({"share_id": share}), "acct-grace").await;
        let answer = accept(&scene, &grace, &share, &authorization).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let account = answer.body;
        assert_eq!(account["identity"]["email"], "grace@example.com");
        scene.works(&account).await;
        let id = account["id"].as_str().unwrap();
        let test = format!("/me/accounts/{id}/test");
        let test = scene.world.post(&test, Some(&grace), Value::Null).await.body;
        assert_eq!(test["ok"], true, "{test}");

        // The grant dies, and its person gives another one; of another login it would be another account.
        scene.dies(&account).await;
        let renew = format!("/me/accounts/{id}/credential");
        let other = authorised(&scene, &grace, json!({"account_id": id}), "acct-ada").await;
        let put = async |authorization: &Value| {
            let body = json!({"authorization_id": authorization["id"]}).to_string();
            scene.world.call(Method::PUT, &renew, Some(&grace), Some(body), &[]).await
        };
        let refused = put(&other).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["field"]),
            (422, &json!("authorization_id")),
            "{}",
            refused.body
        );
        let same = authorised(&scene, &grace, json!({"account_id": id}), "acct-grace").await;
        let renewed = put(&same).await;
        assert_eq!((renewed.status.as_u16(), &renewed.body["credential_state"]), (200, &json!("ok")));
        scene.works(&renewed.body).await;
        let gone =
            scene.world.call(Method::DELETE, &format!("/me/accounts/{id}"), Some(&grace), None, &[]).await;
        assert_eq!(gone.status, 204, "{}", gone.body);
        // They may share it again.
        let share = invited(&scene, "grace@example.com").await;
        let authorization = authorised(&scene, &grace, json!({"share_id": share}), "acct-grace").await;
        assert_eq!(accept(&scene, &grace, &share, &authorization).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn an_authorisation_is_begun_for_ones_own_at_its_provider_only() {
    scene(|scene| async move {
        let grace = contributor(&scene, "grace@example.com").await;
        let mallory = contributor(&scene, "mallory@example.com").await;
        let share = invited(&scene, "grace@example.com").await;
        let account = scene.authorised(json!({})).await;
        let refused = async |token: &str, of: Value| begin(&scene, token, of).await.status.as_u16();
        assert_eq!(refused(&grace, json!({})).await, 403);
        assert_eq!(refused(&mallory, json!({"share_id": share})).await, 422);
        assert_eq!(refused(&grace, json!({"account_id": account["id"]})).await, 422);
        assert_eq!(refused(&grace, json!({"share_id": share, "account_id": account["id"]})).await, 422);
        assert_eq!(refused(&grace, json!({"share_id": share, "provider": "anthropic"})).await, 422);
        assert_eq!(refused(&grace, json!({"share_id": share, "proxy": "direct"})).await, 403);
        // What one begins another cannot go on with.
        let begun = begin(&scene, &grace, json!({"share_id": share})).await.body;
        let path = format!("/accounts/authorizations/{}", begun["id"].as_str().unwrap());
        assert_eq!(scene.world.get(&path, Some(&mallory)).await.status, 404);
        assert_eq!(scene.world.call(Method::DELETE, &path, Some(&grace), None, &[]).await.status, 204);
    })
    .await;
}

#[tokio::test]
async fn a_login_that_somebody_else_has_connected_is_not_taken_over() {
    scene(|scene| async move {
        let connected = scene.authorised(json!({"name": "The organisation's"})).await;
        let identity = connected["identity"]["subject"].as_str().unwrap().to_owned();
        let grace = contributor(&scene, "grace@example.com").await;
        let share = invited(&scene, "grace@example.com").await;
        let authorization = authorised(&scene, &grace, json!({"share_id": share}), &identity).await;
        assert_eq!(authorization["known_account"], Value::Null, "its name is none of theirs");
        let refused = accept(&scene, &grace, &share, &authorization).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        scene.works(&connected).await;
        assert_eq!(scene.world.get("/me/shares", Some(&grace)).await.body[0]["state"], "open");
        // Named to look after it, they renew it so.
        let me = scene.world.get("/me", Some(&grace)).await.body["user"]["id"].clone();
        let path = format!("/accounts/{}", connected["id"].as_str().unwrap());
        scene.world.patch(&path, Some(&scene.owner), json!({"owner_id": me})).await;
        let authorization = authorised(&scene, &grace, json!({"share_id": share}), &identity).await;
        assert_eq!(authorization["known_account"]["name"], "The organisation's");
        let taken = accept(&scene, &grace, &share, &authorization).await;
        assert_eq!((taken.status.as_u16(), &taken.body["id"]), (201, &connected["id"]), "{}", taken.body);
    })
    .await;
}
