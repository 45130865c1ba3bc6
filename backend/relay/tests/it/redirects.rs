//! A provider that sends requests elsewhere: they carry a credential, and go nowhere else.

use crate::app::{self, hello};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_a_provider_is_not_followed_to_this_machine_or_anywhere() {
    app::run(|app| async move {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (target, url) = (inside.local_addr().unwrap(), provider.local_addr().unwrap());
        let answering = tokio::spawn(async move {
            for status in
                ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
            {
                let (mut stream, _) = provider.accept().await.unwrap();
                let read = stream.read(&mut [0; 65536]).await.unwrap();
                assert!(read > 0);
                let head = format!(
                    "HTTP/1.1 {status}\r\nlocation: http://{target}/v1/messages\r\ncontent-length: 0\r\n\
                     connection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        });
        let account = app.add_account(&format!("http://{url}"), "sk-sim-redirected").await;
        let key = app.key(Default::default()).await;
        app.change_key(&key, |row| row.account_id = Some(account)).await;
        for _ in 0..4 {
            let answer = app.post(&key, &hello(false)).await;
            assert!(
                !answer.status().is_success() && !answer.headers().contains_key("location"),
                "{answer:?}"
            );
            answer.bytes().await.unwrap();
            app.reset(account).await;
        }
        answering.abort();
        assert!(tokio::time::timeout(Duration::from_millis(100), inside.accept()).await.is_err());
    })
    .await;
}
