//! JSON as a tree that may be wrong in every way in which a document can be: keys come twice, values are words of no
//! kind, brackets lie deep in each other.

use serde_json::Value;

use super::random::Random;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// The text of a value, or of what stands in its place.
    Raw(String),
    List(Vec<Self>),
    /// Keys are literals, quotes and all.
    Object(Vec<(String, Self)>),
}

/// What may stand where something else should.
const WORDS: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "7",
    "-1",
    "1.0",
    "-1.5e300",
    "1e400",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "\"\"",
    "\"x\"",
    "\" \"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u0000\"",
    "\"\\\"\\\\\\n\\r\\t\\u2028\"",
    "\"data: [DONE]\\n\\n\"",
    "\"{\\\"a\\\":\"",
    "\"data:image/png;base64,AAAA\"",
    "\"https://example.com/a.pdf\"",
    "\"cw_ZnVuY3Rpb25zLng6MA\"",
    "\"Y2F1c2V3YXk6\"",
    "[]",
    "{}",
    "[[{}]]",
    "{\"type\":\"text\"}",
    "{\"\":{\"\":[null]}}",
];

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(list) => Self::List(list.iter().map(Self::from).collect()),
            Value::Object(map) => {
                let member =
                    |(key, value): (&String, &Value)| (Value::from(&**key).to_string(), value.into());
                Self::Object(map.iter().map(member).collect())
            }
            other => Self::Raw(other.to_string()),
        }
    }
}

