//! Refresh tokens: rotation, who refreshes twice, and everything that can happen to the answer.

use causeway_simulator::{Rule, Script, oauth::Rotation};

use super::{
    oauth::{call, text, token},
    *,
};

async fn refresh(simulator: &Simulator, refresh: &str) -> (u16, Value) {
    token(simulator, &fields(refresh)).await
}

fn fields(refresh: &str) -> [(&str, &str); 3] {
    [("grant_type", "refresh_token"), ("client_id", "me"), ("refresh_token", refresh)]
}

fn rule(script: &str) -> Rule {
    Rule::on_token("/oauth/token", "refresh_token", Script::parse(script).unwrap()).times(1)
}

#[tokio::test]
async fn each_refresh_brings_new_tokens_and_the_old_access_token_stays_good_for_its_time() {
    let simulator = start().await;
    let first = simulator.oauth().issue("acct-ada", "me");
    let (status, second) = refresh(&simulator, first.refresh.as_ref().unwrap()).await;
    assert_eq!(status, 200);
    assert_ne!(text(&second["refresh_token"]), first.refresh.unwrap());
    assert_eq!(call(&simulator, &first.access).await.0, 200);
    assert_eq!(call(&simulator, text(&second["access_token"])).await.0, 200);
    let grant = simulator.oauth().grant_of("acct-ada").unwrap();
    assert_eq!((grant.refreshes, grant.reuses, grant.at_once), (1, 0, 1));
    assert!(grant.refreshed_at.is_some());
}

#[tokio::test]
async fn a_refresh_token_used_twice_kills_the_grant_and_is_counted() {
    let simulator = start().await;
    let first = simulator.oauth().issue("acct-ada", "me");
    let old = first.refresh.unwrap();
    let (_, second) = refresh(&simulator, &old).await;
    let (status, answer) = refresh(&simulator, &old).await;
    assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    // The good ones go with it.
    assert_eq!(refresh(&simulator, text(&second["refresh_token"])).await.1["error"], "invalid_grant");
    assert_eq!(call(&simulator, text(&second["access_token"])).await.0, 401);
    let grant = simulator.oauth().grant_of("acct-ada").unwrap();
    assert_eq!((grant.refreshes, grant.reuses, grant.refused), (1, 1, 1));
    assert_eq!(grant.dead, Some("a refresh token was used twice"));
}

#[tokio::test]
async fn two_refreshes_at_one_time_are_seen_even_where_nothing_rotates() {
    let simulator = start().await;
    simulator.oauth().change(|terms| terms.rotation = Rotation::Silent);
    let tokens = simulator.oauth().issue("acct-ada", "me");
    let old = tokens.refresh.unwrap();
    simulator.queue(Rule { times: Some(2), ..rule("delay=150") });
    let (one, two) = tokio::join!(refresh(&simulator, &old), refresh(&simulator, &old));
    for (status, answer) in [one, two] {
        assert_eq!((status, answer.get("refresh_token")), (200, None));
    }
    let grant = simulator.oauth().grant_of("acct-ada").unwrap();
    assert_eq!((grant.refreshes, grant.reuses, grant.at_once), (2, 0, 2));

    simulator.oauth().change(|terms| terms.rotation = Rotation::Same);
    assert_eq!(refresh(&simulator, &old).await.1["refresh_token"], old.as_str());
}

#[tokio::test]
async fn a_refresh_token_is_its_clients_own() {
    let simulator = start().await;
    let tokens = simulator.oauth().issue("acct-ada", "somebody-else");
    let refresh_token = tokens.refresh.unwrap();
    assert_eq!(refresh(&simulator, &refresh_token).await.1["error"], "invalid_grant");
    assert_eq!(refresh(&simulator, "made-up").await.1["error"], "invalid_grant");
    simulator.oauth().change(|terms| terms.client_secret = Some("hush".into()));
    assert_eq!(refresh(&simulator, &refresh_token).await.1["error"], "invalid_client");
    let own = simulator.oauth().issue("acct-ada", "me").refresh.unwrap();
    let mut fields = fields(&own).to_vec();
    fields.push(("client_secret", "hush"));
    assert_eq!(token(&simulator, &fields).await.0, 200);
}

#[tokio::test]
async fn an_outage_and_a_refusal_on_demand_leave_the_grant_as_it_is() {
    let simulator = start().await;
    let old = simulator.oauth().issue("acct-ada", "me").refresh.unwrap();
    // A rule for answers is not used up by a refresh.
    simulator.queue(Rule::once(Script::parse("status=529").unwrap()));
    for (script, status, error) in [
        ("status=503", 503, "temporarily_unavailable"),
        ("status=400", 400, "invalid_grant"),
        ("status=400,error=invalid_client,message=Who?", 400, "invalid_client"),
    ] {
        simulator.queue(rule(script));
        let (got, answer) = refresh(&simulator, &old).await;
        assert_eq!((got, text(&answer["error"])), (status, error));
    }
    simulator.queue(rule("status=502,html"));
    let address = format!("{}/token", simulator.oauth().url());
    let page = oauth::posted(reqwest::Client::new().post(address), &fields(&old)).send().await.unwrap();
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    let (status, fresh) = refresh(&simulator, &old).await;
    assert_eq!(status, 200);
    assert_eq!(call(&simulator, text(&fresh["access_token"])).await.0, 529);
    assert_eq!(simulator.oauth().exchanges().len(), 5);
}

#[tokio::test]
async fn an_answer_may_come_late_or_be_lost_after_the_deed() {
    let simulator = start().await;
    let address = format!("{}/token", simulator.oauth().url());
    let client = reqwest::Client::new();
    let send = async |old: &str| {
        let answer = oauth::posted(client.post(&address), &fields(old)).send().await?;
        answer.bytes().await
    };
    let old = simulator.oauth().issue("acct-ada", "me").refresh.unwrap();
    // Before: nothing was done, and the token is still good.
    for how in ["cut=reset", "cut=close"] {
        simulator.queue(rule(how));
        assert!(send(&old).await.is_err(), "{how}");
    }
    simulator.queue(rule("delay=120"));
    let began = std::time::Instant::now();
    let (_, fresh) = refresh(&simulator, &old).await;
    assert!(began.elapsed() >= Duration::from_millis(115));
    // After: whoever asks again asks with a token that has been used.
    simulator.queue(rule("cut=reset@1"));
    let current = text(&fresh["refresh_token"]);
    assert!(send(current).await.is_err());
    assert_eq!(simulator.oauth().grant_of("acct-ada").unwrap().refreshes, 2);
    assert_eq!(refresh(&simulator, current).await.1["error"], "invalid_grant");
    assert_eq!(simulator.oauth().grant_of("acct-ada").unwrap().reuses, 1);
}
