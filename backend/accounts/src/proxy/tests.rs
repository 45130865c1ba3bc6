//! What a proxy answers, byte by byte, and what may be connected to. The real thing is tried by the relay's tests.

use super::*;
use crate::MasterKey;
use chrono::Utc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use uuid::Uuid;

fn stored(scheme: Scheme, host: &str) -> Stored {
    let now = Utc::now();
    Stored {
        id: ProxyId(Uuid::from_u128(7)),
        name: "p".to_owned(),
        scheme,
        host: host.to_owned(),
        port: 3128,
        username: None,
        password: None,
        enabled: true,
        last_test: None,
        last_success_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn sealing() -> SealingKey {
    SealingKey::new(&MasterKey::new(b"0123456789abcdef0123456789abcdef".to_vec().into()).unwrap())
}

fn org() -> OrgId {
    OrgId(Uuid::from_u128(1))
}

fn open(scheme: Scheme, host: &str) -> Proxy {
    Proxy::open(&sealing(), org(), &stored(scheme, host)).unwrap()
}

/// What comes of an answer to `CONNECT`, and what was asked.
async fn answered(answer: &[u8], login: Option<(&str, &str)>) -> (Result<(), String>, String) {
    let (near, mut far) = duplex(64 * 1024);
    let answer = answer.to_vec();
    let proxy = tokio::spawn(async move {
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(far.read_u8().await.unwrap());
        }
        // In pieces: a head need not come at once.
        for piece in answer.chunks(7) {
            if far.write_all(piece).await.is_err() {
                break;
            }
        }
        drop(far);
        String::from_utf8(asked).unwrap()
    });
    let made = tunnel::connect(Box::new(near), "api.example", 443, login).await;
    (made.map(drop).map_err(|error| error.code().to_owned()), proxy.await.unwrap())
}

#[tokio::test]
async fn a_tunnel_is_one_by_its_status_alone_and_everything_else_has_its_name() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 40 * 1024]].concat();
    for (answer, expected) in [
        (&b"HTTP/1.1 200 Connection established\r\n\r\n"[..], Ok(())),
        (b"HTTP/1.0 200 OK\r\nproxy-agent: x\r\n\r\n", Ok(())),
        (b"HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\n\r\n", Err("authentication")),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Err("tunnel_refused")),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Err("tunnel_refused")),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", Err("not_a_proxy")),
        (b"HTTP/2 200\r\n\r\n", Err("not_a_proxy")),
        (b"HTTP/1.1 2xx\r\n\r\n", Err("not_a_proxy")),
        (b"220 mail.example ESMTP\r\n", Err("not_a_proxy")),
        (b"\x05\xff", Err("broken_off")),
        (b"HTTP/1.1 200 OK\r\n", Err("broken_off")),
        (b"", Err("broken_off")),
        (&endless, Err("not_a_proxy")),
    ] {
        let (made, _) = answered(answer, None).await;
        let expected = expected.map_err(str::to_owned);
        assert_eq!(made, expected, "{:?}", String::from_utf8_lossy(&answer[..answer.len().min(40)]));
    }
}

#[tokio::test]
async fn the_login_goes_along_and_only_where_there_is_one() {
    let good = b"HTTP/1.1 200 OK\r\n\r\n";
    let (_, asked) = answered(good, Some(("ada", "s3cret"))).await;
    assert!(asked.starts_with("CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n"), "{asked}");
    assert!(asked.contains("\r\nproxy-authorization: Basic YWRhOnMzY3JldA==\r\n"), "{asked}");
    let (_, asked) = answered(good, None).await;
    assert!(!asked.contains("authorization"), "{asked}");
}

#[test]
fn a_password_opens_only_for_the_proxy_that_it_was_entered_for() {
    let mut row = stored(Scheme::Http, "one.example");
    row.username = Some("ada".to_owned());
    let place = |row: &Stored| row.origin();
    let origin = place(&row);
    let sealed = sealing().seal_secret(&SecretPlace::proxy(org(), row.id, &origin), b"s3cret").unwrap();
    row.password = Some(sealed);
    let proxy = Proxy::open(&sealing(), org(), &row).unwrap();
    assert_eq!(proxy.login.as_ref().unwrap().password.as_str(), "s3cret");
    assert!(!format!("{proxy:?}").contains("s3cret"));
    for moved in [
        Stored { host: "two.example".to_owned(), ..row.clone() },
        Stored { port: 3129, ..row.clone() },
        Stored { scheme: Scheme::Socks5, ..row.clone() },
        Stored { id: ProxyId(Uuid::from_u128(8)), ..row.clone() },
    ] {
        assert!(matches!(Proxy::open(&sealing(), org(), &moved), Err(SealError::Damaged)), "{moved:?}");
    }
    assert!(Proxy::open(&sealing(), OrgId(Uuid::from_u128(2)), &row).is_err());
}

#[tokio::test]
async fn neither_the_proxy_nor_the_target_may_be_where_nothing_may_be_sent() {
    let policy = AddressPolicy::default();
    let patience = Duration::from_secs(5);
    for host in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "localhost"] {
        let error = open(Scheme::Http, host).reach(&policy, "https://api.example", patience).await;
        assert_eq!(error.err().unwrap().code(), "address_forbidden", "{host}");
    }
    // The proxy would go anywhere that it is told to.
    for target in [
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://2130706433",
        "https://localhost",
        "http://api.example",
        "ftp://api.example",
        "https://user:secret@api.example",
    ] {
        let error = open(Scheme::Socks5, "203.0.113.7").reach(&policy, target, patience).await;
        assert_eq!(error.err().unwrap().code(), "target_forbidden", "{target}");
    }
}
