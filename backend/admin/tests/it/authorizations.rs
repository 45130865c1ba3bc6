//! Accounts that people authorise at an issuer, against the simulator's, with the test as the browser.

mod codes;
mod devices;
mod importing;
mod instances;
mod refreshing;
mod refusals;
mod sharing;

use crate::{
    smtp::Sink,
    world::{self, Answer, World},
};
use axum::body::Body;
use causeway_admin::people::Created;
use causeway_simulator::{Simulator, SimulatorConfig};
use http::{Method, Request};
use serde_json::{Value, json};
use std::{future::Future, sync::Arc};

/// An organisation, and a provider whose issuer is the simulator's.
#[derive(Clone)]
struct Scene {
    world: World,
    made: Created,
    /// Of its owner, who is the operator too.
    owner: String,
    simulator: Arc<Simulator>,
}

async fn scene<F, T>(test: F)
where
    F: FnOnce(Scene) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    world::with_owner(|world, made, owner| async move { test(open(world, made, owner).await).await }).await;
}

/// The same, with a mail server whose mails the test reads.
async fn mailing<F, T>(test: F)
where
    F: FnOnce(Scene, Sink) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    world::with_mail(|world, made, owner, sink| async move {
        test(open(world, made, owner).await, sink).await;
    })
    .await;
}

async fn open(world: World, made: Created, owner: String) -> Scene {
    let simulator = Arc::new(Simulator::start(SimulatorConfig::default()).await.unwrap());
    let scene = Scene { world, made, owner, simulator };
    scene.open(json!({})).await;
    scene
}

/// Goes where a browser is sent, once.
async fn go(url: &str) -> String {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{url}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The query of an address that a browser was sent to.
fn query(url: &str, name: &str) -> Option<String> {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

/// The part of a `set-cookie` that a browser sends back.
fn cookie(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("Path=/oauth/callback"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

/// The field and the words of a refusal.
fn told(answer: &Answer) -> (u16, String, String) {
    let error = &answer.body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text(&error["field"]), text(&answer.body["detail"]))
}

fn path(authorization: &Value) -> String {
    format!("/accounts/authorizations/{}", authorization["id"].as_str().unwrap())
}

impl Scene {
    /// Opens the provider, with changes of its issuer.
    async fn open(&self, oauth: Value) {
        let at = self.simulator.url();
        let mut issuer = json!({
            "authorize": format!("{at}/oauth/authorize"), "token": format!("{at}/oauth/token"),
            "device": format!("{at}/oauth/device"), "scopes": ["inference"],
            "redirects": [
                {"kind": "hosted"},
                {"kind": "page", "url": format!("{at}/oauth/paste")},
                {"kind": "loopback", "port": 54545, "path": "/callback"},
            ],
            "identity": {"subject": ["/account/uuid"], "organization": ["/organization/uuid"],
                "email": ["/account/email_address"]},
        });
        let mut client_id = json!("us");
        for (name, value) in oauth.as_object().unwrap() {
            match name.as_str() {
                "client_id" => client_id = value.clone(),
                _ => issuer[name] = value.clone(),
            }
        }
        let changes = json!({
            "name": "Sim", "base_url": at, "auth": ["oauth_code", "device_code"], "key_header": "bearer",
            "dialects": [{"dialect": "anthropic", "path": "/v1/messages"}], "models": {"path": "/v1/models"},
            "oauth": issuer,
        });
        let body = json!({"changes": changes, "client_id": client_id}).to_string();
        let path = "/operator/providers/sim";
        let answer = self.world.call(Method::PUT, path, Some(&self.owner), Some(body), &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn begin(&self, body: Value) -> Answer {
        let answer = self.world.post("/accounts/authorizations", Some(&self.owner), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    /// By a code, sent back to where `redirect` says.
    async fn begin_code(&self, redirect: &str) -> Answer {
        self.begin(json!({"provider": "sim", "auth": "oauth_code", "redirect": redirect})).await
    }

    /// To the issuer, where this account's owner agrees: the address that they are sent back to.
    async fn consent(&self, begun: &Answer, account: &str) -> String {
        self.simulator.oauth().consent_as(Some(account));
        go(begun.body["url"].as_str().unwrap()).await
    }

    /// A browser at the callback address.
    async fn back(&self, url: &str, cookies: &str) -> (u16, String) {
        let url: url::Url = url.parse().unwrap();
        let address = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let request = Request::get(address).header("cookie", cookies).body(Body::empty()).unwrap();
        let answer = self.world.send(request).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
        (answer.status.as_u16(), answer.body.as_str().unwrap_or_default().to_owned())
    }

    async fn paste(&self, begun: &Value, code: &str) -> Answer {
        self.world.post(&format!("{}/code", path(begun)), Some(&self.owner), json!({"code": code})).await
    }

    async fn read(&self, begun: &Value) -> Value {
        let answer = self.world.get(&path(begun), Some(&self.owner)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn save(&self, begun: &Value, more: Value) -> Answer {
        let mut body = json!({"name": "Ours", "provider": "sim", "authorization_id": begun["id"]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.world.post("/accounts", Some(&self.owner), body).await
    }

    /// Asks the provider for its models through an account: it knows the access token.
    async fn works(&self, account: &Value) {
        let path = format!("/accounts/{}/test", account["id"].as_str().unwrap());
        let test = self.world.call(Method::POST, &path, Some(&self.owner), None, &[]).await.body;
        assert_eq!((&test["ok"], &test["status"]), (&json!(true), &json!(200)), "{test}");
        assert!(!test["models"].as_array().unwrap().is_empty(), "{test}");
    }
}
