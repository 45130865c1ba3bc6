//! Where errands go, with a server of this machine that nothing may be sent to.

use super::*;
use crate::address::{Found, Names};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const DEADLINE: Duration = Duration::from_secs(5);

/// Permitted first and this machine afterwards.
#[derive(Debug, Default)]
struct Turning(AtomicUsize);

impl Names for Turning {
    fn look_up<'a>(&'a self, _: &'a str) -> Found<'a> {
        let ip = if self.0.fetch_add(1, Ordering::Relaxed) == 0 { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
        Box::pin(async move { Ok(vec![SocketAddr::from((ip, 0))]) })
    }
}

/// Answers once with a status and a place to go to instead.
async fn answer(listener: TcpListener, location: String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let _ = stream.read(&mut [0; 4096]).await.unwrap();
    let head = format!(
        "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_name_that_turns_to_this_machine_is_not_called_and_the_reason_is_known() {
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let inside = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(answer(listener, "/".to_owned()));
    let policy = AddressPolicy::new(vec!["127.0.0.2/32".parse().unwrap()], false);
    let client = client(&policy.with_names(Arc::<Turning>::default()), None, true, DEADLINE).unwrap();
    let url = format!("http://rebind.example:{port}/");
    assert_eq!(client.get(&url).send().await.unwrap().status(), 302);
    assert!(is_refused(&client.get(&url).send().await.unwrap_err()));
    let visited = tokio::time::timeout(Duration::from_millis(100), inside.accept()).await;
    assert!(visited.is_err());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_where_it_points() {
    let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(answer(listener, format!("http://{}/", inside.local_addr().unwrap())));
    let client = client(&AddressPolicy::new(vec![], true), None, true, DEADLINE).unwrap();
    assert_eq!(client.get(url).header("authorization", "Bearer secret").send().await.unwrap().status(), 302);
    let visited = tokio::time::timeout(Duration::from_millis(100), inside.accept()).await;
    assert!(visited.is_err());
}
