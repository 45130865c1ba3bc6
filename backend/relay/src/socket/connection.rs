//! The life of one connection: a message, its answer, the next message.

use super::{
    head::Head,
    metered::Share,
    reply::{self, Reply},
    seats::Seat,
    wire::{Fault, Gone, Heard, Wire},
};
use crate::{Relay, arrival::Arrival, body::RelayBody, error::RelayError, identify, route::Asking};
use causeway_dialect::{
    Dialect,
    framing::Framing,
    request::Endpoint,
    responses::socket::{Asked, Message, Refused, Session, warmed_up},
};
use causeway_domain::RequestId;
use http::{Response, header};
use http_body_util::BodyExt;
use metrics::counter;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::tungstenite::{Utf8Bytes, protocol::frame::coding::CloseCode};
use uuid::Uuid;

/// Messages that wait in line while an answer is under way. Beyond it the client is not listened to until one is over.
const WAITING: usize = 4;

const DIALECT: Dialect = Dialect::OpenaiResponses;

/// A message, and what it takes of the memory for bodies.
type Said = (Utf8Bytes, Share);

/// An open connection.
pub(super) struct Connection<S> {
    relay: Arc<Relay>,
    wire: Wire<S>,
    talk: Talk,
    seat: Seat,
}

/// What it knows.
struct Talk {
    head: Head,
    session: Session,
    /// What the session takes of the memory for bodies.
    memory: Option<OwnedSemaphorePermit>,
    waiting: VecDeque<Said>,
    /// The largest message, conversation or answer.
    most: usize,
    idle: Duration,
    /// From then on nothing new begins.
    dies: Instant,
    ping: Option<Duration>,
    pinged: Instant,
}

/// Why a connection ends.
enum End {
    /// The client has left.
    Left,
    /// Nobody has said anything for a while.
    Idle,
    /// It is as old as a connection may be.
    Old,
    /// The instance stops.
    Restart,
    /// The key may not be used any longer.
    Key,
    /// What was said cannot be understood.
    Fault(Fault),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Left
    }
}

