//! Authorising accounts in the demo, from the first page to a relayed request: the real binary, its own simulator, and the
//! test as the browser.
//!
//! Needs the programs of Postgres and Redis, and nothing that runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use reqwest::{Client, Method, header::LOCATION, redirect::Policy};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A demo that runs.
struct Demo {
    data: TempDir,
    child: Child,
    base: String,
}

impl Demo {
    fn start() -> Self {
        // Free again at once; a stranger could take it, but nobody does within a test.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_causeway"))
            .args(["up", "--demo", "--data"])
            .arg(data.path())
            .args(["--port", &port.to_string(), "--metrics-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ready = lines.any(|line| line.starts_with("Causeway is ready at "));
        assert!(ready, "ended before it was ready");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { data, child, base: format!("http://localhost:{port}") }
    }

    /// What is in a file of the data directory.
    fn secret(&self, file: &str, name: &str) -> String {
        let text = fs::read_to_string(self.data.path().join(file)).unwrap();
        text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM);
        let _ = self.child.wait();
        if Uid::effective().is_root() {
            let instance = self.secret("secrets.env", "CAUSEWAY_INSTANCE");
            let _ = fs::remove_dir_all(Path::new("/var/lib/causeway").join(instance));
        }
    }
}

/// A person with a browser, signed in.
struct Person<'a> {
    demo: &'a Demo,
    browser: Client,
    token: String,
}

impl<'a> Person<'a> {
    async fn sign_in(demo: &'a Demo) -> Self {
        let browser = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let mut person = Self { demo, browser, token: String::new() };
        let [email, password] =
            ["CAUSEWAY_ADMIN_EMAIL", "CAUSEWAY_ADMIN_PASSWORD"].map(|name| demo.secret("demo.env", name));
        let session =
            person.call(Method::POST, "/auth/sign-in", json!({"email": email, "password": password})).await;
        person.token = session["access_token"].as_str().unwrap().to_owned();
        person
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.browser.request(method, format!("{}/admin/v1{path}", self.demo.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn begin(&self, more: Value) -> Value {
        let mut body = json!({"provider": "simulator"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.call(Method::POST, "/accounts/authorizations", body).await
    }

    /// Reads the issuer's page and agrees there, as one of its people; the address that the browser is sent back to.
    async fn agree(&self, begun: &Value, account: &str) -> String {
        let url: url::Url = begun["url"].as_str().unwrap().parse().unwrap();
        let page = self.browser.get(url.clone()).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("wants to use one of your accounts"), "{page}");
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.extend([("account", account), ("decision", "allow")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        self.submit(url, &form).await.unwrap()
    }

    async fn submit(&self, mut url: url::Url, form: &[(String, String)]) -> Option<String> {
        url.set_query(None);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let answer = self.browser.post(url).header(kind.0, kind.1).body(body).send().await.unwrap();
        assert!(answer.status().as_u16() < 400, "{}", answer.status());
        Some(answer.headers().get(LOCATION)?.to_str().unwrap().to_owned())
    }

    /// Saves it, tests it, and relays a request through it with a key of its own.
    async fn use_it(&self, begun: &Value, who: &str) {
        let path = format!("/accounts/authorizations/{}", begun["id"].as_str().unwrap());
        let read = self.call(Method::GET, &path, Value::Null).await;
        assert_eq!(
            (&read["status"], &read["identity"]["email"]),
            (&json!("authorized"), &json!(who)),
            "{read}"
        );
        let save = json!({"name": who, "provider": "simulator", "authorization_id": begun["id"]});
        let account = self.call(Method::POST, "/accounts", save).await;
        let test = format!("/accounts/{}/test", account["id"].as_str().unwrap());
        let test = self.call(Method::POST, &test, Value::Null).await;
        assert_eq!(test["ok"], json!(true), "{test}");
        let model = test["models"][0].as_str().unwrap();
        let key = json!({"name": "k", "account_id": account["id"]});
        let key = self.call(Method::POST, "/keys", key).await;
        let body = json!({
            "model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Hello"}],
        });
        let answer = self
            .browser
            .post(format!("{}/v1/messages", self.demo.base))
            .header("x-api-key", key["secret"].as_str().unwrap())
            .header("anthropic-version", "2023-06-01")
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status.as_u16(), 200, "{text}");
        assert!(text.contains("\"usage\""), "{text}");
    }
}

#[tokio::test]
async fn every_way_to_authorise_ends_in_a_relayed_request() {
    let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap();
    let person = Person::sign_in(&demo).await;
    let provider = person.call(Method::GET, "/providers", Value::Null).await;
    let provider = provider.as_array().unwrap().iter().find(|p| p["provider"] == "simulator").unwrap();
    assert_eq!(provider["sign_in"], json!(["oauth_code", "device_code"]));
    assert_eq!(provider["redirects"], json!(["hosted", "page", "loopback"]));

    // Sent back by the issuer.
    let begun = person.begin(json!({"auth": "oauth_code"})).await;
    let back = person.agree(&begun, "acct-ada").await;
    assert!(back.starts_with(&format!("{}/oauth/callback?", demo.base)), "{back}");
    let answer = person.browser.get(&back).header("accept-language", "zh-CN,zh").send().await.unwrap();
    let page = answer.text().await.unwrap();
    assert!(page.contains("已授权") && page.contains("ada@example.com"), "{page}");
    person.use_it(&begun, "ada@example.com").await;

    // Pasted from the provider's page, in a private window as it were.
    let begun = person.begin(json!({"auth": "oauth_code", "redirect": "page"})).await;
    let back = person.agree(&begun, "acct-grace").await;
    let page = person.browser.get(&back).send().await.unwrap().text().await.unwrap();
    let code = page.split("<code id=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/accounts/authorizations/{}/code", begun["id"].as_str().unwrap());
    person.call(Method::POST, &path, json!({"code": code})).await;
    person.use_it(&begun, "grace@example.com").await;

    // Typed in on another device. It is the first account again.
    let begun = person.begin(json!({"auth": "device_code"})).await;
    let form =
        [("user_code", begun["user_code"].as_str().unwrap()), ("account", "acct-ada"), ("decision", "allow")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    person.submit(begun["verification_uri"].as_str().unwrap().parse().unwrap(), &form).await;
    let path = format!("/accounts/authorizations/{}", begun["id"].as_str().unwrap());
    for _ in 0..60 {
        if person.call(Method::GET, &path, Value::Null).await["status"] != "pending" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let known = person.call(Method::GET, &path, Value::Null).await;
    assert_eq!(known["known_account"]["name"], json!("ada@example.com"), "{known}");
    person.use_it(&begun, "ada@example.com").await;
    let all = person.call(Method::GET, "/accounts", Value::Null).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 3, "two of them, and the demo's own");
    drop(person);
    tokio::task::spawn_blocking(move || drop(demo)).await.unwrap();
}

/// Otherwise neither a client nor the playground has a model to choose.
#[tokio::test]
async fn the_key_of_the_demo_lists_the_models_of_its_account() {
    let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap();
    let person = Person::sign_in(&demo).await;
    let request = person.browser.get(format!("{}/api/v1/models", demo.base));
    let answer = request.header("x-api-key", demo.secret("demo.env", "CAUSEWAY_KEY")).send().await.unwrap();
    let list: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(!list["data"].as_array().unwrap().is_empty(), "{list}");
}
