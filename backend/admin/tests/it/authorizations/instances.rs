//! Two instances over one Postgres and one Redis, with a browser that a load balancer sends now to one and now to the other.

use super::{Scene, cookie, path, query, scene, told};
use causeway_domain::Role;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use std::future::Future;

/// The same person at either of two instances.
async fn two<F, T>(test: F)
where
    F: FnOnce(Scene, Scene) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    scene(|a| async move {
        let b = Scene { world: a.world.beside().await, ..a.clone() };
        test(a, b).await;
    })
    .await;
}

/// The statuses of answers that came at once, in order.
fn sorted(mut statuses: Vec<u16>) -> Vec<u16> {
    statuses.sort_unstable();
    statuses
}

/// A device's code, with nobody waiting for the issuer's pace.
async fn device(at: &Scene) -> Value {
    at.simulator.oauth().change(|terms| terms.device_interval = 1);
    at.begin(json!({"provider": "sim", "auth": "device_code"})).await.body
}

async fn due(at: &Scene) {
    at.world.meddle("oauth_flows", "update oauth_flows set poll_after = now()").await;
}

#[tokio::test]
async fn a_code_that_was_begun_at_one_instance_is_finished_at_the_other() {
    two(|a, b| async move {
        // Pasted there, and saved here again.
        let begun = a.begin_code("loopback").await;
        let back = a.consent(&begun, "acct-ada").await;
        assert_eq!(b.read(&begun.body).await["status"], "pending");
        let pasted = b.paste(&begun.body, &back).await;
        assert_eq!((pasted.status.as_u16(), &pasted.body["status"]), (200, &json!("authorized")));
        assert_eq!(a.read(&begun.body).await["identity"]["subject"], "acct-ada");
        let saved = a.save(&begun.body, json!({})).await;
        assert_eq!(saved.status, 201, "{}", saved.body);
        b.works(&saved.body).await;
        assert_eq!(b.save(&begun.body, json!({})).await.status, 409, "it is used up everywhere");

        // The browser is sent back to the other instance, which knows it by its cookie.
        let begun = a.begin_code("hosted").await;
        let back = a.consent(&begun, "acct-grace").await;
        let (status, page) = b.back(&back, &cookie(&begun)).await;
        assert!(status == 200 && page.contains("grace@example.com"), "{page}");
        let saved = b.save(&begun.body, json!({})).await;
        assert_eq!(saved.status, 201, "{}", saved.body);
        a.works(&saved.body).await;
    })
    .await;
}

