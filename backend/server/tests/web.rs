//! What browsers and proxies see of `causeway serve`: the real binary over real sockets, plain and encrypted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_admin::people::{self, NewOwner};
use causeway_store::{Store, StoreArgs, testing};
use rcgen::CertifiedKey;
use reqwest::{Client, Method, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse battery staple";
const TOOLS: &str = "https://tools.example.com";

/// A server that ends with its test.
struct Server {
    child: Child,
    base: String,
    client: Client,
    _files: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts with these settings, `tls` with a certificate of its own, and waits until it says so.
    async fn start(store: &Store, args: &StoreArgs, tls: bool, settings: &[(&str, &str)]) -> Self {
        let owner = NewOwner {
            organization: "Engines",
            name: "Ada Lovelace",
            email: "ada@example.com",
            password: PASSWORD,
            time_zone: None,
        };
        people::create_owner(&store.app, owner).await.unwrap();
        let files = tempfile::tempdir().unwrap();
        // Free again at once; a stranger could take it, but nobody does within a test.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
        command
            .arg("serve")
            .env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret())
            .env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret())
            .env("CAUSEWAY_SECRET_KEY", "0123456789abcdef".repeat(4))
            .env("PORT", port.to_string())
            .env("METRICS_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut client = Client::builder();
        if tls {
            let CertifiedKey { cert, signing_key } =
                rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
            fs::write(&certificate, cert.pem()).unwrap();
            fs::write(&key, signing_key.serialize_pem()).unwrap();
            command.env("TLS_CERT", certificate).env("TLS_KEY", key);
            client = client.tls_certs_only([reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap()]);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("Causeway is ready")), "ended before it was ready");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let scheme = if tls { "https" } else { "http" };
        let base = format!("{scheme}://localhost:{port}");
        Self { child, base, client: client.build().unwrap(), _files: files }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    /// Signs in; the cookies, and the address that the session is known to have come from.
    async fn sign_in(&self, headers: &[(&str, &str)]) -> (Vec<String>, String) {
        let form = json!({"email": "ada@example.com", "password": PASSWORD});
        let answer = self.send(Method::POST, "/admin/v1/auth/sign-in", headers, Some(form)).await;
        assert_eq!(answer.status(), 200);
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        let session: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let token = format!("Bearer {}", session["access_token"].as_str().unwrap());
        let listed =
            self.send(Method::GET, "/admin/v1/me/sessions", &[("authorization", &token)], None).await;
        let listed: Value = serde_json::from_slice(&listed.bytes().await.unwrap()).unwrap();
        let sessions = listed.as_array().unwrap();
        let own = sessions.iter().find(|session| session["current"] == json!(true)).unwrap();
        (cookies, own["address"].as_str().unwrap().to_owned())
    }

    /// What the page of another origin is told before it may call, and with its answer.
    async fn invites(&self, origin: &str) -> (Option<String>, Option<String>) {
        let allowed = |answer: &Response| {
            let header = answer.headers().get("access-control-allow-origin");
            header.map(|value| value.to_str().unwrap().to_owned())
        };
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization, content-type"),
        ];
        let before = self.send(Method::OPTIONS, "/admin/v1/me", &asks, None).await;
        let after = self.send(Method::GET, "/admin/v1/instance", &[("origin", origin)], None).await;
        for answer in [&before, &after] {
            assert!(!answer.headers().contains_key("access-control-allow-credentials"), "never with cookies");
        }
        (allowed(&before), allowed(&after))
    }
}

fn all_secure(cookies: &[String]) -> bool {
    assert!(!cookies.is_empty() && cookies.iter().all(|cookie| cookie.contains("HttpOnly")), "{cookies:?}");
    let secure = |cookie: &String| cookie.split("; ").any(|part| part == "Secure");
    assert!(cookies.iter().all(secure) || !cookies.iter().any(secure), "{cookies:?}");
    cookies.iter().all(secure)
}

#[tokio::test]
async fn over_plain_http_nothing_claims_to_be_secure_and_no_other_origin_may_call() {
    testing::with_store(|store, args| async move {
        let public = [("PUBLIC_URL", "http://localhost:3000")];
        let server = Server::start(&store, &args, false, &public).await;
        let page = server.send(Method::GET, "/admin/v1/instance", &[], None).await;
        assert!(!page.headers().contains_key("strict-transport-security"));
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        assert!(page.headers().contains_key("content-security-policy"));
        assert_eq!(server.invites(TOOLS).await, (None, None));
        // A page of another origin cannot change anything, whatever it sends along.
        let form = Some(json!({"email": "ada@example.com", "password": PASSWORD}));
        let forged = [("origin", TOOLS), ("sec-fetch-site", "cross-site")];
        assert_eq!(server.send(Method::POST, "/admin/v1/auth/sign-in", &forged, form).await.status(), 403);
        // Anybody can say that they are somebody's proxy.
        let (cookies, address) = server.sign_in(&[("x-forwarded-for", "203.0.113.9")]).await;
        assert!(!all_secure(&cookies));
        assert_eq!(address, "127.0.0.1");
    })
    .await;
}

#[tokio::test]
async fn over_tls_of_its_own_cookies_are_secure_and_the_address_is_that_of_the_socket() {
    testing::with_store(|store, args| async move {
        let public = [("PUBLIC_URL", "https://localhost:3000")];
        let server = Server::start(&store, &args, true, &public).await;
        let page = server.send(Method::GET, "/admin/v1/instance", &[], None).await;
        assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
        let (cookies, address) = server.sign_in(&[("forwarded", "for=203.0.113.9")]).await;
        assert!(all_secure(&cookies));
        assert_eq!(address, "127.0.0.1");
    })
    .await;
}

#[tokio::test]
async fn behind_a_proxy_that_is_trusted_the_address_is_the_one_it_saw_and_named_origins_may_call() {
    testing::with_store(|store, args| async move {
        let settings = [
            ("PUBLIC_URL", "https://causeway.example.com"),
            ("TRUSTED_PROXIES", "127.0.0.1/32,198.51.100.0/24"),
            ("ADMIN_CORS_ORIGINS", TOOLS),
        ];
        let server = Server::start(&store, &args, false, &settings).await;
        let page = server.send(Method::GET, "/admin/v1/instance", &[], None).await;
        assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
        for (headers, expected) in [
            (vec![], "127.0.0.1"),
            (vec![("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
            // Through a second proxy of ours; what stands before them is what the client made up.
            (vec![("x-forwarded-for", "192.0.2.66, 203.0.113.9, 198.51.100.7")], "203.0.113.9"),
            (vec![("forwarded", "for=\"[2001:db8::9]:4711\";proto=https")], "2001:db8::9"),
        ] {
            let (cookies, address) = server.sign_in(&headers).await;
            assert!(all_secure(&cookies));
            assert_eq!(address, expected, "{headers:?}");
        }
        let tools = Some(TOOLS.to_owned());
        assert_eq!(server.invites(TOOLS).await, (tools.clone(), tools));
        assert_eq!(server.invites("https://evil.example.com").await, (None, None));
        // Invited pages have no use of the cookies.
        let forged = [("origin", TOOLS), ("sec-fetch-site", "cross-site")];
        assert_eq!(server.send(Method::POST, "/admin/v1/auth/refresh", &forged, None).await.status(), 403);
    })
    .await;
}
