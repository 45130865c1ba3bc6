//! By a code: sent back here, pasted from a page, pasted as an address.

use super::{cookie, query, scene};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_browser_that_is_sent_back_ends_in_an_account_that_works() {
    scene(|scene| async move {
        let begun = scene.begin(json!({"provider": "sim", "auth": "oauth_code"})).await;
        let url = begun.body["url"].as_str().unwrap();
        assert_eq!(query(url, "code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(query(url, "redirect_uri").as_deref(), Some("http://localhost:3000/oauth/callback"));
        assert_eq!((&begun.body["status"], &begun.body["redirect"]), (&json!("pending"), &json!("hosted")));
        let (status, page) = scene.back(&scene.consent(&begun, "acct-ada").await, &cookie(&begun)).await;
        assert!(status == 200 && page.contains("ada@example.com"), "{status} {page}");
        let read = scene.read(&begun.body).await;
        assert_eq!((&read["status"], &read["url"]), (&json!("authorized"), &Value::Null), "{read}");
        assert_eq!(read["identity"]["subject"], json!("acct-ada"), "before anything is saved");
        assert_eq!(read["base_url"], json!(scene.simulator.url()));
        let pool = json!({"name": "Research"});
        let pool = scene.world.post("/pools", Some(&scene.owner), pool).await.body;
        let owner = scene.made.user;
        let saved = scene.save(&begun.body, json!({"pool_ids": [pool["id"]], "owner_id": owner})).await;
        assert_eq!(saved.status, 201, "{}", saved.body);
        let account = saved.body;
        assert_eq!(
            (&account["credential_kind"], &account["identity"]["email"], &account["owner_id"]),
            (&json!("oauth"), &json!("ada@example.com"), &json!(owner))
        );
        assert!(account["credential_expires_at"].is_string(), "{account}");
        scene.works(&account).await;
        let path = format!("/pools/{}", pool["id"].as_str().unwrap());
        let pool = scene.world.get(&path, Some(&scene.owner)).await.body;
        assert_eq!(pool["members"][0]["account_id"], account["id"]);
        // Nobody gets a second one out of it.
        let again = scene.save(&begun.body, json!({})).await;
        assert!(again.status == 409 && again.body["detail"].as_str().unwrap().contains("used before"));
        assert_eq!(scene.read(&begun.body).await["status"], json!("used"));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_pasted_in_every_form_and_only_the_identity_tells_accounts_apart() {
    scene(|scene| async move {
        // `code#state`, as the provider's page shows it.
        let begun = scene.begin_code("page").await;
        let page = scene.consent(&begun, "acct-ada").await;
        let code = format!("{}#{}", query(&page, "code").unwrap(), query(&page, "state").unwrap());
        let answer = scene.paste(&begun.body, &code).await;
        assert_eq!((answer.status.as_u16(), &answer.body["status"]), (200, &json!("authorized")));
        let first = scene.save(&begun.body, json!({})).await;
        assert_eq!(first.status, 201, "{}", first.body);
        // The whole address, and another person's account.
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-grace").await;
        assert!(address.starts_with("http://localhost:54545/callback?code="), "{address}");
        let answer = scene.paste(&begun.body, &format!(" {address}\n")).await;
        assert_eq!(answer.body["identity"]["email"], json!("grace@example.com"), "{}", answer.body);
        assert_eq!(answer.body["known_account"], Value::Null);
        assert_eq!(scene.save(&begun.body, json!({"name": "Hers"})).await.status, 201);
        // The code alone, and the first account again: it is renewed, and keeps its name.
        let grants = scene.simulator.oauth().grants().len();
        let begun = scene.begin_code("page").await;
        let page = scene.consent(&begun, "acct-ada").await;
        let answer = scene.paste(&begun.body, &query(&page, "code").unwrap()).await;
        assert_eq!(answer.body["known_account"]["id"], first.body["id"], "{}", answer.body);
        let renewed = scene.save(&begun.body, json!({"name": "Another name"})).await;
        assert_eq!((renewed.status.as_u16(), &renewed.body["id"]), (200, &first.body["id"]));
        assert_eq!(renewed.body["name"], json!("Ours"));
        assert_eq!(scene.simulator.oauth().grants().len(), grants + 1);
        // What it has now is the new grant's: the old one may go.
        let old = scene.simulator.oauth().grants().into_iter().find(|g| g.account == "acct-ada").unwrap();
        scene.simulator.oauth().kill(&old.id);
        scene.works(&renewed.body).await;
        let all = scene.world.get("/accounts", Some(&scene.owner)).await.body;
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_same_person_in_another_organisation_is_another_account() {
    scene(|scene| async move {
        use causeway_simulator::oauth::OAuthAccount;
        let mut ids = Vec::new();
        for organisation in ["lab", "works"] {
            scene.simulator.oauth().add(OAuthAccount::within("acct-ada", "ada@example.com", organisation));
            let begun = scene.begin_code("loopback").await;
            let address = scene.consent(&begun, "acct-ada").await;
            assert_eq!(scene.paste(&begun.body, &address).await.body["status"], json!("authorized"));
            let saved = scene.save(&begun.body, json!({})).await;
            assert_eq!(saved.status, 201, "{}", saved.body);
            ids.push(saved.body["id"].clone());
        }
        assert_ne!(ids[0], ids[1]);
    })
    .await;
}

#[tokio::test]
async fn what_the_audit_log_has_names_whose_account_it_is_and_holds_no_secret() {
    scene(|scene| async move {
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        let code = query(&address, "code").unwrap();
        scene.paste(&begun.body, &address).await;
        let saved = scene.save(&begun.body, json!({})).await.body;
        let path = format!("/accounts/{}", saved["id"].as_str().unwrap());
        let removed = scene.world.call(Method::DELETE, &path, Some(&scene.owner), None, &[]).await;
        assert_eq!(removed.status, 204);
        let log = scene.world.get("/audit?limit=50", Some(&scene.owner)).await.body;
        let actions: Vec<_> =
            log["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
        for action in ["authorization.begin", "authorization.finish", "account.create"] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        let text = log.to_string();
        assert!(text.contains("acct-ada") && !text.contains(&code));
        let tokens = scene.simulator.oauth().issue("acct-ada", "us");
        assert!(!text.contains(&tokens.access[..8]) || tokens.access.len() < 8);
        // What is gone may be authorised anew, as somebody new.
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        assert_eq!(scene.paste(&begun.body, &address).await.body["known_account"], Value::Null);
        assert_eq!(scene.save(&begun.body, json!({})).await.status, 201);
    })
    .await;
}
