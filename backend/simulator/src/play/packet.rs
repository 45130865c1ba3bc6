//! From events to what is written at once: the scripted faults by position, several events to a packet, line ends,
//! compression. No clock here; silences and pacing are for the player.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use super::{Event, Events, Kind};
use crate::{
    ledger::{Outcome, Progress},
    script::{Cut, CutHow, Omit, Pause, Script},
};

#[derive(Default)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) progress: Progress,
    pub(super) paced: bool,
}

pub(super) enum Next {
    Packet(Packet),
    Silence(u64),
    End(Outcome),
    Break(CutHow),
}

pub(super) struct Packets {
    events: Events,
    /// Events taken so far, which is the position that scripts name.
    at: u32,
    per_packet: u32,
    pause: Option<Pause>,
    cut: Option<(u32, CutHow)>,
    error_event: Option<(u32, Vec<u8>)>,
    garbage_after: Option<u32>,
    bad_utf8_after: Option<u32>,
    pub(super) bad_utf8: &'static [u8],
    omit: Option<Omit>,
    outcome: Outcome,
    /// Set by an error event: nothing comes after it.
    over: bool,
}

impl Packets {
    pub(super) fn new(script: &Script, events: Events, error_event: Option<Vec<u8>>) -> Self {
        let omitted = script.omit.is_some();
        Self {
            events,
            at: 0,
            per_packet: script.per_packet.unwrap_or(1).max(1),
            pause: script.pause,
            cut: script.cut.and_then(|Cut { how, after }| Some((after?, how))),
            error_event: script.error_event.as_ref().map(|e| e.after).zip(error_event),
            garbage_after: script.garbage_after,
            bad_utf8_after: script.bad_utf8_after,
            bad_utf8: b"",
            omit: script.omit,
            outcome: if omitted { Outcome::CutByFault } else { Outcome::Completed },
            over: false,
        }
    }

    pub(super) fn next(&mut self) -> Next {
        let mut packet = Packet::default();
        for _ in 0..self.per_packet {
            let stop = self.fault_here(&mut packet);
            if let Some(stop) = stop {
                // What was gathered goes first; the fault is still due when we are asked again.
                if !packet.bytes.is_empty() {
                    return Next::Packet(packet);
                }
                self.used(&stop);
                return stop;
            }
            let Some(event) = self.next_event() else {
                self.over = true;
                continue;
            };
            self.at += 1;
            packet.paced |= event.kind == Kind::Content;
            let last = event.kind == Kind::Stop;
            packet.progress.merge(Progress { events: 1, told: event.told, billed: event.billed, last });
            packet.bytes.extend_from_slice(&event.bytes);
        }
        if packet.bytes.is_empty() { Next::End(self.outcome) } else { Next::Packet(packet) }
    }

    fn next_event(&mut self) -> Option<Event> {
        let omit = self.omit;
        self.events.find(|event| match event.kind {
            Kind::Usage => !matches!(omit, Some(Omit::Usage | Omit::Both)),
            Kind::Stop => !matches!(omit, Some(Omit::Stop | Omit::Both)),
            Kind::Content | Kind::Other => true,
        })
    }

    /// What is due at this position; text faults go into the packet.
    fn fault_here(&mut self, packet: &mut Packet) -> Option<Next> {
        if self.over {
            return Some(Next::End(self.outcome));
        }
        let here = |after: u32| self.at >= after;
        if let Some(pause) = self.pause.filter(|pause| here(pause.after)) {
            return Some(Next::Silence(pause.ms));
        }
        if let Some((_, how)) = self.cut.filter(|(after, _)| here(*after)) {
            return Some(match how {
                CutHow::End => Next::End(Outcome::CutByFault),
                how => Next::Break(how),
            });
        }
        if self.garbage_after.is_some_and(here) {
            self.garbage_after = None;
            packet.bytes.extend_from_slice(GARBAGE);
        }
        if self.bad_utf8_after.is_some_and(here) {
            self.bad_utf8_after = None;
            packet.bytes.extend_from_slice(self.bad_utf8);
        }
        if self.error_event.as_ref().is_some_and(|(after, _)| here(*after)) {
            let (_, bytes) = self.error_event.take()?;
            packet.bytes.extend_from_slice(&bytes);
            packet.progress.merge(Progress { events: 1, ..Progress::default() });
            self.outcome = Outcome::CutByFault;
            self.over = true;
            return Some(Next::End(self.outcome));
        }
        None
    }

    fn used(&mut self, stop: &Next) {
        if matches!(stop, Next::Silence(_)) {
            self.pause = None;
        }
    }
}

/// Lines that no parser of event streams may stumble over: no field name, no JSON, an unknown event, a lone comment.
const GARBAGE: &[u8] = b"this line is no field\n:a comment\ndata: {\"type\":\"content_block_delta\",\n\nevent: \xf0\x9f\x9a\xa7 unheard_of\ndata: []\n\nid\nretry: soon\n\n";

/// Line ends and compression, over the whole stream.
pub(super) struct Encoder {
    crlf: bool,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Encoder {
    pub(super) fn new(script: &Script) -> Self {
        Self { crlf: script.crlf, gzip: script.gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())) }
    }

    pub(super) fn encode(&mut self, bytes: Vec<u8>) -> Bytes {
        let bytes = if self.crlf { with_crlf(&bytes) } else { bytes };
        let Some(gzip) = &mut self.gzip else { return Bytes::from(bytes) };
        // Writing into memory does not fail. Flushed, so that the event can be read when it arrives.
        let _ = gzip.write_all(&bytes).and_then(|()| gzip.flush());
        Bytes::from(std::mem::take(gzip.get_mut()))
    }

    pub(super) fn finish(&mut self) -> Bytes {
        self.gzip.take().and_then(|gzip| gzip.finish().ok()).map(Bytes::from).unwrap_or_default()
    }
}

fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}
