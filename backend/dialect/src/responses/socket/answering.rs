//! An answer as it goes by: its id and its items, for the memory of the connection.

use crate::scan::Members;

/// What has gone by of an answer.
#[derive(Debug)]
pub struct Answering {
    id: Option<String>,
    /// Items that are whole, with commas between them.
    items: Vec<u8>,
    most: usize,
    outgrown: bool,
    end: Option<bool>,
}

impl Answering {
    /// Nothing yet. Answers of more than `most` bytes are not remembered.
    pub const fn new(most: usize) -> Self {
        Self { id: None, items: Vec::new(), most, outgrown: false, end: None }
    }

    /// Looks at an event: its name, where it has one, and its data.
    pub fn event(&mut self, name: &[u8], data: &str) {
        match name {
            b"response.output_item.done" => self.item(data),
            b"response.created" => self.id = id(data).or_else(|| self.id.take()),
            b"response.completed" | b"response.incomplete" => {
                self.id = id(data).or_else(|| self.id.take());
                self.end = Some(true);
            }
            b"response.failed" | b"error" => self.end = Some(false),
            b"" => {
                let named = Members::read(data).and_then(|event| event.str("type").map(|t| t.into_owned()));
                if let Some(name) = named.filter(|name| !name.is_empty()) {
                    self.event(name.as_bytes(), data);
                }
            }
            _ => {}
        }
    }

    /// Whether the client has been told how it ended.
    pub const fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Its id and its items, if it can be gone on from.
    pub fn finish(self) -> Option<(String, Vec<u8>)> {
        if self.outgrown || self.end != Some(true) {
            return None;
        }
        Some((self.id?, self.items))
    }

    fn item(&mut self, data: &str) {
        let event = Members::read(data);
        let Some(item) = event.as_ref().and_then(|event| event.get("item")) else { return };
        let known_elsewhere = Members::of(item).is_some_and(|item| {
            item.str("type").as_deref() == Some("reasoning") && item.get("encrypted_content").is_none()
        });
        if known_elsewhere || self.outgrown {
            return;
        }
        if self.items.len() + item.raw().len() + 1 > self.most {
            (self.outgrown, self.items) = (true, Vec::new());
            return;
        }
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        self.items.extend_from_slice(item.raw().as_bytes());
    }
}

fn id(data: &str) -> Option<String> {
    let event = Members::read(data)?;
    Some(Members::of(event.get("response")?)?.str("id")?.into_owned())
}
