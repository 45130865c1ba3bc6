//! A mail server on loopback that accepts everything and keeps it, for tests that read their mails.

use base64::{Engine, engine::general_purpose::STANDARD};
use causeway_admin::mail::{MailArgs, Mailer};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A mail as a reader sees it.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Mail {
    /// The link in it: the line that is one.
    pub(crate) fn link(&self) -> &str {
        self.text.lines().find(|line| line.starts_with("http")).unwrap()
    }

    /// What follows the last `/`, `=` or `#` of the link.
    pub(crate) fn token(&self) -> &str {
        self.link().rsplit(['/', '=', '#']).next().unwrap()
    }
}

/// The mails that arrived, and what sends them.
pub(crate) struct Sink(mpsc::UnboundedReceiver<Mail>, Mailer);

impl Sink {
    /// A mail server, and a mailer that uses it.
    pub(crate) async fn start() -> (Self, Mailer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        let args = MailArgs {
            smtp_url: Some(format!("smtp://{address}?tls=none").into()),
            smtp_from: Some("Causeway <causeway@example.com>".to_owned()),
        };
        let (mailer, post) = Mailer::new(args.check().unwrap().unwrap());
        tokio::spawn(post.run(std::future::pending()));
        (Self(received, mailer.clone()), mailer)
    }

    /// What sends them.
    pub(crate) fn mailer(&self) -> Mailer {
        self.1.clone()
    }

    /// The next mail.
    pub(crate) async fn next(&mut self) -> Mail {
        tokio::time::timeout(Duration::from_secs(30), self.0.recv()).await.expect("no mail came").unwrap()
    }

    /// Whether none has come that was not read. One on its way cannot be seen: cause another and look at that.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

/// RFC 5321 as far as a client needs it. An address at `refused.example` is refused, with its own words in the answer.
async fn serve(stream: TcpStream, mails: mpsc::UnboundedSender<Mail>) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 sink\r\n").await.ok()?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" if line.contains("@refused.example") => format!("550 no such person: {line}\r\n"),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1)?.to_owned();
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let mut data = Vec::new();
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    data.push(line.strip_prefix('.').map(str::to_owned).unwrap_or(line));
                }
                let _ = mails.send(read(to.clone(), &data));
                "250 ok\r\n".to_owned()
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n").await.ok(),
            _ => "250 ok\r\n".to_owned(),
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

fn read(to: String, lines: &[String]) -> Mail {
    let data = lines.join("\n");
    let (head, body) = data.split_once("\n\n").unwrap();
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let field = |head: &str, name: &str| {
        let found = head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    };
    let boundary = field(&head, "content-type").split('"').nth(1).unwrap().to_owned();
    let part = |kind: &str| {
        let border = format!("--{boundary}");
        let mut parts = body.split(&border).filter_map(|part| part.trim_start().split_once("\n\n"));
        let (head, text) = parts.find(|(head, _)| field(head, "content-type").starts_with(kind)).unwrap();
        match field(head, "content-transfer-encoding").as_str() {
            "base64" => {
                String::from_utf8(STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap())
                    .unwrap()
            }
            "quoted-printable" => quoted(text),
            _ => text.to_owned(),
        }
    };
    Mail {
        to,
        subject: words(&field(&head, "subject")),
        text: part("text/plain").replace("\r\n", "\n"),
        html: part("text/html"),
    }
}

/// RFC 2047, as far as it is written by us.
fn words(subject: &str) -> String {
    let (mut text, mut after_encoded) = (String::new(), true);
    for word in subject.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|w| w.strip_suffix("?="));
        // Spaces between two encoded words are for the line's length only.
        if !(text.is_empty() || after_encoded && encoded.is_some()) {
            text.push(' ');
        }
        match encoded {
            Some(encoded) => text.push_str(&String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()),
            None => text.push_str(word),
        }
        after_encoded = encoded.is_some();
    }
    text
}

fn quoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'=' && after.len() >= 2 {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}
