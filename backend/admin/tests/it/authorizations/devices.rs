//! By a device's code, asked for by the server.

use super::{Scene, scene};
use causeway_simulator::{ProxyFault, ProxyKind, Rule, Script, TestProxy};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks until it is no longer pending, for a few seconds.
async fn settled(scene: &Scene, begun: &Value) -> Value {
    for _ in 0..100 {
        let read = scene.read(begun).await;
        if read["status"] != json!("pending") {
            return read;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it stays pending");
}

async fn begin(scene: &Scene, interval: u64) -> Value {
    scene.simulator.oauth().change(|terms| terms.device_interval = interval);
    let begun = scene.begin(json!({"provider": "sim", "auth": "device_code"})).await.body;
    assert_eq!((&begun["url"], &begun["redirect"]), (&Value::Null, &Value::Null));
    begun
}

#[tokio::test]
async fn a_code_that_is_typed_in_ends_in_an_account_that_works() {
    scene(|scene| async move {
        let begun = begin(&scene, 1).await;
        let code = begun["user_code"].as_str().unwrap();
        let page = format!("{}/oauth/activate", scene.simulator.url());
        assert_eq!(begun["verification_uri"], json!(page));
        assert_eq!(begun["verification_uri_complete"], json!(format!("{page}?user_code={code}")));
        let read = scene.read(&begun).await;
        assert_eq!((&read["status"], &read["user_code"]), (&json!("pending"), &json!(code)));
        assert!(scene.simulator.oauth().approve(code, "acct-grace"));
        let read = settled(&scene, &begun).await;
        assert_eq!(read["status"], json!("authorized"), "{read}");
        assert_eq!(read["identity"]["email"], json!("grace@example.com"));
        let saved = scene.save(&begun, json!({})).await;
        assert_eq!(saved.status, 201, "{}", saved.body);
        scene.works(&saved.body).await;
    })
    .await;
}

#[tokio::test]
async fn however_many_ask_the_issuer_is_never_asked_too_soon() {
    scene(|scene| async move {
        scene.open(json!({"device_pkce": true})).await;
        let begun = begin(&scene, 1).await;
        for _ in 0..25 {
            let reads = (0..4).map(|_| scene.read(&begun));
            futures_util::future::join_all(reads).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let device = scene.simulator.oauth().devices().pop().unwrap();
        assert!(device.polls >= 1 && device.too_soon == 0, "{device:?}");
        assert!(device.polls <= 4, "{device:?}");
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_wants_it_slower_is_asked_more_slowly() {
    scene(|scene| async move {
        // It tells one second, and wants more.
        let begun = begin(&scene, 1).await;
        scene
            .world
            .meddle("oauth_flows", "update oauth_flows set poll_after = now(), poll_seconds = 0")
            .await;
        assert_eq!(scene.read(&begun).await["status"], json!("pending"));
        scene
            .world
            .meddle("oauth_flows", "update oauth_flows set poll_after = now(), poll_seconds = 1")
            .await;
        let read = scene.read(&begun).await;
        assert_eq!((&read["status"], &read["interval"]), (&json!("pending"), &json!(6)), "{read}");
        assert_eq!(scene.simulator.oauth().devices().pop().unwrap().too_soon, 1);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_and_the_end_of_the_codes_time_are_told_in_the_issuers_words() {
    scene(|scene| async move {
        let begun = begin(&scene, 1).await;
        assert!(scene.simulator.oauth().deny(begun["user_code"].as_str().unwrap()));
        let read = settled(&scene, &begun).await;
        assert_eq!((&read["status"], &read["failure"]["code"]), (&json!("failed"), &json!("access_denied")));
        assert!(read["failure"]["message"].as_str().unwrap().contains("did not agree"), "{read}");
        // The issuer has forgotten it before we have.
        let begun = begin(&scene, 1).await;
        scene.simulator.oauth().change(|terms| terms.device_seconds = 1);
        let short = begin(&scene, 1).await;
        scene
            .world
            .meddle("oauth_flows", "update oauth_flows set expires_at = now() + interval '5 minutes'")
            .await;
        let read = settled(&scene, &short).await;
        assert_eq!(read["failure"]["code"], json!("expired_token"), "{read}");
        // Nobody came in time.
        scene
            .world
            .meddle("oauth_flows", "update oauth_flows set expires_at = now() where status = 'pending'")
            .await;
        let polls = scene.simulator.oauth().devices()[1].polls;
        assert_eq!(scene.read(&begun).await["status"], json!("expired"));
        assert_eq!(scene.simulator.oauth().devices()[1].polls, polls, "nobody asks any more");
    })
    .await;
}

#[tokio::test]
async fn an_issuer_that_is_out_of_order_is_asked_again_and_a_cancelled_one_never() {
    scene(|scene| async move {
        let begun = begin(&scene, 1).await;
        let away = Script::parse("status=503").unwrap();
        scene.simulator.queue(Rule::on_token("/oauth/token", "device_code", away).times(1));
        scene.world.meddle("oauth_flows", "update oauth_flows set poll_after = now()").await;
        let read = scene.read(&begun).await;
        assert_eq!((&read["status"], &read["interval"]), (&json!("pending"), &json!(6)), "{read}");
        let cancelled =
            scene.world.call(http::Method::DELETE, &super::path(&begun), Some(&scene.owner), None, &[]).await;
        assert_eq!(cancelled.status, 204, "{}", cancelled.body);
        let code = begun["user_code"].as_str().unwrap();
        assert!(scene.simulator.oauth().approve(code, "acct-ada"));
        scene.world.meddle("oauth_flows", "update oauth_flows set poll_after = now()").await;
        assert_eq!(scene.read(&begun).await["status"], json!("cancelled"));
        assert!(scene.simulator.oauth().grants().is_empty());
        let saved = scene.save(&begun, json!({})).await;
        assert!(saved.status == 409 && saved.body["detail"].as_str().unwrap().contains("cancelled"));
    })
    .await;
}

#[tokio::test]
async fn an_issuer_is_asked_on_the_way_that_was_chosen_from_the_first_question_to_the_last() {
    scene(|scene| async move {
        let proxy = TestProxy::start(ProxyKind::Http, None).await.unwrap();
        let known = json!({"name": "p", "scheme": "http", "host": "127.0.0.1", "port": proxy.addr().port()});
        let known = scene.world.post("/proxies", Some(&scene.owner), known).await.body;
        scene.simulator.oauth().change(|terms| terms.device_interval = 1);
        let begun = json!({"provider": "sim", "auth": "device_code", "proxy": known["id"]});
        let begun = scene.begin(begun).await.body;
        assert_eq!(proxy.tunnels().len(), 1, "{begun}");
        assert!(scene.simulator.oauth().approve(begun["user_code"].as_str().unwrap(), "acct-grace"));
        let read = settled(&scene, &begun).await;
        assert_eq!(read["status"], json!("authorized"), "{read}");
        assert!(proxy.tunnels().len() >= 2);
        proxy.fault(Some(ProxyFault::Reset));
        let ask = json!({"provider": "sim", "auth": "device_code", "proxy": known["id"]});
        let refused = scene.world.post("/accounts/authorizations", Some(&scene.owner), ask).await;
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert!(refused.body["detail"].as_str().unwrap().contains("proxy"), "{}", refused.body);
        let nobodys =
            json!({"provider": "sim", "auth": "oauth_code", "proxy": "019a0000-0000-7000-8000-0000000000ff"});
        let refused = scene.world.post("/accounts/authorizations", Some(&scene.owner), nobodys).await;
        assert_eq!(super::told(&refused).1, "proxy", "{}", refused.body);
    })
    .await;
}
