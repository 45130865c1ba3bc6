//! What a link keeps, and what it says of a request that did not go.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

fn link(room: usize) -> (Link, DuplexStream) {
    let (ours, theirs) = duplex(room);
    (Link::over(Box::new(ours)), theirs)
}

fn outgoing(body: &'static [u8]) -> Outgoing {
    Outgoing::of(&http::Request::post("/").body(Bytes::from_static(body)).unwrap())
}

#[tokio::test]
async fn room_that_was_made_for_much_is_let_go_when_little_comes() {
    let (mut link, mut provider) = link(1 << 20);
    let mut body = Delimited::ByClose;
    provider.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
    let mut come = 0;
    while come < 1 << 20 {
        come += poll_fn(|cx| link.poll_body(cx, &mut body)).await.unwrap().unwrap().len();
    }
    assert!(link.room > LEAST_ROOM);
    for _ in 0..200 {
        provider.write_all(&[b'x'; 100]).await.unwrap();
        let piece = poll_fn(|cx| link.poll_body(cx, &mut body)).await.unwrap().unwrap();
        assert_eq!(piece.len(), 100);
    }
    assert!(link.come.capacity() <= 4 * LEAST_ROOM, "{}", link.come.capacity());
}

#[tokio::test]
async fn a_request_that_did_not_go_is_given_back_whatever_was_said() {
    for said in ["", "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"] {
        let (mut link, mut provider) = link(1024);
        provider.write_all(said.as_bytes()).await.unwrap();
        drop(provider);
        let answer = link.exchange(outgoing(b"{}")).await;
        assert_eq!(answer.is_ok(), !said.is_empty());
        assert!(link.unsent().is_some());
    }
}

#[tokio::test]
async fn half_a_request_that_went_is_not_given_back() {
    let (mut link, mut provider) = link(16);
    let reads = async {
        let mut some = [0; 8];
        provider.read_exact(&mut some).await.unwrap();
        drop(provider);
    };
    let (answer, ()) = tokio::join!(link.exchange(outgoing(b"{}")), reads);
    let no = answer.err().unwrap();
    assert!(no.was_closed(), "{}", no.why);
    assert!(link.unsent().is_none() && !link.is_ready());
}