impl Node {
    /// The tree of a document; what is none stays as it is.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str::<Value>(text)
            .map_or_else(|_| Self::Raw(text.to_owned()), |value| (&value).into())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let comma = |at: usize, out: &mut Vec<u8>| {
            if at > 0 {
                out.push(b',');
            }
        };
        match self {
            Self::Raw(text) => out.extend_from_slice(text.as_bytes()),
            Self::List(list) => {
                out.push(b'[');
                for (at, node) in list.iter().enumerate() {
                    comma(at, out);
                    node.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (at, (key, node)) in members.iter().enumerate() {
                    comma(at, out);
                    out.extend_from_slice(key.as_bytes());
                    out.push(b':');
                    node.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// How many nodes there are, this one included.
    fn count(&self) -> usize {
        1 + match self {
            Self::Raw(_) => 0,
            Self::List(list) => list.iter().map(Self::count).sum(),
            Self::Object(members) => members.iter().map(|(_, node)| node.count()).sum(),
        }
    }

    /// The node of this number, counted from the top.
    fn nth(&mut self, left: &mut usize) -> Option<&mut Self> {
        if *left == 0 {
            return Some(self);
        }
        *left -= 1;
        match self {
            Self::Raw(_) => None,
            Self::List(list) => list.iter_mut().find_map(|node| node.nth(left)),
            Self::Object(members) => members.iter_mut().find_map(|(_, node)| node.nth(left)),
        }
    }

    fn any(&mut self, random: &mut Random) -> Option<&mut Self> {
        let count = self.count();
        self.nth(&mut random.below(count))
    }

    /// A part of it, often a small one.
    pub(crate) fn part(&self, random: &mut Random) -> Self {
        let mut copy = self.clone();
        copy.any(random).map_or_else(|| Self::Raw("null".to_owned()), |node| node.clone())
    }

    /// A place in it becomes something else. `most` is how many bytes may be added at once.
    pub(crate) fn mutate(&mut self, random: &mut Random, donor: &Self, most: usize) {
        let kind = random.below(11);
        let Some(node) = self.any(random) else { return };
        match kind {
            0 => *node = Self::Raw((*random.pick(&WORDS)).to_owned()),
            1 => *node = donor.part(random),
            2 => node.nest(random),
            3 => node.grow(random, most),
            4 => node.sprinkle(random),
            5 => node.rename(random, donor),
            6 | 7 => node.lose(random),
            8 => node.repeat(random, most),
            9 => node.swap(random),
            _ => node.gain(random, donor),
        }
    }

    fn nest(&mut self, random: &mut Random) {
        // The scan refuses what lies deeper than 128.
        let depth = if random.one_in(4) { 100 + random.below(60) } else { 1 + random.below(4) };
        let list = random.one_in(2);
        for _ in 0..depth {
            let inner = std::mem::replace(self, Self::List(Vec::new()));
            *self = if list {
                Self::List(vec![inner])
            } else {
                Self::Object(vec![((*random.pick(&KEYS)).to_owned(), inner)])
            };
        }
    }

    fn grow(&mut self, random: &mut Random, most: usize) {
        let piece = *random.pick(&[
            "a",
            " ",
            "é",
            "\\n",
            "\\\"",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud83d",
            "{\\\"",
            "\\\\",
        ]);
        let times = 1 + random.below(most / piece.len());
        match self {
            Self::Raw(text) if text.ends_with('"') => {
                text.pop();
                text.push_str(&piece.repeat(times));
                text.push('"');
            }
            Self::Raw(text) if text.ends_with(|c: char| c.is_ascii_digit()) => {
                text.push_str(&"9".repeat(times.min(400)));
            }
            _ => *self = Self::Raw(format!("\"{}\"", piece.repeat(times))),
        }
    }

    /// Puts something odd into a string.
    fn sprinkle(&mut self, random: &mut Random) {
        let odd = *random.pick(&[
            "\\ud83d", "\\u0000", "\\n\\n", "\\\"", "\\\\", "\u{2028}", "😀", ":", "|", "cw_", "data: ",
        ]);
        if let Self::Raw(text) = self
            && text.len() >= 2
            && text.starts_with('"')
        {
            let mut at = 1 + random.below(text.len() - 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, odd);
        }
    }

    fn rename(&mut self, random: &mut Random, donor: &Self) {
        let Self::Object(members) = self else { return };
        let at = random.below(members.len());
        let Some((key, _)) = members.get_mut(at) else { return };
        *key = match (random.below(3), donor) {
            (0, Self::Object(others)) if !others.is_empty() => random.pick(others).0.clone(),
            (1, _) => key.to_uppercase(),
            _ => (*random.pick(&KEYS)).to_owned(),
        };
    }

    fn lose(&mut self, random: &mut Random) {
        match self {
            Self::List(list) if !list.is_empty() => drop(list.remove(random.below(list.len()))),
            Self::Object(members) if !members.is_empty() => drop(members.remove(random.below(members.len()))),
            _ => {}
        }
    }

    fn repeat(&mut self, random: &mut Random, most: usize) {
        let many = if random.one_in(8) { most / 64 } else { 3 };
        let times = 1 + random.below(many);
        match self {
            Self::List(list) if !list.is_empty() => {
                let at = random.below(list.len());
                let one = list[at].clone();
                let times = times.min(1 + most / one.count() / 8);
                list.splice(at..at, std::iter::repeat_n(one, times));
            }
            Self::Object(members) if !members.is_empty() => {
                let one = members[random.below(members.len())].clone();
                let times = times.min(1 + most / one.1.count() / 8);
                members.extend(std::iter::repeat_n(one, times));
            }
            _ => {}
        }
    }

    fn swap(&mut self, random: &mut Random) {
        match self {
            Self::List(list) if list.len() > 1 => {
                let (a, b) = (random.below(list.len()), random.below(list.len()));
                list.swap(a, b);
            }
            Self::Object(members) if members.len() > 1 => {
                let (a, b) = (random.below(members.len()), random.below(members.len()));
                let one = members[a].1.clone();
                members[a].1 = std::mem::replace(&mut members[b].1, one);
            }
            _ => {}
        }
    }

    fn gain(&mut self, random: &mut Random, donor: &Self) {
        match self {
            Self::List(list) => list.insert(random.below(list.len() + 1), donor.part(random)),
            Self::Object(members) => {
                let more = match donor {
                    Self::Object(others) if !others.is_empty() => random.pick(others).clone(),
                    _ => ((*random.pick(&KEYS)).to_owned(), donor.part(random)),
                };
                members.insert(random.below(members.len() + 1), more);
            }
            Self::Raw(_) => {}
        }
    }
}

/// Keys that mean something somewhere.
const KEYS: [&str; 40] = [
    "\"type\"",
    "\"index\"",
    "\"id\"",
    "\"name\"",
    "\"text\"",
    "\"content\"",
    "\"role\"",
    "\"delta\"",
    "\"error\"",
    "\"usage\"",
    "\"input\"",
    "\"output\"",
    "\"tools\"",
    "\"parts\"",
    "\"thought\"",
    "\"thoughtSignature\"",
    "\"functionCall\"",
    "\"function_call\"",
    "\"functionResponse\"",
    "\"inlineData\"",
    "\"tool_calls\"",
    "\"arguments\"",
    "\"finish_reason\"",
    "\"finishReason\"",
    "\"stop_reason\"",
    "\"encrypted_content\"",
    "\"summary\"",
    "\"signature\"",
    "\"refusal\"",
    "\"response\"",
    "\"item\"",
    "\"output_index\"",
    "\"call_id\"",
    "\"tool_use_id\"",
    "\"cache_control\"",
    "\"$ref\"",
    "\"properties\"",
    "\"\"",
    "\"\\ud800\"",
    "\"t\\u0079pe\"",
];
