//! The writer of a Responses stream: every event with its number, and at the end the whole response once more.

use bytes::{BufMut, BytesMut};

use super::block::Open;
use crate::json::Json;
use crate::neutral::accumulate::LARGEST;
use crate::neutral::order::TooMuch;
use crate::neutral::{Block, Event, Restore, StopReason, Usage, answer};
use crate::responses::answer::{End, response};

/// Writes a stream's events.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    sequence: Sequence,
    id: String,
    blocks: Vec<Option<Open>>,
    /// The finished items, each with its place, as JSON text.
    finished: Vec<(usize, BytesMut)>,
    bytes: usize,
    refused: bool,
    usage: Usage,
    stop: Option<StopReason>,
}

impl Writer {
    pub(crate) fn event(
        &mut self,
        event: Event<'_>,
        restore: &Restore,
        out: &mut BytesMut,
    ) -> Result<(), TooMuch> {
        match event {
            Event::Start { id, .. } => {
                self.id = answer::id(id.as_deref(), "resp_", restore);
                for kind in ["response.created", "response.in_progress"] {
                    self.sequence.event(kind, out, |json| {
                        json.key("response");
                        response(json, &self.id, restore, End::InProgress, None, |_| {});
                    });
                }
            }
            Event::Open { index, block } => {
                self.refused |= matches!(block, Block::Refusal);
                let open = Open::new(&self.id, index, block.into_owned(), restore);
                open.begin(restore, &mut self.sequence, out);
                self.blocks.push(Some(open));
            }
            Event::Delta { index, raw } => {
                self.bytes = self.bytes.saturating_add(raw.len());
                if self.bytes > LARGEST {
                    return Err(TooMuch);
                }
                if let Some(Some(open)) = self.blocks.get_mut(index) {
                    open.delta(raw, &mut self.sequence, out);
                }
            }
            Event::Signature { index, opaque } => {
                if let Some(Some(open)) = self.blocks.get_mut(index) {
                    open.sign(opaque.into_owned());
                }
            }
            Event::Close { index } => {
                if let Some(open) = self.blocks.get_mut(index).and_then(Option::take) {
                    self.finished.push((index, open.end(&self.id, restore, &mut self.sequence, out)));
                }
            }
            Event::Usage(usage) => self.usage = usage,
            Event::Stop { reason, .. } => self.stop = Some(reason),
            Event::End => self.end(restore, out),
            // Errors are written with their status, by whoever knows it.
            Event::Error(_) => {}
        }
        Ok(())
    }

    /// The response's id, and the number of the event that would come next.
    pub(crate) fn place(&self) -> (Option<&str>, u64) {
        ((!self.id.is_empty()).then_some(&*self.id), self.sequence.next)
    }

    fn end(&mut self, restore: &Restore, out: &mut BytesMut) {
        let end = End::of(self.stop.unwrap_or(StopReason::EndTurn), self.refused);
        self.finished.sort_by_key(|(index, _)| *index);
        let kind = format!("response.{}", end.status());
        self.sequence.event(&kind, out, |json| {
            json.key("response");
            response(json, &self.id, restore, end, Some(&self.usage), |json| {
                for (_, item) in &self.finished {
                    json.raw(&String::from_utf8_lossy(item));
                }
            });
        });
    }
}

/// Numbers the events.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    next: u64,
}

impl Sequence {
    /// One event; its data begins with its type and its number.
    pub(super) fn event(&mut self, kind: &str, out: &mut BytesMut, members: impl FnOnce(&mut Json<'_>)) {
        out.put_slice(b"event: ");
        out.put_slice(kind.as_bytes());
        out.put_slice(b"\ndata: ");
        let mut json = Json::new(out);
        json.open().member("type", kind).key("sequence_number").value(self.next);
        self.next += 1;
        members(&mut json);
        json.close();
        out.put_slice(b"\n\n");
    }
}