#[tokio::test]
async fn a_state_that_comes_to_both_instances_at_once_is_taken_once() {
    two(|a, b| async move {
        for round in 0..4 {
            let begun = a.begin_code("loopback").await;
            let back = a.consent(&begun, "acct-ada").await;
            let all = join_all([&a, &b, &b, &a].map(|at| at.paste(&begun.body, &back))).await;
            let statuses = all.iter().map(|answer| answer.status.as_u16()).collect();
            assert_eq!(sorted(statuses), [200, 409, 409, 409], "round {round}");
            assert_eq!(a.simulator.oauth().exchanges().len(), round + 1, "the issuer is asked once");
            // What came of it becomes one account, whoever saves it first.
            let all = join_all([&a, &b].map(|at| at.save(&begun.body, json!({})))).await;
            let statuses = all.iter().map(|answer| answer.status.as_u16()).collect();
            assert_eq!(sorted(statuses), [if round == 0 { 201 } else { 200 }, 409], "round {round}");
        }
        let list = b.world.get("/accounts", Some(&b.owner)).await.body;
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_comes_back_to_both_instances_at_once_is_let_in_once() {
    two(|a, b| async move {
        let begun = a.begin_code("hosted").await;
        let back = a.consent(&begun, "acct-ada").await;
        let cookies = cookie(&begun);
        let both = join_all([&a, &b].map(|at| at.back(&back, &cookies))).await;
        assert_eq!(sorted(both.iter().map(|(status, _)| *status).collect()), [200, 409]);
        assert_eq!(a.simulator.oauth().exchanges().len(), 1);
        assert_eq!(b.read(&begun.body).await["status"], "authorized");
    })
    .await;
}

#[tokio::test]
async fn a_device_that_was_begun_at_one_instance_is_asked_for_by_both_and_finished_once() {
    two(|a, b| async move {
        let begun = device(&a).await;
        let read = b.read(&begun).await;
        assert_eq!((&read["status"], &read["user_code"]), (&json!("pending"), &begun["user_code"]));
        assert!(a.simulator.oauth().approve(begun["user_code"].as_str().unwrap(), "acct-ada"));
        due(&a).await;
        let all = join_all([&a, &b, &a, &b].map(|at| at.read(&begun))).await;
        let done = all.iter().filter(|read| read["status"] == "authorized").count();
        assert!(done >= 1, "{all:?}");
        for at in [&a, &b] {
            let read = at.read(&begun).await;
            assert_eq!(
                (&read["status"], &read["identity"]["email"]),
                (&json!("authorized"), &json!("ada@example.com"))
            );
        }
        let devices = a.simulator.oauth().devices();
        assert_eq!((devices.len(), devices[0].too_soon), (1, 0), "{devices:?}");
        assert_eq!(a.simulator.oauth().grants().len(), 1, "one grant, whoever asked");
        let all = join_all([&a, &b].map(|at| at.save(&begun, json!({})))).await;
        assert_eq!(sorted(all.iter().map(|answer| answer.status.as_u16()).collect()), [201, 409]);
    })
    .await;
}

#[tokio::test]
async fn what_is_cancelled_at_one_instance_is_over_at_the_other() {
    two(|a, b| async move {
        let code = a.begin_code("hosted").await;
        let back = a.consent(&code, "acct-ada").await;
        let typed = device(&a).await;
        for begun in [&code.body, &typed] {
            let gone = b.world.call(Method::DELETE, &path(begun), Some(&b.owner), None, &[]).await;
            assert_eq!(gone.status, 204, "{}", gone.body);
            assert_eq!(a.read(begun).await["status"], "cancelled");
            assert_eq!(a.save(begun, json!({})).await.status, 409);
        }
        let (status, page) = a.back(&back, &cookie(&code)).await;
        assert!(status == 409 && page.contains("cancelled"), "{page}");
        assert_eq!(a.paste(&code.body, &back).await.status, 409);
        assert!(a.simulator.oauth().approve(typed["user_code"].as_str().unwrap(), "acct-ada"));
        due(&a).await;
        assert_eq!(b.read(&typed).await["status"], "cancelled");
        assert!(a.simulator.oauth().grants().is_empty(), "nothing was exchanged for it");
    })
    .await;
}

#[tokio::test]
async fn the_other_instance_knows_whose_it_is_as_well() {
    two(|a, b| async move {
        let begun = a.begin_code("hosted").await;
        let back = a.consent(&begun, "acct-ada").await;
        a.world.owner("Rivals", "rival@example.com").await;
        a.world.person(a.made, Role::Admin, "admin@example.com").await;
        for email in ["owner@example.com", "admin@example.com", "rival@example.com"] {
            let other = Scene { owner: b.world.sign_in(email).await, ..b.clone() };
            let read = other.world.get(&path(&begun.body), Some(&other.owner)).await;
            assert_eq!(
                (read.status.as_u16(), other.paste(&begun.body, &back).await.status.as_u16()),
                (404, 404)
            );
            let (status, field, _) = told(&other.save(&begun.body, json!({})).await);
            assert_eq!((status, field.as_str()), (422, "authorization_id"), "{email}");
            // Its browser is shown the code, and gives nothing away.
            let theirs = cookie(&other.begin_code("hosted").await);
            let (_, page) = other.back(&back, &theirs).await;
            assert!(page.contains(&query(&back, "code").unwrap()), "{email}: {page}");
        }
        assert!(a.simulator.oauth().exchanges().is_empty());
        assert_eq!(b.paste(&begun.body, &back).await.body["status"], "authorized");
    })
    .await;
}
