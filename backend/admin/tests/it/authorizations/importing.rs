//! Authorisations that another program has, imported with its file.

use super::{Scene, go, query, scene};
use causeway_accounts::oauth::{challenge, random};
use http::Method;
use serde_json::{Value, json};

impl Scene {
    /// Tokens that another program was given with the same client id.
    async fn tokens(&self, account: &str) -> Value {
        let at = self.simulator.url();
        self.simulator.oauth().consent_as(Some(account));
        let verifier = random();
        let mut page: url::Url = format!("{at}/oauth/authorize").parse().unwrap();
        page.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", "us")
            .append_pair("redirect_uri", "http://localhost:54545/callback")
            .append_pair("scope", "openid inference")
            .append_pair("state", "s")
            .append_pair("code_challenge", &challenge(&verifier))
            .append_pair("code_challenge_method", "S256");
        let back = go(page.as_str()).await;
        let code = query(&back, "code").unwrap();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", "us")
            .append_pair("redirect_uri", "http://localhost:54545/callback")
            .append_pair("code", &code)
            .append_pair("code_verifier", &verifier)
            .finish();
        let asked = reqwest::Client::new().post(format!("{at}/oauth/token")).body(form);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded");
        let sent = asked.send().await.unwrap();
        assert_eq!(sent.status(), 200);
        sent.json().await.unwrap()
    }

    async fn import(&self, file: &Value) -> Value {
        let path = "/accounts/import?file_name=auth.json";
        let answer =
            self.world.call(Method::POST, path, Some(&self.owner), Some(file.to_string()), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["items"][0].clone()
    }
}

fn file(tokens: &Value, expired: &str) -> Value {
    json!({"type": "sim", "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"],
        "id_token": tokens["id_token"], "email": "shown@example.com", "expired": expired})
}

#[tokio::test]
async fn an_authorisation_from_a_file_works_is_refreshed_and_is_known_again() {
    scene(|scene| async move {
        // The file says whose it is, or does not.
        for known in [true, false] {
            let identity = if known { json!({"subject": ["/sub"], "email": ["/email"]}) } else { json!({}) };
            scene.open(json!({"identity": identity})).await;
            let owner = if known { "acct-ada" } else { "acct-grace" };
            let tokens = scene.tokens(owner).await;
            let file = file(&tokens, "2020-01-01T00:00:00Z");
            let item = scene.import(&file).await;
            assert_eq!(
                (&item["outcome"], &item["credential_kind"]),
                (&json!("added"), &json!("oauth")),
                "{item}"
            );
            assert_eq!(item["subject"], if known { json!(owner) } else { Value::Null });
            let text = item.to_string();
            assert!(
                ["access_token", "refresh_token"].iter().all(|t| !text.contains(tokens[t].as_str().unwrap()))
            );
            let account = json!({"id": item["account_id"]});
            // Its token is over by what the file says, so the first use has another one.
            scene.works(&account).await;
            assert_eq!(scene.import(&file).await["outcome"], "present", "though its tokens are long others");
            scene.works(&account).await;
            let read = scene
                .world
                .get(&format!("/accounts/{}", account["id"].as_str().unwrap()), Some(&scene.owner))
                .await;
            assert_eq!(read.body["credential_state"], "ok");
            assert!(read.body["refreshed_at"].is_string(), "{}", read.body);
        }
    })
    .await;
}

#[tokio::test]
async fn an_authorisation_is_only_taken_where_the_operator_has_opened_the_provider() {
    scene(|scene| async move {
        let tokens = scene.tokens("acct-ada").await;
        let file = file(&tokens, "2099-01-01T00:00:00Z");
        scene.open(json!({"client_id": null})).await;
        let item = scene.import(&file).await;
        assert_eq!((item["outcome"].as_str(), item["field"].as_str()), (Some("refused"), Some("provider")));
        assert!(item["reason"].as_str().unwrap().contains("no client id"), "{item}");
        let switch = async |on: bool| {
            let body = json!({"enabled": on}).to_string();
            let path = "/operator/providers/sim";
            let put = scene.world.call(Method::PUT, path, Some(&scene.owner), Some(body), &[]).await;
            assert_eq!(put.status, 200, "{}", put.body);
        };
        switch(false).await;
        let item = scene.import(&file).await;
        assert!(item["reason"].as_str().unwrap().contains("ask the operator"), "{item}");
        let list = scene.world.get("/accounts", Some(&scene.owner)).await.body;
        assert_eq!(list["items"], json!([]));
        // One that is over and cannot be renewed is of no use.
        switch(true).await;
        scene.open(json!({})).await;
        let mut over = file.clone();
        over["expired"] = json!("2020-01-01T00:00:00Z");
        over.as_object_mut().unwrap().remove("refresh_token");
        let item = scene.import(&over).await;
        assert_eq!(
            (item["outcome"].as_str(), item["field"].as_str()),
            (Some("refused"), Some("access_token"))
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_was_authorised_here_is_not_imported_beside_it() {
    scene(|scene| async move {
        scene.open(json!({"identity": {"subject": ["/account/uuid", "/sub"]}})).await;
        let begun = scene.begin_code("loopback").await;
        let back = scene.consent(&begun, "acct-ada").await;
        assert_eq!(scene.paste(&begun.body, &back).await.status, 200);
        let saved = scene.save(&begun.body, json!({})).await.body;
        let item = scene.import(&file(&scene.tokens("acct-ada").await, "2099-01-01T00:00:00Z")).await;
        assert_eq!((&item["outcome"], &item["account_id"]), (&json!("present"), &saved["id"]), "{item}");
        assert!(item["reason"].as_str().unwrap().contains("this identity"));
        let item = scene.import(&file(&scene.tokens("acct-grace").await, "2099-01-01T00:00:00Z")).await;
        assert_eq!(item["outcome"], "added", "{item}");
    })
    .await;
}