impl End {
    /// A word for the metric, and what the client is told.
    const fn told(&self) -> (&'static str, Option<(CloseCode, &'static str)>) {
        match self {
            Self::Left => ("left", None),
            Self::Idle => ("idle", Some((CloseCode::Normal, "nothing was asked for a while"))),
            Self::Old => {
                ("old", Some((CloseCode::Normal, "this connection is as old as one may be; open another")))
            }
            Self::Restart => {
                ("restart", Some((CloseCode::Restart, "this instance is being restarted; connect again")))
            }
            Self::Key => ("key", Some((CloseCode::Policy, "this API key may not be used any longer"))),
            Self::Fault(Fault::Binary) => ("binary", Some((CloseCode::Unsupported, "messages are text"))),
            Self::Fault(Fault::NotText) => {
                ("not_text", Some((CloseCode::Invalid, "a text message was not UTF-8")))
            }
            Self::Fault(Fault::TooLarge) => {
                ("too_large", Some((CloseCode::Size, "the message is too large")))
            }
            Self::Fault(Fault::NotFrames) => {
                ("not_frames", Some((CloseCode::Protocol, "what came is no WebSocket frame")))
            }
            Self::Fault(Fault::Crowded) => {
                ("crowded", Some((CloseCode::Again, "too many large requests at once; try again")))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    pub(super) async fn new(relay: Arc<Relay>, stream: S, head: Head, seat: Seat) -> Self {
        let args = &relay.args;
        let most = usize::try_from(args.max_body_bytes).unwrap_or(usize::MAX);
        let now = Instant::now();
        let talk = Talk {
            head,
            session: Session::new(most),
            memory: None,
            waiting: VecDeque::new(),
            most,
            idle: Duration::from_secs(args.socket_idle_seconds),
            dies: now + Duration::from_secs(args.socket_life_seconds),
            ping: (args.socket_ping_seconds > 0).then(|| Duration::from_secs(args.socket_ping_seconds)),
            pinged: now,
        };
        let wire = Wire::new(stream, relay.bodies.clone(), most).await;
        Self { relay, wire, talk, seat }
    }

    /// Lives until one side ends it.
    pub(super) async fn run(mut self) {
        let cut = self.seat.cut.clone();
        let end = cut.run_until_cancelled(self.talk_on()).await.unwrap_or(End::Restart);
        let (why, told) = end.told();
        counter!("causeway_relay_sockets_closed_total", "why" => why).increment(1);
        match told {
            Some((code, reason)) => self.wire.close(code, reason).await,
            None => self.wire.leave().await,
        }
    }

    async fn talk_on(&mut self) -> End {
        loop {
            let ended = match self.next().await {
                Ok((text, share)) => {
                    let answered = self.message(&text).await;
                    drop(share);
                    answered.err()
                }
                Err(end) => Some(end),
            };
            if let Some(end) = ended {
                return match self.explain(&end).await {
                    Ok(()) => end,
                    Err(Gone) => End::Left,
                };
            }
        }
    }

    /// What ends a connection is told as an event too, where a client could do something about it.
    async fn explain(&mut self, end: &End) -> Result<(), Gone> {
        let limit = self.relay.args.max_body_bytes;
        let bad =
            |code, message: &str| RelayError::BadRequest { code, field: None, message: message.to_owned() };
        let error = match end {
            End::Old => bad(
                "websocket_connection_limit_reached",
                "this connection is as old as one may be; open another and send the whole conversation",
            ),
            End::Fault(Fault::Binary) => {
                bad("invalid_message", "a message is a text frame with a JSON object, not a binary one")
            }
            End::Fault(Fault::NotText) => bad("invalid_message", "a text message must be UTF-8"),
            End::Fault(Fault::TooLarge) => RelayError::TooLarge { limit },
            End::Fault(Fault::Crowded) => {
                RelayError::Unavailable("too many large requests at once; nothing was sent to the provider")
            }
            _ => return Ok(()),
        };
        self.refuse(&error).await
    }

    /// Waits for the next message, between two answers.
    async fn next(&mut self) -> Result<Said, End> {
        if self.seat.retiring.is_cancelled() {
            return Err(End::Restart);
        }
        if Instant::now() >= self.talk.dies {
            return Err(End::Old);
        }
        if let Some(said) = self.talk.waiting.pop_front() {
            return Ok(said);
        }
        let idle = Instant::now() + self.talk.idle;
        loop {
            let ping = self.talk.next_ping();
            select! {
                biased;
                () = self.seat.retiring.cancelled() => return Err(End::Restart),
                heard = self.wire.hear() => match heard {
                    Heard::Text(text, share) => return Ok((text, share)),
                    Heard::Left => return Err(End::Left),
                    Heard::Fault(fault) => return Err(End::Fault(fault)),
                },
                () = sleep_until(self.talk.dies) => return Err(End::Old),
                () = sleep_until(idle) => return Err(End::Idle),
                () = sleep_until(ping.unwrap_or(idle)), if ping.is_some() => {
                    self.talk.pinged = Instant::now();
                    self.wire.ping().await?;
                }
            }
        }
    }

    async fn message(&mut self, text: &str) -> Result<(), End> {
        counter!("causeway_relay_socket_messages_total").increment(1);
        match self.talk.session.read(text) {
            Ok(Message::Ask(asked)) => self.ask(asked).await,
            Ok(Message::WarmUp(asked)) => self.warm_up(asked).await,
            Ok(Message::Nothing) => Ok(()),
            Err(Refused { code, field, message }) => {
                Ok(self.refuse(&RelayError::BadRequest { code, field, message }).await?)
            }
        }
    }

    /// Asks for an answer, and passes on what comes of it.
    async fn ask(&mut self, asked: Asked) -> Result<(), End> {
        let request = self.talk.head.request(asked.body.clone());
        let address = self.talk.head.address();
        let arrival = Arrival::now(address, None);
        let relay = self.relay.clone();
        let asking = Asking { endpoint: Endpoint::Generate, dialect: DIALECT, model: None, stream: false };
        let answer = {
            let mut answer = Box::pin(relay.ask(request, &asking, address, &arrival));
            select! {
                answer = &mut answer => answer,
                end = meanwhile(&mut self.wire, &mut self.talk) => return Err(end),
            }
        };
        let key_refused = answer.as_ref().is_err_and(RelayError::is_of_the_key);
        let response = relay.told(answer, DIALECT, &arrival);
        if self.is_stream(&response) {
            return self.stream(asked, response.into_body()).await;
        }
        let (head, body) = response.into_parts();
        let body = select! {
            body = reply::whole(body) => body,
            end = meanwhile(&mut self.wire, &mut self.talk) => return Err(end),
        };
        // An answer that is none of events does not come here: it is converted. Should one, it is no success.
        let status = if head.status.is_success() { 502 } else { head.status.as_u16() };
        self.say(reply::refusal(status, &head.headers, &body)).await?;
        if key_refused { Err(End::Key) } else { Ok(()) }
    }

    fn is_stream(&self, response: &Response<RelayBody>) -> bool {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        response.status().is_success() && Framing::of(DIALECT, true, kind) == Framing::Events
    }

    /// Passes on the events of an answer.
    async fn stream(&mut self, asked: Asked, mut body: RelayBody) -> Result<(), End> {
        let mut reply = Reply::new(self.talk.most);
        loop {
            let frame = select! {
                biased;
                frame = body.frame() => frame,
                end = meanwhile(&mut self.wire, &mut self.talk) => return Err(end),
            };
            // Where an answer breaks off, the event that says so has come before.
            let Some(Ok(frame)) = frame else { break };
            let Ok(data) = frame.into_data() else { continue };
            let Ok(messages) = reply.push(&data) else { break };
            if messages.is_empty() {
                continue;
            }
            for message in messages {
                self.wire.tell(message).await?;
            }
            self.wire.flush().await?;
        }
        if !reply.is_over() {
            const BROKEN: RelayError =
                RelayError::Unavailable("the provider's answer ended before it was whole");
            self.refuse(&BROKEN).await?;
        } else if let Some((id, items)) = reply.finish() {
            self.talk.remember(&self.relay, id, asked, items);
        }
        Ok(())
    }

    /// Remembers a request that an answer will be asked for later. Nothing of it reaches a provider.
    async fn warm_up(&mut self, asked: Asked) -> Result<(), End> {
        let head = &self.talk.head;
        let admitted = async {
            let directory = &self.relay.directory;
            let caller = identify::caller(directory, head.headers(), head.uri(), head.address()).await?;
            let (caller, _) = self.relay.current(caller).await?;
            identify::speaks(&caller.principal, DIALECT)
        };
        if let Err(error) = admitted.await {
            self.refuse(&error).await?;
            return if error.is_of_the_key() { Err(End::Key) } else { Ok(()) };
        }
        let id = format!("resp_{}", Uuid::now_v7().simple());
        let created = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default();
        for event in warmed_up(&id, created) {
            self.wire.tell(event).await?;
        }
        self.wire.flush().await?;
        self.talk.remember(&self.relay, id, asked, Vec::new());
        Ok(())
    }

    /// Tells of what was refused here, as every refusal is told.
    async fn refuse(&mut self, error: &RelayError) -> Result<(), Gone> {
        let id = RequestId(Uuid::now_v7());
        tracing::info!(request = %id, reason = error.reason(), "a message was refused");
        counter!("causeway_relay_refusals_total", "reason" => error.reason()).increment(1);
        let (head, body) = error.render(DIALECT, id).into_parts();
        let body = reply::whole(body).await;
        self.say(reply::refusal(head.status.as_u16(), &head.headers, &body)).await
    }

    async fn say(&mut self, message: String) -> Result<(), Gone> {
        self.wire.tell(message).await?;
        self.wire.flush().await
    }
}

impl Talk {
    fn next_ping(&self) -> Option<Instant> {
        self.ping.map(|every| self.pinged + every)
    }

    /// Keeps a conversation, if there is memory for it: without, its client is told to send all of it.
    fn remember(&mut self, relay: &Relay, id: String, asked: Asked, items: Vec<u8>) {
        self.session.remember(id, asked, items);
        self.memory = None;
        match relay.bodies.take(self.session.held() as u64) {
            Ok(memory) => self.memory = Some(memory),
            Err(_) => self.session.forget(),
        }
    }
}

/// Listens to the client while an answer is under way. Ends when the connection has to.
async fn meanwhile<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>, talk: &mut Talk) -> End {
    loop {
        let ping = talk.next_ping();
        let listens = talk.waiting.len() < WAITING;
        select! {
            biased;
            heard = wire.hear(), if listens => match heard {
                Heard::Text(text, share) => talk.waiting.push_back((text, share)),
                Heard::Left => return End::Left,
                Heard::Fault(fault) => return End::Fault(fault),
            },
            () = sleep_until(ping.unwrap_or(talk.dies)), if ping.is_some() => {
                talk.pinged = Instant::now();
                if wire.ping().await.is_err() {
                    return End::Left;
                }
            }
            else => std::future::pending().await,
        }
    }
}
