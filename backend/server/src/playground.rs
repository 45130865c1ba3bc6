//! The playground of the admin API, played on the relay: the two know nothing of each other, and meet here.
//!
//! What the client gets is heard here, as a client gets it; what happens behind is told by the relay's tap. Both are put
//! into one order: what an account said comes before what the client gets of it.

mod words;

use causeway_admin::playground::{Player, Playground, Refused, Wish};
use causeway_domain::RequestId;
use causeway_openapi::{PlayAnswer, PlayDone, PlayEvent, PlayPiece, PlaySide, PlayTruncated, PlayUsage};
use causeway_relay::{
    Play, Relay, RelayBody,
    tap::{self, Heard, Pieces, Step, Tap},
};
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::timeout_at};

/// How long the row of a request is waited for once the client has everything.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// The relay as the admin plays on it.
pub(crate) struct Played(Arc<Relay>);

impl Played {
    pub(crate) fn new(relay: Arc<Relay>) -> Self {
        Self(relay)
    }
}

impl Playground for Played {
    fn play(&self, wish: Wish) -> BoxStream<'static, PlayEvent> {
        let relay = Arc::clone(&self.0);
        let (tap, heard) = Tap::new();
        let began = tap.began();
        let request = words::request(&wish);
        let sent = words::sent(&request, &wish.body);
        let Player { org, key, address } = wish.player;
        let play = Play { org, key, tap };
        let answer = async move { relay.play(request, address, play).await }.boxed();
        let session = Session {
            stage: Stage::Head(answer),
            heard,
            began,
            waiting: VecDeque::from([PlayEvent::Sent(sent)]),
            pieces: Pieces::whole(),
            left: tap::MOST,
            cut_off: false,
            request: None,
            status: 0,
            broke: false,
            usage: None,
            steps: Vec::new(),
        };
        stream::unfold(session, Session::next).boxed()
    }

    fn models(&self, player: Player) -> BoxFuture<'static, Result<Vec<String>, Refused>> {
        let relay = Arc::clone(&self.0);
        async move {
            let found = relay.models_of((player.org, player.key), player.address).await;
            found.map_err(|error| Refused { status: error.status().as_u16(), message: error.to_string() })
        }
        .boxed()
    }
}

/// How far it has come.
enum Stage {
    Head(BoxFuture<'static, Response<RelayBody>>),
    Body(RelayBody),
    /// The client has everything, and the row is waited for until then.
    Row(tokio::time::Instant),
    Over,
}

/// A request that is looked on at.
struct Session {
    stage: Stage,
    heard: mpsc::Receiver<Heard>,
    began: Instant,
    /// What is told next.
    waiting: VecDeque<PlayEvent>,
    /// What the client has got of an event that is not whole yet.
    pieces: Pieces,
    /// How many bytes of what the client gets may still be told, and whether there were more.
    left: usize,
    cut_off: bool,
    request: Option<RequestId>,
    status: u16,
    /// The client's connection would have been cut.
    broke: bool,
    usage: Option<PlayUsage>,
    steps: Vec<Step>,
}

impl Session {
    async fn next(mut self) -> Option<(PlayEvent, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((event, self));
            }
            if matches!(self.stage, Stage::Over) {
                return None;
            }
            self.listen().await;
        }
    }

    /// Waits until something happens.
    async fn listen(&mut self) {
        match &mut self.stage {
            Stage::Head(answer) => tokio::select! {
                Some(heard) = self.heard.recv() => self.hear(heard),
                response = answer => self.answered(response),
            },
            Stage::Body(body) => tokio::select! {
                Some(heard) = self.heard.recv() => self.hear(heard),
                frame = body.frame() => match frame {
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            self.got(&data);
                        }
                    }
                    Some(Err(_)) => {
                        self.broke = true;
                        self.got_all();
                    }
                    None => self.got_all(),
                },
            },
            Stage::Row(until) => match timeout_at(*until, self.heard.recv()).await {
                Ok(Some(heard)) => self.hear(heard),
                Ok(None) | Err(_) => self.done(),
            },
            Stage::Over => {}
        }
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The beginning of what the client gets.
    fn answered(&mut self, response: Response<RelayBody>) {
        self.hear_first();
        let (head, body) = response.into_parts();
        let id = head.headers.get("x-request-id").and_then(|id| id.to_str().ok()?.parse().ok());
        (self.request, self.status) = (id.map(RequestId), head.status.as_u16());
        self.pieces = Pieces::of(&head.headers);
        self.waiting.push_back(PlayEvent::ClientAnswer(PlayAnswer {
            at_ms: self.at_ms(),
            attempt: 0,
            status: self.status,
            headers: words::headers(tap::shown(&head.headers)),
        }));
        self.stage = Stage::Body(body);
    }

    /// Some more of it.
    fn got(&mut self, data: &[u8]) {
        self.hear_first();
        for piece in self.pieces.push(data, &mut self.left) {
            self.give(piece);
        }
        if self.pieces.is_cut() && !std::mem::replace(&mut self.cut_off, true) {
            if let Some(piece) = self.pieces.finish() {
                self.give(piece);
            }
            let at_ms = self.at_ms();
            self.waiting.push_back(PlayEvent::Truncated(PlayTruncated { at_ms, side: PlaySide::Client }));
        }
    }

    fn got_all(&mut self) {
        self.hear_first();
        if let Some(piece) = self.pieces.finish() {
            self.give(piece);
        }
        self.stage = Stage::Row(tokio::time::Instant::now() + SETTLES_WITHIN);
    }

    fn give(&mut self, text: String) {
        let at_ms = self.at_ms();
        self.waiting.push_back(PlayEvent::ClientEvent(PlayPiece { at_ms, attempt: 0, text }));
    }

    /// What accounts had said before.
    fn hear_first(&mut self) {
        while let Ok(heard) = self.heard.try_recv() {
            self.hear(heard);
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Went(steps) => self.steps = steps,
            Heard::Settled(bill) => self.usage = Some(words::usage(*bill)),
            other => self.waiting.extend(words::event(other)),
        }
    }

    fn done(&mut self) {
        self.waiting.push_back(PlayEvent::Done(PlayDone {
            at_ms: self.at_ms(),
            request_id: self.request.unwrap_or(RequestId(uuid::Uuid::nil())),
            status: self.status,
            cut: self.broke,
            usage: self.usage.take(),
            steps: std::mem::take(&mut self.steps).into_iter().map(words::step).collect(),
        }));
        self.stage = Stage::Over;
    }
}

/// The request that a client would send.
type Sent = Request<Full<bytes::Bytes>>;
