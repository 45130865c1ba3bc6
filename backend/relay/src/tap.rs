//! Looking on while one request is relayed: what an account is sent, what it answers and when, and what came of it.
//!
//! Only a request that is brought from within ([`crate::Play`]) has somebody who looks on. No header asks for it, and
//! without it nothing here is made, so that no prompt is recorded of anybody who did not want that. Whatever lets
//! somebody in (keys, cookies, signatures) is taken out when it is written down and not when it is shown, and how much is
//! kept is bounded: [`MOST`] bytes of every request that is sent, and as many of all answers together.
//!
//! What it does not do: wait. Who does not listen misses what comes after [`ROOM`] things.

mod pieces;
mod secrets;

pub use crate::trail::Step;
pub use pieces::Pieces;

use crate::{
    plan::{Candidate, Plan},
    settle::Figures,
    upstream::request::named,
};
use bytes::Bytes;
use causeway_domain::{AccountId, Nanos, TokenCounts, service::ApiDialect};
use causeway_store::ledger::Outcome;
use http::{HeaderMap, Request, StatusCode};
use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio::sync::mpsc;

/// The most that is kept of one request, or of all answers, in bytes.
pub const MOST: usize = 256 * 1024;

/// The most things that wait to be heard: as many pieces as [`MOST`] allows, and what comes beside them.
pub const ROOM: usize = MOST / pieces::LEAST + 256;

/// A header as it may be shown: its name, and its value without what is secret.
pub type ShownHeader = (String, String);

/// Something that happened. Times are milliseconds after the request came in.
#[derive(Clone, Debug)]
pub enum Heard {
    /// The accounts that could serve it, best first, and which of them has room. Told again when it is planned anew.
    Offered {
        /// When.
        at_ms: u64,
        /// The accounts.
        accounts: Vec<Offer>,
        /// The place in the list of the one that is asked first; those before it have no room.
        chosen: usize,
    },
    /// An account is sent a request.
    Asked(Box<Asked>),
    /// Its answer has begun.
    Answered {
        /// When.
        at_ms: u64,
        /// To which of the requests sent, counted from 1.
        attempt: u32,
        /// Status.
        status: u16,
        /// Headers.
        headers: Vec<ShownHeader>,
    },
    /// A piece of its answer: a whole event of a stream, or the body.
    Said {
        /// When it was there.
        at_ms: u64,
        /// To which of the requests sent.
        attempt: u32,
        /// The piece.
        text: String,
    },
    /// No more is kept of what accounts answer.
    Cut {
        /// When.
        at_ms: u64,
    },
    /// Which accounts were asked in vain or passed over, and why; told where there are any.
    Went(Vec<Step>),
    /// It is in the ledger.
    Settled(Box<Bill>),
}

/// An account that could serve a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub account: AccountId,
    /// The model that it is asked for, by its own name.
    pub model: String,
    /// In which dialect it is asked.
    pub dialect: ApiDialect,
}

/// A request as an account gets it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When.
    pub at_ms: u64,
    /// The how manieth request it is, counted from 1.
    pub attempt: u32,
    /// Whom.
    pub account: AccountId,
    /// In which dialect.
    pub dialect: ApiDialect,
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers.
    pub headers: Vec<ShownHeader>,
    /// Body, at most [`MOST`] bytes of it.
    pub body: String,
    /// Whether there is more of it.
    pub truncated: bool,
}

/// The row that a request has in the usage.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The account that it is of.
    pub account: Option<AccountId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether any figure is ours and not the provider's.
    pub estimated: bool,
    /// Tokens.
    pub tokens: TokenCounts,
    /// At the provider's price.
    pub cost: Nanos,
    /// Charged to the key.
    pub charged: Nanos,
    /// Milliseconds until the first byte of the answer.
    pub first_byte_ms: Option<u32>,
    /// Milliseconds until the end.
    pub duration_ms: u32,
    /// What went wrong.
    pub error: Option<String>,
}

/// Where what happens to one request is told.
#[derive(Debug)]
pub struct Tap {
    to: mpsc::Sender<Heard>,
    began: Instant,
    /// Bytes of answers that are still kept.
    left: AtomicUsize,
    attempts: AtomicU32,
}

impl Tap {
    /// For one request that begins now, and what it tells: over when nothing more can come.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Heard>) {
        let (to, heard) = mpsc::channel(ROOM);
        let (left, attempts) = (AtomicUsize::new(MOST), AtomicU32::new(0));
        (Arc::new(Self { to, began: Instant::now(), left, attempts }), heard)
    }

    /// What its times are counted from.
    pub fn began(&self) -> Instant {
        self.began
    }

    fn at_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn tell(&self, heard: Heard) {
        // Nobody listens any more, or too slowly: a request never waits for who looks on.
        let _ = self.to.try_send(heard);
    }

    /// The accounts are known, and one of them has room.
    pub(crate) fn offered(&self, plan: &Plan, chosen: usize) {
        let offer = |candidate: &Candidate| Offer {
            account: candidate.account.id,
            model: candidate.upstream.to_string(),
            dialect: named(candidate.speaks),
        };
        let accounts = plan.candidates.iter().map(offer).collect();
        self.tell(Heard::Offered { at_ms: self.at_ms(), accounts, chosen });
    }

    /// An account is about to be sent this. What is returned hears the answer.
    pub(crate) fn asked(self: &Arc<Self>, candidate: &Candidate, request: &Request<Bytes>) -> Box<Ear> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let target = &candidate.account.target;
        let body = request.body();
        self.tell(Heard::Asked(Box::new(Asked {
            at_ms: self.at_ms(),
            attempt,
            account: candidate.account.id,
            dialect: named(candidate.speaks),
            method: request.method().to_string(),
            path: request
                .uri()
                .path_and_query()
                .map_or_else(String::new, |place| secrets::path(place.as_str())),
            headers: secrets::headers(request.headers(), &[]),
            body: text(body).into_owned(),
            truncated: body.len() > MOST,
        })));
        let secrets = secrets::presented(&[&target.headers, request.headers()]);
        Box::new(Ear { tap: self.clone(), attempt, secrets, pieces: Pieces::whole(), cut: false })
    }

    /// Which accounts were asked in vain or passed over.
    pub(crate) fn went(&self, steps: &[Step]) {
        self.tell(Heard::Went(steps.to_vec()));
    }

    /// The request is over, and this is what it used.
    pub(crate) fn settled(&self, account: Option<AccountId>, figures: &Figures) {
        self.tell(Heard::Settled(Box::new(Bill {
            account,
            outcome: figures.outcome,
            estimated: figures.estimated,
            tokens: figures.tokens,
            cost: figures.cost,
            charged: figures.charged,
            first_byte_ms: figures.first_byte_ms,
            duration_ms: figures.duration_ms,
            error: figures.error.clone(),
        })));
    }
}

