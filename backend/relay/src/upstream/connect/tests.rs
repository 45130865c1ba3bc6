//! What is dialled for which address, with two servers on one port of this machine: one that may be reached, and one that
//! may not.

use super::*;
use causeway_accounts::address::{Found, Names};
use hyper_util::client::legacy::connect::Connection;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::net::TcpListener;

/// Answers in turn, and counts.
#[derive(Debug)]
struct Script(Vec<Vec<&'static str>>, AtomicUsize);

impl Names for Script {
    fn look_up<'a>(&'a self, _: &'a str) -> Found<'a> {
        let turn = self.1.fetch_add(1, Ordering::Relaxed);
        let answer = self.0[turn.min(self.0.len() - 1)].iter();
        let answer = answer.map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
        Box::pin(async move { Ok(answer) })
    }
}

/// A port on which both addresses listen.
async fn listeners() -> (TcpListener, TcpListener, u16) {
    for _ in 0..50 {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = inside.local_addr().unwrap().port();
        if let Ok(outside) = TcpListener::bind(("127.0.0.2", port)).await {
            return (inside, outside, port);
        }
    }
    panic!("no port is free on both addresses");
}

fn policy() -> AddressPolicy {
    AddressPolicy::new(vec!["127.0.0.2/32".parse().unwrap()], false)
}

/// Whether somebody has connected.
async fn visited(listener: &TcpListener) -> bool {
    tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.is_ok()
}

async fn dial(connector: &Connector, uri: &str) -> Result<(), String> {
    let connected = connector.clone().call(uri.parse().unwrap()).await;
    connected.map(|stream| drop(stream.connected())).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_judged_again_at_every_connection_and_followed_at_none() {
    let (inside, outside, port) = listeners().await;
    let answers = vec![vec!["127.0.0.2"], vec!["127.0.0.1"], vec!["127.0.0.1", "127.0.0.2"]];
    let script = Arc::new(Script(answers, AtomicUsize::new(0)));
    let connector = connector(&policy().with_names(script.clone()));
    let uri = format!("http://rebind.example:{port}");

    // Looked up once: what was judged is what is connected to.
    dial(&connector, &uri).await.unwrap();
    assert_eq!(script.1.load(Ordering::Relaxed), 1);
    assert!(visited(&outside).await);
    // A moment later the name means this machine.
    let refused = dial(&connector, &uri).await.unwrap_err();
    assert!(refused.contains("rebind.example") || refused.contains("dns"), "{refused}");
    assert!(!visited(&outside).await);
    // And of both it is the one that may be.
    dial(&connector, &uri).await.unwrap();
    assert!(visited(&outside).await && !visited(&inside).await);
}

#[tokio::test]
async fn an_address_in_the_url_itself_is_judged_too_however_it_is_written() {
    let (inside, _outside, port) = listeners().await;
    let names = Arc::new(Script(vec![vec!["127.0.0.1"]], AtomicUsize::new(0)));
    let connector = connector(&policy().with_names(names));
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "localhost.",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
    ] {
        for scheme in ["http", "https"] {
            let uri = format!("{scheme}://{host}:{port}/");
            assert!(dial(&connector, &uri).await.is_err(), "{uri}");
        }
    }
    assert!(dial(&connector, "http://169.254.169.254/latest/meta-data/").await.is_err());
    assert!(!visited(&inside).await);
}
