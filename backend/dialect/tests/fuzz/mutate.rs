//! From a sample to bytes that are nearly right: a few changes of its documents, some more of how they are framed, and now
//! and then of the bytes themselves.

use causeway_dialect::Dialect;
use causeway_dialect::framing::Framing;

use super::json::Node;
use super::random::Random;

/// The documents of one input: a body, or the events of a stream.
pub(crate) type Sample = Vec<Node>;

/// The input as it goes in.
pub(crate) fn bytes_of(sample: &Sample, dialect: Dialect, framing: Framing) -> Vec<u8> {
    let mut out = Vec::new();
    frame(sample, dialect, framing, &Style::default(), &mut out);
    out
}

/// Changes the sample, and gives the bytes of it. `most` bounds what grows.
pub(crate) fn mutated(
    sample: &mut Sample,
    donors: &[Sample],
    (dialect, framing): (Dialect, Framing),
    random: &mut Random,
    most: usize,
) -> Vec<u8> {
    for _ in 0..1 + random.below(5) {
        let donor = random.pick(donors);
        change(sample, donor, framing, random, most);
    }
    let style = if framing == Framing::Events { Style::any(random) } else { Style::default() };
    let mut out = Vec::new();
    frame(sample, dialect, framing, &style, &mut out);
    if random.one_in(4) {
        for _ in 0..1 + random.below(3) {
            change_bytes(&mut out, random, most);
        }
    }
    out.truncate(most * 2);
    out
}

fn change(sample: &mut Sample, donor: &Sample, framing: Framing, random: &mut Random, most: usize) {
    let other = if donor.is_empty() { Node::Raw("{}".to_owned()) } else { random.pick(donor).clone() };
    let kind = if framing == Framing::Body || sample.len() < 2 { 9 } else { random.below(12) };
    let at = random.below(sample.len());
    match kind {
        0 => drop(sample.remove(at)),
        1 => {
            let many = if random.one_in(16) { most / 256 } else { 4 };
            let one = sample[at].clone();
            let times = 1 + random.below(many);
            sample.splice(at..at, std::iter::repeat_n(one, times));
        }
        2 => {
            let to = random.below(sample.len());
            sample.swap(at, to);
        }
        3 => sample.truncate(at),
        4 => sample.insert(at, other),
        _ => {
            if let Some(node) = sample.get_mut(at) {
                node.mutate(random, &other, most);
            }
        }
    }
}

/// How events are written.
#[derive(Default)]
struct Style {
    crlf: bool,
    no_space: bool,
    no_names: bool,
    comments: bool,
    mark: bool,
    no_last_line: bool,
}

impl Style {
    fn any(random: &mut Random) -> Self {
        Self {
            crlf: random.one_in(8),
            no_space: random.one_in(16),
            no_names: random.one_in(8),
            comments: random.one_in(16),
            mark: random.one_in(32),
            no_last_line: random.one_in(16),
        }
    }
}

fn frame(sample: &Sample, dialect: Dialect, framing: Framing, style: &Style, out: &mut Vec<u8>) {
    match framing {
        Framing::Body => sample.iter().for_each(|node| node.write(out)),
        Framing::Array => {
            for (at, node) in sample.iter().enumerate() {
                out.extend_from_slice(if at == 0 { b"[" } else { b",\n" });
                node.write(out);
            }
            out.push(b']');
        }
        Framing::Events => {
            let end: &[u8] = if style.crlf { b"\r\n" } else { b"\n" };
            if style.mark {
                out.extend_from_slice(b"\xef\xbb\xbf");
            }
            for node in sample {
                if style.comments {
                    out.extend_from_slice(b": ping");
                    out.extend_from_slice(end);
                }
                if !style.no_names
                    && matches!(dialect, Dialect::Anthropic | Dialect::OpenaiResponses)
                    && let Some(name) = name(node)
                {
                    out.extend_from_slice(b"event: ");
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(end);
                }
                out.extend_from_slice(if style.no_space { b"data:" } else { b"data: " });
                node.write(out);
                out.extend_from_slice(end);
                out.extend_from_slice(end);
            }
            if style.no_last_line {
                out.truncate(out.len().saturating_sub(end.len()));
            }
        }
    }
}

fn name(node: &Node) -> Option<&str> {
    let Node::Object(members) = node else { return None };
    let (_, kind) = members.iter().find(|(key, _)| key == "\"type\"")?;
    let Node::Raw(text) = kind else { return None };
    text.strip_prefix('"')?.strip_suffix('"')
}

fn change_bytes(out: &mut Vec<u8>, random: &mut Random, most: usize) {
    let at = random.below(out.len() + 1);
    let end = at + random.below((out.len() - at + 1).min(64));
    match random.below(8) {
        0 => {
            if let Some(byte) = out.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => out.truncate(at),
        2 => drop(out.drain(at..end)),
        3 => {
            let piece = out[at..end].to_vec();
            let many = if random.one_in(16) { most / 64 } else { 3 };
            let times = 1 + random.below(many);
            insert(out, at, &piece.repeat(times));
        }
        4 => {
            let depth = 1 + random.below(400);
            insert(out, at, random.pick(&["[", "{\"a\":", "[{\"parts\":"]).repeat(depth).as_bytes());
        }
        5 => {
            let odd: [&[u8]; 5] = [b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98"];
            insert(out, at, random.pick::<&[u8]>(&odd));
        }
        6 => {
            let odd: [&[u8]; 8] =
                [b"\n\n", b"\r", b"data: ", b"event: error\n", b"data: [DONE]\n\n", b"\0", b"\"", b"\\"];
            insert(out, at, random.pick::<&[u8]>(&odd));
        }
        _ => {
            let piece: Vec<u8> = (0..random.below(16)).map(|_| random.next().to_le_bytes()[0]).collect();
            insert(out, at, &piece);
        }
    }
}

fn insert(out: &mut Vec<u8>, at: usize, piece: &[u8]) {
    out.splice(at..at, piece.iter().copied());
}
