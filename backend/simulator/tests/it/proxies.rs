//! The test proxies, with a client of somebody else's (HTTP) and one written here (SOCKS5).

use std::{io, net::SocketAddr};

use causeway_simulator::{ProxyFault, ProxyKind, SimulatorConfig, TestProxy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

async fn secure() -> (Simulator, reqwest::Certificate) {
    let simulator =
        Simulator::start(SimulatorConfig { tls: true, ..SimulatorConfig::default() }).await.unwrap();
    let ca = reqwest::Certificate::from_pem(simulator.ca_pem().unwrap().as_bytes()).unwrap();
    (simulator, ca)
}

fn client(proxy: &str, ca: Option<&reqwest::Certificate>) -> reqwest::Client {
    let builder = reqwest::Client::builder().proxy(reqwest::Proxy::all(proxy).unwrap());
    let builder = builder.timeout(Duration::from_secs(5)).pool_max_idle_per_host(0);
    let builder = match ca {
        Some(ca) => builder.tls_certs_only([ca.clone()]),
        None => builder,
    };
    builder.build().unwrap()
}

#[tokio::test]
async fn a_tunnel_is_made_counted_and_closed() {
    let (simulator, ca) = secure().await;
    let proxy = TestProxy::start(ProxyKind::Http, None).await.unwrap();
    let url = simulator.tls_url().unwrap();
    let client = client(&proxy.url(), Some(&ca));
    let answer = post(&client, &url, &body(true, "u")).send().await.unwrap().text().await.unwrap();
    assert_eq!(events(&answer).last().unwrap()["type"], "message_stop");
    drop(client);
    assert_eq!((proxy.connections(), proxy.strangers()), (1, 0));
    let tunnel = proxy.tunnels().remove(0);
    assert_eq!(format!("https://{}", tunnel.target), url);
    assert!(tunnel.down > answer.len() as u64 && tunnel.up > 0);
    assert!(eventually(|| !proxy.tunnels()[0].open).await);
}

#[tokio::test]
async fn whoever_has_not_the_login_is_turned_away() {
    let (simulator, ca) = secure().await;
    let proxy = TestProxy::start(ProxyKind::Http, Some(("ada", "s3cret"))).await.unwrap();
    let url = simulator.tls_url().unwrap();
    let refused = post(&client(&proxy.bare_url(), Some(&ca)), &url, &body(false, "u")).send().await;
    assert!(format!("{:?}", refused.unwrap_err()).contains("ProxyAuthRequired"));
    let answer = post(&client(&proxy.url(), Some(&ca)), &url, &body(false, "u")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!((proxy.connections(), proxy.strangers(), proxy.tunnels().len()), (2, 1, 1));
    assert_eq!(simulator.ledger().leaks(), []);
}

#[tokio::test]
async fn plain_addresses_are_forwarded_without_what_concerns_the_proxy() {
    let simulator = start().await;
    let proxy = TestProxy::start(ProxyKind::Http, Some(("ada", "s3cret"))).await.unwrap();
    proxy.name("upstream.test", simulator.addr());
    let client = client(&proxy.url(), None);
    for _ in 0..2 {
        let answer = post(&client, "http://upstream.test", &body(false, "u")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(proxy.tunnels()[1].target, "upstream.test:80");
    assert_eq!(simulator.ledger().leaks(), []);
}

#[tokio::test]
async fn a_proxy_fails_in_every_way_told() {
    let (simulator, ca) = secure().await;
    let proxy = TestProxy::start(ProxyKind::Http, None).await.unwrap();
    let url = simulator.tls_url().unwrap();
    let client = reqwest::Client::builder()
        .proxy(reqwest::Proxy::all(proxy.url()).unwrap())
        .timeout(Duration::from_millis(400))
        .pool_max_idle_per_host(0)
        .tls_certs_only([ca])
        .build()
        .unwrap();
    for (fault, late) in [
        (ProxyFault::Unreachable, false),
        (ProxyFault::Forbidden, false),
        (ProxyFault::Hang, true),
        (ProxyFault::Reset, false),
        (ProxyFault::Garbage, false),
        (ProxyFault::Deaf, true),
        (ProxyFault::Break { after: 100 }, false),
    ] {
        proxy.fault(Some(fault));
        let error = post(&client, &url, &body(false, "u")).send().await.unwrap_err();
        assert_eq!(error.is_timeout(), late, "{fault:?} {error:?}");
    }
    assert!(simulator.ledger().is_empty());
    proxy.fault(None);
    assert_eq!(post(&client, &url, &body(false, "u")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_tunnel_breaks_in_mid_stream() {
    let simulator = start().await;
    let proxy = TestProxy::start(ProxyKind::Socks5, None).await.unwrap();
    proxy.fault(Some(ProxyFault::Break { after: 1500 }));
    let mut io = socks(&proxy, None, &simulator.addr().to_string()).await.unwrap().unwrap();
    io.write_all(&messages()).await.unwrap();
    let mut got = Vec::new();
    let broken = io.read_to_end(&mut got).await;
    assert_eq!((got.len(), broken.unwrap_err().kind()), (1500, io::ErrorKind::ConnectionReset));
    assert!(eventually(|| !proxy.tunnels()[0].open).await);
}

#[tokio::test]
async fn socks_carries_addresses_and_names_with_and_without_a_login() {
    let simulator = start().await;
    let proxy = TestProxy::start(ProxyKind::Socks5, None).await.unwrap();
    proxy.name("upstream.test", simulator.addr());
    for target in [simulator.addr().to_string(), "upstream.test:443".to_owned()] {
        let mut io = socks(&proxy, None, &target).await.unwrap().unwrap();
        io.write_all(&messages()).await.unwrap();
        let mut got = [0; 15];
        io.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"HTTP/1.1 200 OK");
    }
    assert_eq!(
        proxy.tunnels().iter().map(|tunnel| tunnel.target.as_str()).next_back(),
        Some("upstream.test:443")
    );
    assert!(proxy.url().starts_with("socks5://127.0.0.1:"));

    let locked = TestProxy::start(ProxyKind::Socks5, Some(("ada", "s3cret"))).await.unwrap();
    let target = simulator.addr().to_string();
    assert!(socks(&locked, None, &target).await.is_err());
    assert!(socks(&locked, Some(("ada", "guessed")), &target).await.is_err());
    assert!(socks(&locked, Some(("ada", "s3cret")), &target).await.unwrap().is_ok());
    assert_eq!((locked.connections(), locked.strangers(), locked.tunnels().len()), (3, 2, 1));
}

#[tokio::test]
async fn socks_says_why_not() {
    let proxy = TestProxy::start(ProxyKind::Socks5, None).await.unwrap();
    let nobody = "127.0.0.1:1";
    assert_eq!(socks(&proxy, None, nobody).await.unwrap().unwrap_err(), 4);
    for (fault, code) in [(ProxyFault::Unreachable, 1), (ProxyFault::Forbidden, 2)] {
        proxy.fault(Some(fault));
        assert_eq!(socks(&proxy, None, nobody).await.unwrap().unwrap_err(), code);
    }
    for fault in [ProxyFault::Reset, ProxyFault::Garbage] {
        proxy.fault(Some(fault));
        assert!(socks(&proxy, None, nobody).await.is_err(), "{fault:?}");
    }
    proxy.fault(Some(ProxyFault::Hang));
    let hung = tokio::time::timeout(Duration::from_millis(200), socks(&proxy, None, nobody)).await;
    assert!(hung.is_err());
}

/// A SOCKS5 client: the tunnel, or the code with which it was refused.
async fn socks(
    proxy: &TestProxy,
    login: Option<(&str, &str)>,
    target: &str,
) -> io::Result<Result<TcpStream, u8>> {
    let mut io = TcpStream::connect(proxy.addr()).await?;
    io.write_all(&[5, 1, if login.is_some() { 2 } else { 0 }]).await?;
    let mut chosen = [0; 2];
    io.read_exact(&mut chosen).await?;
    if chosen[0] != 5 || chosen[1] == 0xFF {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if let Some((user, password)) = login {
        let mut said = vec![1, user.len() as u8];
        said.extend_from_slice(user.as_bytes());
        said.push(password.len() as u8);
        said.extend_from_slice(password.as_bytes());
        io.write_all(&said).await?;
        io.read_exact(&mut chosen).await?;
        if chosen[1] != 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
    }
    let mut asked = vec![5, 1, 0];
    match target.parse::<SocketAddr>() {
        Ok(SocketAddr::V4(addr)) => {
            asked.push(1);
            asked.extend_from_slice(&addr.ip().octets());
            asked.extend_from_slice(&addr.port().to_be_bytes());
        }
        _ => {
            let (name, port) = target.rsplit_once(':').unwrap();
            asked.extend_from_slice(&[3, name.len() as u8]);
            asked.extend_from_slice(name.as_bytes());
            asked.extend_from_slice(&port.parse::<u16>().unwrap().to_be_bytes());
        }
    }
    io.write_all(&asked).await?;
    let mut answer = [0; 10];
    io.read_exact(&mut answer).await?;
    Ok(if answer[1] == 0 { Ok(io) } else { Err(answer[1]) })
}

/// A Messages call, as bytes.
fn messages() -> Vec<u8> {
    let body = body(true, "sim:text_bytes=4000").to_string();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: upstream.test\r\nx-api-key: {KEY}\r\nanthropic-version: 2023-06-01\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head, body].concat().into_bytes()
}

async fn eventually(is: impl Fn() -> bool) -> bool {
    for _ in 0..200 {
        if is() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}
