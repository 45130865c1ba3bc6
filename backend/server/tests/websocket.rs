//! A WebSocket through the real binary, plain and behind its own TLS, up to the end of the process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_domain::{KeyId, OrgId, UserId, secret};
use causeway_store::{StoreArgs, TenantTx, keys, organisations, testing, users};
use futures_util::{SinkExt, StreamExt};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

/// A key of an organisation that has no account.
async fn key(store: &causeway_store::Store) -> String {
    let (org, user) = (OrgId(Uuid::now_v7()), UserId(Uuid::now_v7()));
    let mut tx = TenantTx::begin(&store.app, org, Some(user)).await.unwrap();
    organisations::insert(&mut tx, "Test", chrono_tz::UTC).await.unwrap();
    let person = users::NewUser {
        id: user,
        email: "a@example.com",
        name: "A",
        password_hash: "x",
        is_operator: false,
    };
    users::insert(&mut tx, &person).await.unwrap();
    let random: Vec<u8> = (0..6).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
    let secret = secret::key_from_random(&random).unwrap();
    testing::logs::secret(&secret);
    let row = keys::Key::new(KeyId(Uuid::now_v7()), "test", &secret[..secret::KEY_SHOWN_CHARS]);
    let hash = Sha256::digest(secret.as_bytes()).into();
    keys::insert(&mut tx, &keys::NewKey { key: &row, hash, created_by: user, batch: None }).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

/// Starts the server, and waits until it is ready.
fn serve(args: &StoreArgs, port: u16, tls: Option<&Path>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    command
        .env_clear()
        .arg("serve")
        .env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret())
        .env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret())
        .env("CAUSEWAY_SECRET_KEY", "0123456789abcdef".repeat(4))
        .env("PUBLIC_URL", format!("http://localhost:{port}"))
        .env("METRICS_LISTEN", "127.0.0.1:0")
        .env("PORT", port.to_string());
    if let Some(directory) = tls {
        command.env("TLS_CERT", directory.join("cert.pem")).env("TLS_KEY", directory.join("key.pem"));
    }
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // There is a user already, so no link of a first start is printed; the log says when it listens.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Causeway is ready")), "ended before it was ready");
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks once, and stays until the server has stopped.
async fn session<S: AsyncRead + AsyncWrite + Unpin>(stream: S, port: u16, key: &str, child: &mut Child) {
    let mut request = format!("ws://localhost:{port}/openai/v1/responses").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let (mut ws, _): (WebSocketStream<S>, _) = client_async(request, stream).await.unwrap();
    let asked = json!({"type": "response.create", "model": "gpt-5.2", "input": "Hello"}).to_string();
    ws.send(Message::text(asked)).await.unwrap();
    let Message::Text(told) = timeout(PATIENCE, ws.next()).await.unwrap().unwrap().unwrap() else {
        panic!("no text");
    };
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["type"], &told["status"]), (&json!("error"), &json!(503)), "{told}");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    let Message::Close(Some(frame)) = timeout(PATIENCE, ws.next()).await.unwrap().unwrap().unwrap() else {
        panic!("no end");
    };
    assert_eq!(u16::from(frame.code), 1012);
    while let Some(Ok(_)) = timeout(PATIENCE, ws.next()).await.unwrap() {}
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_opens_answers_and_is_told_to_come_again_when_the_server_stops() {
    testing::with_store(|store, args| async move {
        let key = key(&store).await;
        let port = free_port();
        let mut child = serve(&args, port, None);
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        session(stream, port, &key, &mut child).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_over_tls() {
    testing::with_store(|store, args| async move {
        let key = key(&store).await;
        let directory = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(directory.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(directory.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let port = free_port();
        let mut child = serve(&args, port, Some(directory.path()));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        session(stream, port, &key, &mut child).await;
    })
    .await;
}
