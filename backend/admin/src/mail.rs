//! Mails to people: a bounded queue that [`Mailer`] puts letters into and [`Post`] empties.
//!
//! Nobody waits for a mail server. Where none is set there is no [`Mailer`], and whoever caused the mail is given its
//! link to hand over. A mail that cannot be delivered is given up after one more attempt and leaves a line in the log,
//! which has neither its address nor its text. Nothing is stored: a server that stops sends what is waiting, or not.

mod args;
mod letter;
pub mod words;

pub use args::{MailArgs, MailSettings};
pub use letter::Letter;

use futures_util::{StreamExt, stream::FuturesUnordered};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp,
};
use std::{error::Error, future::Future, time::Duration};
use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

/// Mails that may wait.
const WAITING: usize = 256;
/// Connections to the mail server at once.
const AT_ONCE: usize = 4;
/// For one attempt, from the connection to the server's last word.
const DEADLINE: Duration = Duration::from_secs(20);
/// Before the second attempt.
const PAUSE: Duration = Duration::from_secs(3);
/// For everything that still waits when the server stops.
const LAST: Duration = Duration::from_secs(8);

/// Takes letters. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    queue: mpsc::Sender<Message>,
    from: Mailbox,
}

/// Delivers them, while it runs.
pub struct Post {
    queue: mpsc::Receiver<Message>,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mailer {
    /// Both ends of a queue.
    pub fn new(settings: MailSettings) -> (Self, Post) {
        let (sender, queue) = mpsc::channel(WAITING);
        let transport = settings.transport.timeout(Some(DEADLINE)).build();
        (Self { queue: sender, from: settings.from }, Post { queue, transport })
    }

    /// Queues a letter for an address. False when it cannot even be tried: the address is none, or too many are waiting.
    /// Returns at once, and says nothing of whether there is such a person.
    pub fn send(&self, to: &str, letter: &Letter) -> bool {
        let message = match self.compose(to, letter) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(mail = letter.kind, "a mail cannot be written: {error}");
                return false;
            }
        };
        let queued = self.queue.try_send(message).is_ok();
        if !queued {
            tracing::warn!(mail = letter.kind, "a mail is dropped: {WAITING} are waiting already");
        }
        queued
    }

    /// The errors name the part that is wrong and not what is in it.
    fn compose(&self, to: &str, letter: &Letter) -> Result<Message, &'static str> {
        let to = to.parse().map_err(|_| "its address is not one that mail can be sent to")?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .message_id(None)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(letter.text(), letter.html()))
            .map_err(|_| "its headers do not fit")
    }
}

impl Post {
    /// Delivers until `stop`, and then what is left for a few seconds.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { mut queue, transport } = self;
        let mut under_way = FuturesUnordered::new();
        let (mut open, mut stopping) = (true, false);
        let end = time::sleep(Duration::ZERO);
        tokio::pin!(stop, end);
        while open || !under_way.is_empty() {
            tokio::select! {
                () = &mut stop, if !stopping => {
                    stopping = true;
                    queue.close();
                    end.as_mut().reset(Instant::now() + LAST);
                }
                () = &mut end, if stopping => {
                    tracing::warn!("mails were still waiting when the server stopped, and are lost");
                    return;
                }
                Some(()) = under_way.next() => {}
                message = queue.recv(), if open && under_way.len() < AT_ONCE => match message {
                    Some(message) => under_way.push(deliver(&transport, message)),
                    None => open = false,
                },
            }
        }
    }
}

async fn deliver(transport: &AsyncSmtpTransport<Tokio1Executor>, message: Message) {
    let (envelope, text) = (message.envelope(), message.formatted());
    for last in [false, true] {
        match time::timeout(DEADLINE, transport.send_raw(envelope, &text)).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) if last || error.is_permanent() => {
                tracing::warn!("a mail was not delivered: {}", reason(&error));
                return;
            }
            Err(_) if last => {
                tracing::warn!("a mail was not delivered: the mail server (SMTP_URL) did not answer in time");
            }
            Ok(Err(_)) | Err(_) => time::sleep(PAUSE).await,
        }
    }
}

/// What the mail server said in general. Its own words may repeat the address.
fn reason(error: &smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server (SMTP_URL) refused it with {code}"),
        None if error.is_tls() => "no TLS could be agreed with the mail server (SMTP_URL)".to_owned(),
        None if error.is_timeout() => "the mail server (SMTP_URL) did not answer in time".to_owned(),
        None if error.is_client() => {
            "the mail server (SMTP_URL) offers no way to sign in that is known".to_owned()
        }
        None => "the mail server (SMTP_URL) cannot be reached".to_owned(),
    }
}

/// Says that no person wrote it, so that nobody's holiday notice answers (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
