//! Device codes, from the device's side and from the person's.

use causeway_simulator::{
    Rule, Script,
    oauth::{DeviceState, Means},
};

use super::{
    oauth::{call, posted, text, token, with},
    *,
};

/// What a device is told.
async fn begin(simulator: &Simulator) -> Value {
    let address = format!("{}/device", simulator.oauth().url());
    let fields = [("client_id", "tv"), ("scope", "inference")];
    let answer = posted(reqwest::Client::new().post(address), &fields).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// How a question of the device is answered: the error, or `ok`.
async fn poll(simulator: &Simulator, codes: &Value) -> (String, Value) {
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "tv"),
        ("device_code", text(&codes["device_code"])),
    ];
    let (_, answer) = token(simulator, &fields).await;
    (answer["error"].as_str().unwrap_or("ok").to_owned(), answer)
}

async fn patient() -> Simulator {
    let simulator = start().await;
    simulator.oauth().change(|terms| terms.device_interval = 0);
    simulator
}

#[tokio::test]
async fn a_device_waits_until_somebody_agrees_and_has_its_tokens_once() {
    let simulator = patient().await;
    let codes = begin(&simulator).await;
    assert_eq!((&codes["interval"], &codes["expires_in"]), (&0.into(), &600.into()));
    assert_eq!(poll(&simulator, &codes).await.0, "authorization_pending");

    // The person types it as people do.
    let page = format!("{}/activate", simulator.oauth().url());
    let typed = text(&codes["user_code"]).replace('-', "").to_lowercase();
    let typed = [("user_code", typed.as_str()), ("account", "acct-grace"), ("decision", "allow")];
    let said = posted(reqwest::Client::new().post(&page), &typed).send().await.unwrap();
    assert!(said.text().await.unwrap().contains("The device is connected."));

    let (said, tokens) = poll(&simulator, &codes).await;
    assert_eq!(said, "ok");
    assert_eq!(call(&simulator, text(&tokens["access_token"])).await.0, 200);
    let grant = simulator.oauth().grant_of("acct-grace").unwrap();
    assert_eq!((grant.means, grant.scope.as_str()), (Means::Device, "inference"));
    assert_eq!(poll(&simulator, &codes).await.0, "invalid_grant");
    assert_eq!(simulator.oauth().devices()[0].state, DeviceState::Used);
}

#[tokio::test]
async fn the_whole_address_with_a_consent_given_beforehand_is_enough() {
    let simulator = patient().await;
    let codes = begin(&simulator).await;
    let page = text(&codes["verification_uri_complete"]);
    let shown = reqwest::get(page).await.unwrap().text().await.unwrap();
    assert!(shown.contains(text(&codes["user_code"])) && shown.contains("ada@example.com"), "{shown}");
    simulator.oauth().consent_as(Some("acct-ada"));
    reqwest::get(page).await.unwrap();
    assert_eq!(poll(&simulator, &codes).await.0, "ok");
    let unknown = with(text(&codes["verification_uri"]), &[("user_code", "XXXX-XXXX")]);
    assert_eq!(reqwest::get(unknown).await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_device_that_asks_too_soon_must_go_slower() {
    let simulator = start().await;
    simulator.oauth().change(|terms| (terms.device_interval, terms.slow_down_seconds) = (1, 1));
    let codes = begin(&simulator).await;
    assert_eq!(poll(&simulator, &codes).await.0, "authorization_pending");
    assert_eq!(poll(&simulator, &codes).await.0, "slow_down");
    // What was enough before is not enough any more.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(poll(&simulator, &codes).await.0, "slow_down");
    let device = &simulator.oauth().devices()[0];
    assert_eq!((device.polls, device.too_soon, device.interval), (3, 2, 3));
}

#[tokio::test]
async fn a_device_is_told_that_somebody_said_no_or_nobody_came() {
    let simulator = patient().await;
    let denied = begin(&simulator).await;
    assert!(simulator.oauth().deny(text(&denied["user_code"])));
    assert!(!simulator.oauth().approve(text(&denied["user_code"]), "acct-ada"), "it has been decided");
    assert_eq!(poll(&simulator, &denied).await.0, "access_denied");
    simulator.oauth().change(|terms| terms.device_seconds = 0);
    let late = begin(&simulator).await;
    assert!(!simulator.oauth().approve(text(&late["user_code"]), "acct-ada"));
    assert_eq!(poll(&simulator, &late).await.0, "expired_token");
    assert_eq!(poll(&simulator, &json!({"device_code": "made-up"})).await.0, "invalid_grant");
}

#[tokio::test]
async fn either_endpoint_fails_on_demand() {
    let simulator = patient().await;
    let script = |text: &str| Script::parse(text).unwrap();
    simulator.queue(Rule { path: Some("/oauth/device".into()), ..Rule::once(script("status=503")) });
    let address = format!("{}/device", simulator.oauth().url());
    let answer = posted(reqwest::Client::new().post(address), &[("client_id", "tv")]).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let codes = begin(&simulator).await;
    simulator.oauth().approve(text(&codes["user_code"]), "acct-ada");
    let slow = script("status=400,error=slow_down");
    simulator.queue(Rule::on_token("/oauth/token", "device_code", slow).times(1));
    assert_eq!(poll(&simulator, &codes).await.0, "slow_down");
    assert_eq!(poll(&simulator, &codes).await.0, "ok");
}
