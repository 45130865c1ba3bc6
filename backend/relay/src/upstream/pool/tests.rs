//! A provider of a few lines behind a pool: which connections it sees, and what comes of answers in every rhythm.

use super::*;
use crate::upstream::connect;
use bytes::Bytes;
use causeway_accounts::AddressPolicy;
use http::{Request, header};
use http_body_util::BodyExt;
use std::sync::atomic::AtomicUsize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Which connections a provider sees, and when it closes them.
#[derive(Default)]
struct Provider {
    seen: AtomicUsize,
    /// Lets it close the connection that was asked for `/last`.
    close: Notify,
    closed: Notify,
}

impl Provider {
    /// Answers what it is asked, by the path.
    async fn start() -> (Arc<Pool>, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: Uri = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let provider = Arc::new(Self::default());
        let own = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                own.seen.fetch_add(1, Ordering::Relaxed);
                let own = own.clone();
                tokio::spawn(async move { own.answers(stream).await });
            }
        });
        let policy = AddressPolicy::new(vec!["127.0.0.1/32".parse().unwrap()], false);
        (Pool::new(address, None, connect::connector(&policy)), provider)
    }

    fn connections(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    /// Closes the connection that was asked for `/last`; it is noticed when this returns.
    async fn closes(&self) {
        self.close.notify_one();
        self.closed.notified().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    async fn answers(&self, mut stream: TcpStream) {
        let mut request = vec![0; 4096];
        loop {
            let Ok(n @ 1..) = stream.read(&mut request).await else { return };
            let text = String::from_utf8_lossy(&request[..n]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let pieces: &[&str] = match path {
                "/pieces" => &[
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                    "2\r\ndo\r\n",
                    "2\r\nne\r\n",
                    "0\r\n\r\n",
                ],
                "/cut" => &["HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\ndo"],
                "/unsaid" => &["HTTP/1.1 200 OK\r\n\r\n", "do", "ne"],
                "/early" => &["HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\n\r\ndone"],
                "/half" => &["HTTP/1.1 200 OK\r\ncontent-le"],
                "/other" => &["SSH-2.0-x\r\n"],
                "/more" => &["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndoneHTTP/1.1 200 OK\r\n\r\n"],
                _ => &["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"],
            };
            for piece in pieces {
                if stream.write_all(piece.as_bytes()).await.is_err() {
                    return;
                }
                if pieces.len() > 1 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            match path {
                "/cut" | "/unsaid" | "/early" | "/half" => return,
                "/last" => {
                    self.close.notified().await;
                    drop(stream);
                    return self.closed.notify_one();
                }
                _ => {}
            }
        }
    }
}

fn request(path: &'static str) -> Request<Bytes> {
    let request = Request::post(path).header(header::HOST, "provider");
    request.body(Bytes::from_static(b"{}")).unwrap()
}

async fn call(pool: &Arc<Pool>, path: &'static str) -> Response<Leased> {
    pool.clone().call(Outgoing::of(&request(path)), Duration::from_secs(5)).await.unwrap()
}

async fn read(answer: Response<Leased>) -> Bytes {
    answer.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn one_connection_carries_one_request_after_the_other() {
    let (pool, provider) = Provider::start().await;
    for path in ["/whole", "/pieces", "/whole", "/pieces"] {
        assert_eq!(read(call(&pool, path).await).await, "done");
    }
    assert_eq!(provider.connections(), 1);
}

#[tokio::test]
async fn two_requests_at_once_have_a_connection_each() {
    let (pool, provider) = Provider::start().await;
    let (one, two) = tokio::join!(call(&pool, "/pieces"), call(&pool, "/whole"));
    assert_eq!((read(one).await, read(two).await), ("done".into(), "done".into()));
    assert_eq!((provider.connections(), pool.idle().len()), (2, 2));
}

#[tokio::test]
async fn an_answer_is_read_to_its_end_by_another_task_than_has_asked() {
    let (pool, _) = Provider::start().await;
    let mut answer = call(&pool, "/pieces").await.into_body();
    // This task waits for more; then it is the other that has to be woken.
    let waits = tokio::time::timeout(Duration::from_millis(1), answer.frame());
    assert!(waits.await.is_err());
    let rest = tokio::spawn(answer.collect()).await.unwrap().unwrap();
    assert_eq!(rest.to_bytes(), "done");
    assert_eq!(pool.idle().len(), 1);
}

#[tokio::test]
async fn a_call_is_finished_by_another_task_than_has_begun_it() {
    let (pool, _) = Provider::start().await;
    let mut begun = Box::pin(async move { read(call(&pool, "/pieces").await).await });
    assert!(futures_util::poll!(&mut begun).is_pending());
    assert_eq!(tokio::spawn(begun).await.unwrap(), "done");
}

#[tokio::test]
async fn what_was_closed_while_it_rested_is_not_used_again() {
    let (pool, provider) = Provider::start().await;
    assert_eq!(read(call(&pool, "/last").await).await, "done");
    provider.closes().await;
    assert_eq!(read(call(&pool, "/whole").await).await, "done");
    assert_eq!((provider.connections(), pool.idle().len()), (2, 1));
}

#[tokio::test]
async fn what_is_left_of_an_answer_is_never_taken_for_the_next_one() {
    let (pool, provider) = Provider::start().await;
    drop(call(&pool, "/pieces").await);
    assert!(pool.idle().is_empty());
    assert_eq!(read(call(&pool, "/whole").await).await, "done");
    assert_eq!(provider.connections(), 2);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_says_so() {
    let (pool, _) = Provider::start().await;
    let answer = call(&pool, "/cut").await;
    assert!(answer.into_body().collect().await.is_err());
    assert!(pool.idle().is_empty());
}

#[tokio::test]
async fn an_answer_may_end_with_its_connection() {
    let (pool, _) = Provider::start().await;
    assert_eq!(read(call(&pool, "/unsaid").await).await, "done");
    assert!(pool.idle().is_empty());
}

#[tokio::test]
async fn a_provider_may_answer_and_hang_up_before_it_has_the_whole_request() {
    let (pool, _) = Provider::start().await;
    let request = request("/early").map(|_| Bytes::from(vec![b' '; 32 << 20]));
    let answer = pool.clone().call(Outgoing::of(&request), Duration::from_secs(5)).await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(read(answer).await, "done");
    assert!(pool.idle().is_empty(), "half a request may not be followed by another");
}

#[tokio::test]
async fn what_is_no_answer_is_not_asked_for_again() {
    let (pool, provider) = Provider::start().await;
    assert_eq!(read(call(&pool, "/whole").await).await, "done");
    let refused =
        pool.clone().call(Outgoing::of(&request("/other")), Duration::from_secs(5)).await.err().unwrap();
    assert!(matches!(refused, CallError::Exchange(Broken::Malformed(_))), "{refused}");
    assert_eq!((provider.connections(), pool.idle().len()), (1, 0));
}

#[tokio::test]
async fn who_has_begun_to_answer_is_not_taken_for_a_closed_connection() {
    let (pool, provider) = Provider::start().await;
    assert_eq!(read(call(&pool, "/whole").await).await, "done");
    let refused =
        pool.clone().call(Outgoing::of(&request("/half")), Duration::from_secs(5)).await.err().unwrap();
    assert!(matches!(refused, CallError::Exchange(Broken::Closed)), "it may have billed it: {refused}");
    assert_eq!(provider.connections(), 1);
}

#[tokio::test]
async fn a_connection_on_which_more_came_than_was_asked_for_is_not_used_again() {
    let (pool, provider) = Provider::start().await;
    assert_eq!(read(call(&pool, "/more").await).await, "done");
    assert_eq!(read(call(&pool, "/whole").await).await, "done");
    assert_eq!(provider.connections(), 2);
}

#[tokio::test]
async fn what_was_closed_while_it_rested_is_closed_here_too() {
    let (pool, provider) = Provider::start().await;
    let (one, two) = tokio::join!(call(&pool, "/last"), call(&pool, "/whole"));
    assert_eq!((read(one).await, read(two).await), ("done".into(), "done".into()));
    pool.look();
    assert_eq!(pool.idle().len(), 2);
    provider.closes().await;
    pool.look();
    assert_eq!(pool.idle().len(), 1);
}
