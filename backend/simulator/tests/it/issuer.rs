//! The identity provider, as a client of its own making sees it.

use crate::start;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use causeway_simulator::{
    Simulator,
    issuer::{CLIENT_SECRET, IssuerFault, Person, Signing},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

const VERIFIER: &str = "0123456789012345678901234567890123456789012";
const BACK: &str = "http://127.0.0.1:9/back";

/// Where the person is sent back to, with `extra` parameters asked for.
async fn authorize(simulator: &Simulator, extra: &str) -> (u16, String) {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let url = format!(
        "{}/authorize?response_type=code&client_id=me&redirect_uri={BACK}&scope=openid&state=s&nonce=n\
         &code_challenge={challenge}&code_challenge_method=S256{extra}",
        simulator.issuer().url()
    );
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    (answer.status().as_u16(), place.unwrap_or_default())
}

async fn code(simulator: &Simulator) -> String {
    let (_, place) = authorize(simulator, "").await;
    place.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn exchange(simulator: &Simulator, code: &str, verifier: &str, secret: &str) -> (u16, Value) {
    let form =
        format!("grant_type=authorization_code&code={code}&redirect_uri={BACK}&code_verifier={verifier}");
    let answer = reqwest::Client::new()
        .post(format!("{}/token", simulator.issuer().url()))
        .basic_auth("me", Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn part(token: &str, which: usize) -> Value {
    let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(which).unwrap()).unwrap();
    serde_json::from_slice(&part).unwrap()
}

async fn with_ada() -> Simulator {
    let simulator = start().await;
    simulator.issuer().add(Person::new("ada", "ada@example.com", &["staff"]));
    simulator.issuer().consent_as(Some("ada"));
    simulator
}

#[tokio::test]
async fn a_code_is_good_once_and_with_its_verifier_and_the_clients_secret_alone() {
    let simulator = with_ada().await;
    let wrong_verifier = code(&simulator).await;
    assert_eq!(
        exchange(&simulator, &wrong_verifier, &VERIFIER.replace('0', "1"), CLIENT_SECRET).await.0,
        400
    );
    // A try with anything wrong uses it up.
    assert_eq!(
        exchange(&simulator, &wrong_verifier, VERIFIER, CLIENT_SECRET).await.1["error"],
        "invalid_grant"
    );
    let good = code(&simulator).await;
    assert_eq!(exchange(&simulator, &good, VERIFIER, "guessed").await.1["error"], "invalid_client");
    let (status, tokens) = exchange(&simulator, &good, VERIFIER, CLIENT_SECRET).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = part(tokens["id_token"].as_str().unwrap(), 1);
    assert_eq!(
        (&claims["sub"], &claims["nonce"], &claims["aud"]),
        (&"ada".into(), &"n".into(), &"me".into())
    );
    assert_eq!(claims["groups"], serde_json::json!(["staff"]));
    assert_eq!(exchange(&simulator, &good, VERIFIER, CLIENT_SECRET).await.0, 400);
}

#[tokio::test]
async fn nobody_is_sent_back_without_pkce_and_a_refusal_goes_back_as_one() {
    let simulator = with_ada().await;
    let (status, _) = authorize(&simulator, "&code_challenge_method=plain").await;
    assert_eq!(status, 400);
    simulator.issuer().fault(Some(IssuerFault::Denied));
    let (status, place) = authorize(&simulator, "").await;
    assert!(status == 303 && place.contains("error=access_denied") && place.contains("state=s"), "{place}");
    simulator.issuer().fault(None);
    simulator.issuer().consent_as(None);
    assert_eq!(authorize(&simulator, "").await.0, 200);
}

#[tokio::test]
async fn after_a_rotation_only_the_new_key_is_published_and_signs() {
    let simulator = with_ada().await;
    let mut seen = Vec::new();
    for (signing, alg) in [(Signing::Es256, "ES256"), (Signing::Rs256, "RS256")] {
        simulator.issuer().rotate(signing).unwrap();
        let keys: Value =
            reqwest::get(format!("{}/jwks", simulator.issuer().url())).await.unwrap().json().await.unwrap();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
        let code = code(&simulator).await;
        let (_, tokens) = exchange(&simulator, &code, VERIFIER, CLIENT_SECRET).await;
        let header = part(tokens["id_token"].as_str().unwrap(), 0);
        assert_eq!((&header["alg"], &header["kid"]), (&alg.into(), &keys["keys"][0]["kid"]));
        seen.push(header["kid"].clone());
    }
    assert_ne!(seen[0], seen[1]);
}
