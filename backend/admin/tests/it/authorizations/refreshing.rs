//! Tokens of authorised accounts that a person wants anew, that a test finds over, and whose grant is dead.

use super::{Scene, mailing, scene};
use crate::smtp::Mail;
use causeway_admin::reminders::Reminders;
use causeway_domain::Role;
use causeway_simulator::Rule;
use http::Method;
use serde_json::{Value, json};

const OWNER: &str = "acct-ada";

impl Scene {
    /// An account that its owner has authorised.
    pub(super) async fn authorised(&self, more: Value) -> Value {
        let begun = self.begin_code("loopback").await;
        let back = self.consent(&begun, OWNER).await;
        assert_eq!(self.paste(&begun.body, &back).await.status, 200);
        let saved = self.save(&begun.body, more).await;
        assert!(saved.status.is_success(), "{}", saved.body);
        saved.body
    }

    async fn refresh(&self, account: &Value) -> (u16, Value) {
        let path = format!("/accounts/{}/refresh", account["id"].as_str().unwrap());
        let answer = self.world.call(Method::POST, &path, Some(&self.owner), None, &[]).await;
        (answer.status.as_u16(), answer.body)
    }

    /// The refusal's words.
    async fn refused(&self, account: &Value) -> String {
        let (status, body) = self.refresh(account).await;
        assert_eq!((status, &body["code"]), (409, &json!("conflict")), "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    async fn test(&self, account: &Value) -> Value {
        let path = format!("/accounts/{}/test", account["id"].as_str().unwrap());
        self.world.call(Method::POST, &path, Some(&self.owner), None, &[]).await.body
    }

    async fn account(&self, account: &Value) -> Value {
        self.world
            .get(&format!("/accounts/{}", account["id"].as_str().unwrap()), Some(&self.owner))
            .await
            .body
    }

    /// How often the issuer was asked to refresh.
    fn asked(&self) -> usize {
        let exchanges = self.simulator.oauth().exchanges();
        exchanges.iter().filter(|exchange| exchange.grant_type == "refresh_token").count()
    }

    fn fault(&self, script: &str) {
        self.simulator.queue(Rule::on_token("/oauth/token", "refresh_token", script.parse().unwrap()));
    }

    /// Its owner withdraws the grant, and somebody notices.
    pub(super) async fn dies(&self, account: &Value) {
        let oauth = self.simulator.oauth();
        oauth.kill(&oauth.grant_of(account["identity"]["subject"].as_str().unwrap()).unwrap().id);
        self.refused(account).await;
    }
}

#[tokio::test]
async fn a_person_has_a_token_refreshed_at_once_and_two_who_want_it_together_ask_once_at_a_time() {
    scene(|scene| async move {
        let account = scene.authorised(json!({})).await;
        assert_eq!(account["refreshed_at"], Value::Null);
        let (status, now) = scene.refresh(&account).await;
        assert_eq!(status, 200, "{now}");
        assert!(now["refreshed_at"].is_string() && now["credential_state"] == json!("ok"), "{now}");
        let end = |account: &Value| account["credential_expires_at"].as_str().unwrap().to_owned();
        assert!(end(&now) > end(&account), "{now}");
        assert_eq!(scene.asked(), 1);
        scene.works(&account).await;
        let log = scene.world.get("/audit?action=account.refresh", Some(&scene.owner)).await.body;
        let line = &log["items"][0];
        assert_eq!(line["before"]["credential_expires_at"], account["credential_expires_at"], "{log}");
        assert_eq!(line["after"]["credential_expires_at"], now["credential_expires_at"], "{log}");

        scene.fault("delay=200");
        let many = (0..8).map(|_| scene.refresh(&account));
        for (status, body) in futures_util::future::join_all(many).await {
            assert_eq!(status, 200, "{body}");
        }
        let grant = scene.simulator.oauth().grant_of(OWNER).unwrap();
        assert_eq!((grant.at_once, grant.reuses, grant.dead), (1, 0, None));
        scene.works(&account).await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_refreshed_says_why_and_an_issuer_that_was_away_is_asked_again_by_a_person_at_once() {
    scene(|scene| async move {
        let key = json!({"id": scene.world.account(&scene.owner).await});
        assert!(scene.refused(&key).await.contains("nothing to refresh"));
        let account = scene.authorised(json!({})).await;
        scene.fault("status=503,message=Back at noon.");
        let words = scene.refused(&account).await;
        assert!(words.contains("temporarily_unavailable: Back at noon."), "{words}");
        let told = scene.account(&account).await;
        assert_eq!(told["credential_state"], json!("ok"));
        assert!(told["credential_reason"].as_str().unwrap().contains("Back at noon."), "{told}");
        scene.simulator.clear_rules();
        scene.fault("status=401,message=Who are you?");
        let words = scene.refused(&account).await;
        assert!(words.contains("invalid_client: Who are you?"), "{words}");
        scene.simulator.clear_rules();
        // Others would wait now. A person does not.
        assert_eq!(scene.refresh(&account).await.0, 200);
        assert_eq!(scene.account(&account).await["credential_reason"], Value::Null);

        let path = format!("/accounts/{}", account["id"].as_str().unwrap());
        scene.world.patch(&path, Some(&scene.owner), json!({"enabled": false})).await;
        let before = scene.asked();
        assert!(scene.refused(&account).await.contains("switched off"));
        assert_eq!(scene.asked(), before);
        scene.world.patch(&path, Some(&scene.owner), json!({"enabled": true})).await;

        scene.dies(&account).await;
        let words = scene.refused(&account).await;
        assert!(words.contains("invalid_grant: The grant has been revoked"), "{words}");
        assert!(words.contains("authorise the account anew"), "{words}");
        let told = scene.account(&account).await;
        assert_eq!(told["credential_state"], json!("dead"));
        assert_eq!(told["credential_reason"], json!("invalid_grant: The grant has been revoked"));
        let again = scene.authorised(json!({})).await;
        assert_eq!((&again["id"], &again["credential_state"]), (&account["id"], &json!("ok")));
        assert_eq!(scene.refresh(&again).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_test_has_a_token_that_is_over_or_refused_refreshed_first() {
    scene(|scene| async move {
        scene.simulator.oauth().change(|terms| terms.access_seconds = 0);
        let account = scene.authorised(json!({})).await;
        scene.fault("status=503,message=Back at noon.");
        let test = scene.test(&account).await;
        assert_eq!((&test["ok"], &test["status"]), (&json!(false), &Value::Null), "{test}");
        assert!(test["message"].as_str().unwrap().contains("Back at noon."), "{test}");
        scene.simulator.clear_rules();
        scene.simulator.oauth().change(|terms| terms.access_seconds = 3600);
        assert_eq!(scene.refresh(&account).await.0, 200);
        scene.works(&account).await;
        assert_eq!(scene.asked(), 2, "what is good is not refreshed");

        // Over, and nothing in the way.
        scene.simulator.oauth().change(|terms| terms.access_seconds = 0);
        let account = scene.authorised(json!({})).await;
        scene.simulator.oauth().change(|terms| terms.access_seconds = 3600);
        scene.works(&account).await;
        assert_eq!(scene.asked(), 3);

        // Refused before its time. The provider does not take the next one either: then that is what the test says.
        let account = scene.authorised(json!({})).await;
        scene.simulator.oauth().expire_access();
        scene.works(&account).await;
        assert_eq!(scene.asked(), 4);
        scene.simulator.oauth().expire_access();
        let test = scene.test(&account).await;
        assert_eq!((&test["ok"], &test["status"]), (&json!(false), &json!(401)), "{test}");
        assert!(test["message"].as_str().unwrap().contains("right after it had been refreshed"), "{test}");
        assert_eq!(scene.asked(), 4);
    })
    .await;
}

#[tokio::test]
async fn whoever_looks_after_an_account_is_mailed_once_for_each_death_of_its_grant() {
    mailing(|scene, mut sink| async move {
        let mailer = sink.mailer();
        let reminders = || {
            Reminders::new(
                scene.world.store.clone(),
                mailer.clone(),
                "http://localhost:3000".parse().unwrap(),
            )
        };
        let member = scene.world.person(scene.made, Role::Member, "keeper@example.com").await;
        let keeper = scene.world.sign_in("keeper@example.com").await;
        scene.world.patch("/me", Some(&keeper), json!({"name": "Keeper", "locale": "zh"})).await;
        let account = scene.authorised(json!({"name": "Codex", "owner_id": member})).await;
        assert_eq!(reminders().send().await.unwrap(), 0);
        scene.dies(&account).await;
        // By several at once, as when two instances lead for a moment.
        let (a, b) = (reminders(), reminders());
        let (a, b) = tokio::join!(a.send(), b.send());
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        let mail: Mail = sink.next().await;
        assert_eq!(mail.to, "keeper@example.com");
        assert!(mail.subject.contains("Codex") && mail.subject.contains("重新授权"), "{}", mail.subject);
        assert!(mail.text.contains("invalid_grant: The grant has been revoked"), "{}", mail.text);
        let page = format!("http://localhost:3000/web/share?renew={}", account["id"].as_str().unwrap());
        assert_eq!(mail.link(), page);
        assert_eq!(reminders().send().await.unwrap(), 0);

        // The next death is another one.
        let account = scene.authorised(json!({})).await;
        scene.dies(&account).await;
        assert_eq!(reminders().send().await.unwrap(), 1);
        assert_eq!(sink.next().await.to, "keeper@example.com");
        // Who looked after it has left: whoever added it is told.
        let account = scene.authorised(json!({})).await;
        let gone = format!("/members/{member}");
        let gone = scene.world.call(Method::DELETE, &gone, Some(&scene.owner), None, &[]).await;
        assert!(gone.status.is_success(), "{}", gone.body);
        scene.dies(&account).await;
        assert_eq!(reminders().send().await.unwrap(), 1);
        let mail = sink.next().await;
        assert_eq!(mail.to, "owner@example.com");
        assert!(mail.subject.contains("has to be authorised again"), "{}", mail.subject);
        assert!(sink.is_empty());
    })
    .await;
}
