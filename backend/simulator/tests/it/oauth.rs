//! The issuer of access to accounts, as a client of its own making sees it: consent, codes, and what tokens open.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use causeway_simulator::{
    Rule, Script,
    oauth::{Means, OAuthAccount, TokenBody},
};
use sha2::{Digest, Sha256};

use super::*;

pub(crate) const VERIFIER: &str = "0123456789012345678901234567890123456789012";
pub(crate) const BACK: &str = "http://127.0.0.1:54545/callback";

/// The page's answer to what a client asks with, `extra` on top: the status, where the person is sent, the text.
pub(crate) async fn authorize(simulator: &Simulator, extra: &[(&str, &str)]) -> (u16, String, String) {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut asked = vec![
        ("response_type", "code"),
        ("client_id", "me"),
        ("redirect_uri", BACK),
        ("scope", "openid inference"),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    asked.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    asked.extend_from_slice(extra);
    let decision = asked.iter().any(|(name, _)| *name == "decision");
    let address = format!("{}/authorize", simulator.oauth().url());
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request =
        if decision { posted(client.post(address), &asked) } else { client.get(with(&address, &asked)) };
    let answer = request.send().await.unwrap();
    let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    (answer.status().as_u16(), place.unwrap_or_default(), answer.text().await.unwrap())
}

pub(crate) async fn code(simulator: &Simulator) -> String {
    let (_, place, _) = authorize(simulator, &[]).await;
    place.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

pub(crate) fn posted(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

pub(crate) fn with(address: &str, fields: &[(&str, &str)]) -> url::Url {
    url::Url::parse_with_params(address, fields).unwrap()
}

/// A form to the token endpoint.
pub(crate) async fn token(simulator: &Simulator, fields: &[(&str, &str)]) -> (u16, Value) {
    let address = format!("{}/token", simulator.oauth().url());
    let answer = posted(reqwest::Client::new().post(address), fields).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(crate) async fn exchange(simulator: &Simulator, code: &str, verifier: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "me"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", verifier),
    ];
    token(simulator, &fields).await
}

/// A Messages call with an access token.
pub(crate) async fn call(simulator: &Simulator, access: &str) -> (u16, Value) {
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/messages", simulator.url()))
        .bearer_auth(access)
        .header("anthropic-version", "2023-06-01")
        .json(&body(false, "u"))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn with_ada() -> Simulator {
    let simulator = start().await;
    simulator.oauth().consent_as(Some("acct-ada"));
    simulator
}

#[tokio::test]
async fn a_code_becomes_tokens_that_open_the_messages_endpoints_under_their_owners_name() {
    let simulator = with_ada().await;
    let (status, tokens) = exchange(&simulator, &code(&simulator).await, VERIFIER).await;
    assert_eq!((status, &tokens["expires_in"]), (200, &3600.into()), "{tokens}");
    assert_eq!(tokens["account"]["uuid"], "acct-ada");
    let claims = URL_SAFE_NO_PAD.decode(text(&tokens["id_token"]).split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["sub"], &claims["email"]), (&"acct-ada".into(), &"ada@example.com".into()));
    assert_eq!(claims["https://api.openai.com/auth"]["chatgpt_account_id"], "acct-ada");

    assert_eq!(call(&simulator, text(&tokens["access_token"])).await.0, 200);
    let (entry, grant) = (settled(&simulator).await, simulator.oauth().grant_of("acct-ada").unwrap());
    assert_eq!((entry.subject.as_deref(), entry.grant), (Some("acct-ada"), Some(grant.id)));
    assert_eq!((grant.means, grant.client_id.as_str(), grant.refreshes), (Means::Code, "me", 0));
}

#[tokio::test]
async fn a_code_is_good_once_and_its_second_use_ends_what_came_of_the_first() {
    let simulator = with_ada().await;
    let wrong = code(&simulator).await;
    let (status, answer) = exchange(&simulator, &wrong, &VERIFIER.replace('0', "1")).await;
    assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    assert_eq!(exchange(&simulator, &wrong, VERIFIER).await.0, 400);

    let good = code(&simulator).await;
    let (_, tokens) = exchange(&simulator, &good, VERIFIER).await;
    assert_eq!(exchange(&simulator, &good, VERIFIER).await.0, 400);
    let (status, answer) = call(&simulator, text(&tokens["access_token"])).await;
    assert_eq!((status, &answer["error"]["type"]), (401, &"authentication_error".into()));
    assert!(text(&answer["error"]["message"]).contains("revoked"));
    assert!(simulator.oauth().grant_of("acct-ada").unwrap().dead.is_some());
}

#[tokio::test]
async fn whoever_asks_without_pkce_or_state_or_for_a_foreign_address_is_sent_nowhere() {
    let simulator = with_ada().await;
    simulator.oauth().change(|terms| {
        terms.redirects =
            vec!["http://localhost:1455/auth/callback".into(), format!("{}/paste", simulator.oauth().url())];
        terms.clients = vec!["me".into()];
    });
    for extra in [
        ("code_challenge_method", "plain"),
        ("state", ""),
        ("client_id", "stranger"),
        ("response_type", "token"),
        ("redirect_uri", "https://evil.example/auth/callback"),
    ] {
        let good = ("redirect_uri", "http://localhost:9/auth/callback");
        let extra = if extra.0 == "redirect_uri" { vec![extra] } else { vec![good, extra] };
        let (status, place, _) = authorize(&simulator, &extra).await;
        assert_eq!((status, place.as_str()), (400, ""), "{extra:?}");
    }
    // A loopback address is good at any port.
    let (status, place, _) =
        authorize(&simulator, &[("redirect_uri", "http://localhost:9/auth/callback")]).await;
    assert!(status == 303 && place.starts_with("http://localhost:9/auth/callback?code="), "{place}");
}

#[tokio::test]
async fn the_page_offers_every_account_and_a_refusal_goes_back_as_one() {
    let simulator = start().await;
    simulator.oauth().add(OAuthAccount::within("acct-joan", "joan@example.com", "org-bletchley"));
    let (status, _, page) = authorize(&simulator, &[]).await;
    assert_eq!(status, 200);
    for name in ["ada@example.com", "grace@example.com", "joan@example.com (org-bletchley)"] {
        assert!(page.contains(name), "{page}");
    }
    let (_, place, _) = authorize(&simulator, &[("account", "acct-joan"), ("decision", "allow")]).await;
    assert!(place.contains("code=") && place.ends_with("state=s"), "{place}");
    let (_, place, _) = authorize(&simulator, &[("account", "acct-joan"), ("decision", "deny")]).await;
    assert!(place.contains("error=access_denied") && place.ends_with("state=s"), "{place}");

    let trouble = Script::parse("error=invalid_scope,message=No such scope").unwrap();
    simulator.queue(Rule { path: Some("/oauth/authorize".into()), ..Rule::once(trouble) });
    let (_, place, _) = authorize(&simulator, &[]).await;
    assert!(place.contains("error=invalid_scope&error_description=No+such+scope"), "{place}");
    assert_eq!(authorize(&simulator, &[]).await.0, 200);
}

#[tokio::test]
async fn the_hosted_redirect_shows_what_is_to_be_pasted() {
    let simulator = with_ada().await;
    let hosted = format!("{}/paste", simulator.oauth().url());
    let (_, place, _) = authorize(&simulator, &[("redirect_uri", &hosted)]).await;
    let page = reqwest::get(&place).await.unwrap().text().await.unwrap();
    let code = place.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert!(page.contains(&format!("<code id=\"code\">{code}#s</code>")), "{page}");

    // As Claude's clients send it: JSON, the state included, which must be the right one.
    let send = async |state: &str| {
        let body = json!({"grant_type": "authorization_code", "client_id": "me", "code": code, "state": state,
            "redirect_uri": hosted, "code_verifier": VERIFIER});
        let address = format!("{}/token", simulator.oauth().url());
        reqwest::Client::new().post(address).json(&body).send().await.unwrap().status().as_u16()
    };
    simulator.oauth().change(|terms| terms.body = Some(TokenBody::Json));
    assert_eq!(exchange(&simulator, code, VERIFIER).await.1["error"], "invalid_request");
    assert_eq!(send("s").await, 200);
    let said = simulator.oauth().exchanges();
    assert_eq!(said.iter().map(|e| (e.json, e.status)).collect::<Vec<_>>(), [(false, 400), (true, 200)]);
    assert_eq!(send("other").await, 400);
}

#[tokio::test]
async fn an_access_token_ends_with_its_time_and_is_no_key() {
    let simulator = start().await;
    simulator.oauth().change(|terms| terms.beta = Some("oauth-2025-04-20".into()));
    let tokens = simulator.oauth().issue("acct-ada", "me");
    let (status, answer) = call(&simulator, &tokens.access).await;
    assert!(status == 401 && text(&answer["error"]["message"]).contains("not supported"), "{answer}");
    simulator.oauth().change(|terms| terms.beta = None);
    assert_eq!(call(&simulator, &tokens.access).await.0, 200);

    let as_key = reqwest::Client::new().get(format!("{}/v1/models", simulator.url()));
    let as_key = as_key.header("x-api-key", &tokens.access).header("anthropic-version", "2023-06-01");
    assert_eq!(as_key.send().await.unwrap().status(), 401);

    simulator.oauth().expire_access();
    let (status, answer) = call(&simulator, &tokens.access).await;
    assert!(status == 401 && text(&answer["error"]["message"]).contains("expired"), "{answer}");
    let last = simulator.ledger().last().unwrap();
    assert_eq!((last.subject.as_deref(), last.status), (Some("acct-ada"), Some(401)));
}

#[tokio::test]
async fn rules_find_an_account_under_whichever_token_it_comes() {
    let simulator = start().await;
    simulator.queue(Rule::on_subject("acct-ada", Script::parse("status=429").unwrap()));
    for _ in 0..2 {
        let ada = simulator.oauth().issue("acct-ada", "me");
        assert_eq!(call(&simulator, &ada.access).await.0, 429);
    }
    let grace = simulator.oauth().issue("acct-grace", "me");
    assert_eq!(call(&simulator, &grace.access).await.0, 200);
}

#[tokio::test]
async fn the_switches_work_over_http_too() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    let at = |path: &str| format!("{}/_sim/oauth{path}", simulator.url());
    let change = json!({"consent_as": "acct-grace", "terms": {"access_seconds": 7, "rotation": "silent"}});
    assert_eq!(client.post(at("")).json(&change).send().await.unwrap().status(), 204);
    let wrong = json!({"terms": {"access_minutes": 7}});
    assert_eq!(client.post(at("")).json(&wrong).send().await.unwrap().status(), 400);
    let (_, tokens) = exchange(&simulator, &code(&simulator).await, VERIFIER).await;
    assert_eq!(tokens["expires_in"], 7);

    let given = json!({"account": "acct-ada", "client_id": "me"});
    let given: Value = client.post(at("/grants")).json(&given).send().await.unwrap().json().await.unwrap();
    assert_eq!(call(&simulator, text(&given["access"])).await.0, 200);
    let kill = json!({"kill": given["grant"]});
    assert_eq!(client.post(at("")).json(&kill).send().await.unwrap().status(), 204);
    assert_eq!(call(&simulator, text(&given["access"])).await.0, 401);

    let shown: Value = reqwest::get(at("")).await.unwrap().json().await.unwrap();
    assert_eq!(
        (&shown["terms"]["access_seconds"], &shown["grants"][1]["dead"]),
        (&7.into(), &"withdrawn".into())
    );
}
