//! What is refused, and in what words: wrong states, used states, codes that are over, people who do not agree, other
//! sessions, other organisations.

use super::{Scene, cookie, path, query, scene, told};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_state_of_another_authorisation_changes_nothing_and_a_used_one_is_refused() {
    scene(|scene| async move {
        let (one, two) = (scene.begin_code("loopback").await, scene.begin_code("loopback").await);
        let of_two = scene.consent(&two, "acct-ada").await;
        let (status, field, words) = told(&scene.paste(&one.body, &of_two).await);
        assert_eq!((status, field.as_str()), (422, "code"));
        assert!(words.contains("another authorisation"), "{words}");
        for nonsense in ["", "two words", "https://example.com/"] {
            let (status, field, _) = told(&scene.paste(&one.body, nonsense).await);
            assert_eq!((status, field.as_str()), (422, "code"), "{nonsense:?}");
        }
        assert_eq!(scene.read(&one.body).await["status"], json!("pending"));
        // The right one, twice at once: one of them is exchanged.
        let both = [scene.paste(&two.body, &of_two), scene.paste(&two.body, &of_two)];
        let mut statuses: Vec<_> =
            futures_util::future::join_all(both).await.iter().map(|a| a.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(scene.simulator.oauth().exchanges().len(), 1);
        let (status, _, words) = told(&scene.paste(&two.body, &of_two).await);
        assert!(status == 409 && words.contains("used before"), "{words}");
        assert_eq!(scene.read(&two.body).await["status"], json!("authorized"), "what came of it stays");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_has_expired_and_an_owner_who_does_not_agree_are_told_in_the_issuers_words() {
    scene(|scene| async move {
        scene.simulator.oauth().change(|terms| terms.code_seconds = 0);
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        let answer = scene.paste(&begun.body, &address).await;
        assert_eq!((answer.status.as_u16(), &answer.body["status"]), (200, &json!("failed")));
        assert_eq!(answer.body["failure"]["code"], json!("invalid_grant"), "{}", answer.body);
        // The code is said once.
        assert_eq!(answer.body["failure"]["message"], json!("The code has expired."));
        let saved = scene.save(&begun.body, json!({})).await;
        assert!(saved.status == 409 && saved.body["detail"].as_str().unwrap().contains("failed"));
        // Pasted, and sent back.
        let denied = "error=access_denied&error_description=No%3Cb%3E+thanks";
        for hosted in [false, true] {
            let begun = scene.begin_code(if hosted { "hosted" } else { "loopback" }).await;
            let ticket = query(begun.body["url"].as_str().unwrap(), "state").unwrap();
            let address = format!("http://localhost:3000/oauth/callback?{denied}&state={ticket}");
            if hosted {
                let (status, page) = scene.back(&address, &cookie(&begun)).await;
                assert!(status == 200 && page.contains("No&lt;b&gt; thanks"), "{page}");
            } else {
                assert_eq!(scene.paste(&begun.body, &address).await.status, 200);
            }
            let read = scene.read(&begun.body).await;
            assert_eq!(read["failure"], json!({"code": "access_denied", "message": "No<b> thanks"}));
        }
        assert!(scene.simulator.oauth().grants().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_state_is_good_for_ten_minutes_and_so_is_what_came_of_it() {
    scene(|scene| async move {
        let late = "update oauth_flows set expires_at = now() - interval '1 second'";
        let begun = scene.begin_code("hosted").await;
        let address = scene.consent(&begun, "acct-ada").await;
        scene.world.meddle("oauth_flows", late).await;
        let (status, _, words) = told(&scene.paste(&begun.body, &address).await);
        assert!(status == 409 && words.contains("took longer"), "{words}");
        let (status, page) = scene.back(&address, &cookie(&begun)).await;
        assert!(status == 409 && page.contains("took longer"), "{page}");
        assert_eq!(scene.read(&begun.body).await["status"], json!("expired"));
        let begun = scene.begin_code("hosted").await;
        scene.back(&scene.consent(&begun, "acct-ada").await, &cookie(&begun)).await;
        scene.world.meddle("oauth_flows", late).await;
        let saved = scene.save(&begun.body, json!({})).await;
        assert!(saved.status == 409 && saved.body["detail"].as_str().unwrap().contains("too long"));
    })
    .await;
}

#[tokio::test]
async fn another_browser_is_shown_the_code_and_gives_nothing_away() {
    scene(|scene| async move {
        let begun = scene.begin_code("hosted").await;
        let address = scene.consent(&begun, "acct-ada").await;
        // Of nobody, and of another session in which something was begun.
        let other = Scene { owner: scene.world.sign_in("owner@example.com").await, ..scene.clone() };
        let others = cookie(&other.begin_code("hosted").await);
        for cookies in ["", "causeway_oauth=00", &others] {
            let (status, page) = scene.back(&address, cookies).await;
            let code = query(&address, "code").unwrap();
            assert!(status == 200 && page.contains(&format!("<code id=\"code\">{code}#")), "{page}");
        }
        assert_eq!(scene.read(&begun.body).await["status"], json!("pending"));
        assert!(scene.simulator.oauth().exchanges().is_empty());
        let (status, page) =
            scene.back("http://localhost:3000/oauth/callback?code=a&state=nobodys", &cookie(&begun)).await;
        assert!(status == 400 && page.contains("No authorisation was begun"), "{page}");
        // A session that is over does not go on either.
        let path = "/auth/sign-out";
        let sessions = scene.world.get("/me/sessions", Some(&other.owner)).await.body;
        let first = sessions.as_array().unwrap().iter().find(|s| s["current"] == json!(false)).unwrap();
        let end = format!("/me/sessions/{}", first["id"].as_str().unwrap());
        let ended = scene.world.call(Method::DELETE, &end, Some(&other.owner), None, &[]).await;
        assert!(ended.status.is_success(), "{path}: {}", ended.body);
        let (_, page) = scene.back(&address, &cookie(&begun)).await;
        assert!(page.contains("<code id=\"code\">"), "{page}");
        assert!(scene.simulator.oauth().exchanges().is_empty());
    })
    .await;
}

#[tokio::test]
async fn nobody_else_sees_an_authorisation_or_goes_on_with_it() {
    scene(|scene| async move {
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        scene.world.owner("Rivals", "rival@example.com").await;
        scene.world.person(scene.made, Role::Admin, "admin@example.com").await;
        for (name, email) in [
            ("another session", "owner@example.com"),
            ("another person", "admin@example.com"),
            ("another organisation", "rival@example.com"),
        ] {
            let token = scene.world.sign_in(email).await;
            let other = Scene { owner: token, ..scene.clone() };
            let at = path(&begun.body);
            let cancel = other.world.call(Method::DELETE, &at, Some(&other.owner), None, &[]).await;
            let read = other.world.get(&at, Some(&other.owner)).await;
            let pasted = other.paste(&begun.body, &address).await;
            let statuses = [read.status, cancel.status, pasted.status].map(|s| s.as_u16());
            assert_eq!(statuses, [404; 3], "{name}");
            let (status, field, _) = told(&other.save(&begun.body, json!({})).await);
            assert_eq!((status, field.as_str()), (422, "authorization_id"), "{name}");
            // Their own authorisation does not take it either.
            let own = other.begin_code("loopback").await;
            let (status, field, words) = told(&other.paste(&own.body, &address).await);
            assert_eq!((status, field.as_str()), (422, "code"), "{name}: {words}");
        }
        assert_eq!(scene.paste(&begun.body, &address).await.body["status"], json!("authorized"));
    })
    .await;
}

#[tokio::test]
async fn providers_that_are_not_open_say_whom_to_ask() {
    scene(|scene| async move {
        let begin = async |provider: &str, auth: &str, redirect: Value| {
            let mut body = json!({"provider": provider, "auth": auth});
            if !redirect.is_null() {
                body["redirect"] = redirect;
            }
            told(&scene.world.post("/accounts/authorizations", Some(&scene.owner), body).await)
        };
        let (status, field, words) = begin("codex", "oauth_code", Value::Null).await;
        assert!(status == 422 && field == "provider" && words.contains("switched off"), "{words}");
        let (status, field, words) = begin("openai", "oauth_code", Value::Null).await;
        assert!(status == 422 && field == "auth" && words.contains("cannot be authorised"), "{words}");
        scene.open(json!({"client_id": null})).await;
        let (status, field, words) = begin("sim", "device_code", Value::Null).await;
        assert!(status == 422 && field == "provider" && words.contains("ask its operator"), "{words}");
        scene.open(json!({"redirects": [{"kind": "hosted"}]})).await;
        let (status, field, words) = begin("sim", "oauth_code", json!("loopback")).await;
        assert!(status == 422 && field == "redirect" && words.contains("hosted"), "{words}");
        let (status, field, _) = begin("sim", "device_code", json!("hosted")).await;
        assert_eq!((status, field.as_str()), (422, "redirect"));
        let (status, field, _) = begin("nobody", "oauth_code", Value::Null).await;
        assert_eq!((status, field.as_str()), (422, "provider"));
        // An issuer that does not know us, and one that is away.
        scene.simulator.oauth().change(|terms| terms.clients = vec!["them".to_owned()]);
        let (status, _, words) = begin("sim", "device_code", Value::Null).await;
        assert!(status == 409 && words.contains("invalid_client: Client authentication failed."), "{words}");
        scene.open(json!({"device": "http://127.0.0.1:9/device"})).await;
        let (status, _, words) = begin("sim", "device_code", Value::Null).await;
        assert!(status == 409 && words.contains("no connection"), "{words}");
        scene.open(json!({"device": "http://169.254.169.254/device"})).await;
        let (status, _, words) = begin("sim", "device_code", Value::Null).await;
        assert!(status == 409 && words.contains("not one that may be called"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_closed_meanwhile_gives_no_account() {
    scene(|scene| async move {
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        scene.open(json!({"client_id": null})).await;
        let answer = scene.paste(&begun.body, &address).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        scene.open(json!({})).await;
        assert_eq!(scene.paste(&begun.body, &address).await.body["status"], json!("authorized"));
        scene.open(json!({"token": "http://127.0.0.1:9/token"})).await;
        let (status, _, words) = told(&scene.save(&begun.body, json!({})).await);
        assert!(status == 409 && words.contains("changed meanwhile"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn what_was_authorised_is_sent_to_its_provider_and_nowhere_else() {
    scene(|scene| async move {
        let begun = scene.begin_code("loopback").await;
        let address = scene.consent(&begun, "acct-ada").await;
        let (status, _, words) = told(&scene.save(&begun.body, json!({})).await);
        assert!(status == 409 && words.contains("not finished"), "{words}");
        scene.paste(&begun.body, &address).await;
        for (more, at) in [
            (json!({"base_url": "https://elsewhere.example"}), "base_url"),
            (json!({"provider": "anthropic"}), "provider"),
            (json!({"credential": {"kind": "token", "token": "t"}}), "authorization_id"),
            (json!({"authorization_id": null}), "credential"),
            (json!({"pool_ids": [uuid::Uuid::now_v7()]}), "pool_ids"),
            (json!({"name": ""}), "name"),
        ] {
            let (status, field, _) = told(&scene.save(&begun.body, more.clone()).await);
            assert_eq!((status, field.as_str()), (422, at), "{more}");
        }
        // None of that has used it up.
        assert_eq!(scene.save(&begun.body, json!({})).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn nobody_begins_without_end() {
    scene(|scene| async move {
        for _ in 0..30 {
            scene.begin_code("loopback").await;
        }
        let body = json!({"provider": "sim", "auth": "oauth_code"});
        let answer = scene.world.post("/accounts/authorizations", Some(&scene.owner), body).await;
        assert!(answer.status == 409 && answer.body["detail"].as_str().unwrap().contains("under way"));
    })
    .await;
}