/// The headers of an answer, or of a request, as they may be shown.
pub fn shown(headers: &HeaderMap) -> Vec<ShownHeader> {
    secrets::headers(headers, &[])
}

/// As much of a body as is kept, cut where a character ends.
pub fn text(body: &[u8]) -> Cow<'_, str> {
    let mut end = body.len().min(MOST);
    // Continuation bytes of UTF-8 belong to the character before them.
    while end < body.len() && end > 0 && body[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    String::from_utf8_lossy(&body[..end])
}

/// Hears one account's answer. It tells what it has when it is dropped, so that a broken answer is seen too.
#[derive(Debug)]
pub(crate) struct Ear {
    tap: Arc<Tap>,
    attempt: u32,
    /// What the account was shown, which it may say again.
    secrets: Vec<String>,
    pieces: Pieces,
    cut: bool,
}

impl Ear {
    /// The head is here.
    pub(crate) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.pieces = Pieces::of(headers);
        self.tap.tell(Heard::Answered {
            at_ms: self.tap.at_ms(),
            attempt: self.attempt,
            status: status.as_u16(),
            headers: secrets::headers(headers, &self.secrets),
        });
    }

    /// Some more of the body.
    pub(crate) fn hear(&mut self, data: &[u8]) {
        let mut left = self.tap.left.load(Ordering::Relaxed);
        let whole = self.pieces.push(data, &mut left);
        self.tap.left.store(left, Ordering::Relaxed);
        for piece in whole {
            self.say(piece);
        }
        if self.pieces.is_cut() && !std::mem::replace(&mut self.cut, true) {
            if let Some(piece) = self.pieces.finish() {
                self.say(self.without_end(piece));
            }
            self.tap.tell(Heard::Cut { at_ms: self.tap.at_ms() });
        }
    }

    /// Nothing more comes.
    pub(crate) fn ended(&mut self) {
        if let Some(piece) = self.pieces.finish() {
            self.say(piece);
        }
    }

    /// A piece that was cut, without what might be the beginning of a secret.
    fn without_end(&self, mut piece: String) -> String {
        let longest = self.secrets.iter().map(String::len).max().unwrap_or(0);
        let end = (0..=piece.len().saturating_sub(longest)).rev().find(|&end| piece.is_char_boundary(end));
        piece.truncate(end.unwrap_or(0));
        piece
    }

    fn say(&self, piece: String) {
        let text = secrets::without(piece, &self.secrets);
        self.tap.tell(Heard::Said { at_ms: self.tap.at_ms(), attempt: self.attempt, text });
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.ended();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_an_account_says_again_is_not_told_not_even_its_beginning() {
        const SECRET: &str = "sk-very-secret";
        let (tap, mut heard) = Tap::new();
        let ear = |tap: &Arc<Tap>| Ear {
            tap: tap.clone(),
            attempt: 1,
            secrets: vec![SECRET.to_owned()],
            pieces: Pieces::whole(),
            cut: false,
        };
        let mut first = ear(&tap);
        first.hear(b"wrong key sk-very");
        first.hear(b"-secret, sorry");
        drop(first);
        let mut second = ear(&tap);
        let said = MOST - "wrong key sk-very-secret, sorry".len();
        second.hear(&vec![b'a'; said - 8]);
        second.hear(SECRET.as_bytes());
        drop((second, tap));
        let mut told = Vec::new();
        while let Ok(Heard::Said { text, .. }) = heard.try_recv() {
            told.push(text);
        }
        assert_eq!(told[0], "wrong key •••, sorry");
        assert!(told[1].len() > said - 40 && !told[1].contains("sk-"), "{}", &told[1][told[1].len() - 40..]);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn who_does_not_listen_keeps_nobody_waiting() {
        let (tap, heard) = Tap::new();
        for _ in 0..2 * ROOM {
            tap.went(&[]);
        }
        assert_eq!(heard.len(), ROOM);
        drop(heard);
        tap.went(&[]);
    }

    #[test]
    fn a_long_body_is_cut_where_a_character_ends() {
        let mut body = vec![b'a'; MOST - 1];
        body.extend_from_slice("é".as_bytes());
        body.push(b'b');
        assert_eq!(text(&body).len(), MOST - 1);
        assert_eq!(text("é".as_bytes()), "é");
    }
}
