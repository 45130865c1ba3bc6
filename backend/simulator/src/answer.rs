//! Drawing up an answer: ids, figures and blocks, all from the seed. How it is written is for the dialects.
//!
//! Two promises that reservations rely on: input figures together never exceed the bytes of the request, and output
//! never exceeds `max_tokens`, which it only meets where a script says so. (A script may choose input figures that break
//! the first.)

use std::ops::Range;

use crate::{
    draw::Draw,
    ledger::Tokens,
    script::{ChosenTokens, Script, Shape},
};

/// One answer, before it is written as JSON or played as a stream.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) message_id: String,
    /// As JSON, quotes included.
    pub(crate) model: String,
    pub(crate) tokens: Tokens,
    /// The part of the output that was thinking, for dialects that count it.
    pub(crate) reasoning: u64,
    pub(crate) stop_reason: &'static str,
    pub(crate) blocks: Vec<Block>,
    pub(crate) text_bytes: Option<usize>,
    /// The tier it says it was served at.
    pub(crate) tier: String,
    /// Makes texts differ; has nothing to do with the figures.
    pub(crate) flavour: u64,
    /// Its text is JSON.
    pub(crate) json: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    /// Content deltas in a stream.
    pub(crate) deltas: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Thinking,
    Text,
    Tool { id: String, name: String },
}

/// What a request insists on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    #[default]
    Free,
    /// Text in JSON: the same as a tool's input, whatever the schema.
    Json,
    /// A call of a tool, and nothing said before it.
    Call,
}

/// What the request says about the answer wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) seq: u64,
    pub(crate) model: &'a str,
    pub(crate) max_tokens: u64,
    pub(crate) body_bytes: u64,
    pub(crate) thinks: bool,
    pub(crate) tool: Option<String>,
    pub(crate) form: Form,
}

impl Answer {
    pub(crate) fn draw(seed: u64, draw: &mut Draw, wanted: Wanted<'_>, script: &Script) -> Self {
        let tokens = tokens(draw, &wanted, script);
        let shape = script.shape.unwrap_or(if wanted.thinks { Shape::Thinking } else { Shape::Text });
        let called = wanted.form == Form::Call && script.shape.is_none();
        let kinds = kinds(if called { None } else { Some(shape) }, wanted.seq, wanted.tool);
        let blocks = blocks(kinds, script.events.unwrap_or(12));
        let calls_tool = blocks.iter().any(|block| matches!(block.kind, BlockKind::Tool { .. }));
        let stop_reason = match () {
            () if tokens.output == wanted.max_tokens => "max_tokens",
            () if calls_tool => "tool_use",
            () => "end_turn",
        };
        let flavour = draw.next();
        let thought = blocks.iter().any(|block| block.kind == BlockKind::Thinking);
        let reasoning = script.tokens.reasoning.unwrap_or(tokens.output * (1 + flavour % 5) / 8);
        Self {
            message_id: format!("msg_sim_{:08x}{:012x}", (seed ^ (seed >> 32)) as u32, wanted.seq),
            model: serde_json::Value::from(wanted.model).to_string(),
            tokens,
            reasoning: if thought { reasoning.min(tokens.output) } else { 0 },
            stop_reason,
            blocks,
            text_bytes: script.text_bytes,
            tier: script.tier.clone().unwrap_or_else(|| "standard".to_owned()),
            flavour,
            json: wanted.form == Form::Json,
        }
    }

    /// The same for a provider that does not tell what was written to caches: there it is input like any other. Input
    /// that a script chose stays what it chose.
    pub(crate) fn without_cache_writes(mut self, chosen: &ChosenTokens) -> Self {
        let Tokens { input, cache_write_5m, cache_write_1h, .. } = self.tokens;
        let written = match chosen.input {
            Some(_) => chosen.cache_write_5m.unwrap_or(0) + chosen.cache_write_1h.unwrap_or(0),
            None => cache_write_5m + cache_write_1h,
        };
        self.tokens = Tokens { input: input + written, cache_write_5m: 0, cache_write_1h: 0, ..self.tokens };
        self
    }

    /// The model's name as it is.
    pub(crate) fn model(&self) -> String {
        serde_json::from_str(&self.model).unwrap_or_default()
    }

    /// What content delta `n` of a block says.
    pub(crate) fn piece(&self, block: usize, n: u32) -> String {
        let Block { kind, deltas } = &self.blocks[block];
        match (kind, self.text_bytes) {
            (BlockKind::Tool { .. }, _) | (BlockKind::Text, None) if self.is_json(kind) => {
                let part = share(TOOL_INPUT.chars().count(), n, *deltas);
                TOOL_INPUT.chars().skip(part.start).take(part.len()).collect()
            }
            (BlockKind::Text, Some(bytes)) => filler(share(bytes, n, *deltas)).collect(),
            _ => serde_json::from_str(&format!("\"{}\"", word(self.flavour, n))).unwrap_or_default(),
        }
    }

    fn is_json(&self, kind: &BlockKind) -> bool {
        self.json || matches!(kind, BlockKind::Tool { .. })
    }

    /// All that a block says; of a tool call the whole input, in however few deltas it came.
    pub(crate) fn said(&self, block: usize) -> String {
        match self.blocks[block].kind {
            BlockKind::Tool { .. } => TOOL_INPUT.to_owned(),
            _ => (0..self.blocks[block].deltas).map(|n| self.piece(block, n)).collect(),
        }
    }

    /// What has been generated when `done` of `of` content deltas are out.
    pub(crate) fn generated(&self, done: u32, of: u32) -> Tokens {
        let share = (self.tokens.output * u64::from(done)).div_ceil(u64::from(of.max(1)));
        self.tokens.with_output(share)
    }
}

/// Part `n` of `parts` even parts of `whole`; borders fall wherever they fall, inside escapes too.
pub(crate) fn share(whole: usize, n: u32, parts: u32) -> Range<usize> {
    let border = |n: u32| whole * n as usize / parts.max(1) as usize;
    border(n)..border(n + 1)
}

/// A word of answer text, as JSON text without quotes. Several scripts and planes, so that chunk borders meet
/// characters of one to four bytes.
pub(crate) fn word(flavour: u64, n: u32) -> &'static str {
    const WORDS: [&str; 12] = [
        "Water ",
        "finds ",
        "its ",
        "way ",
        "über ",
        "stepping ",
        "stones, ",
        "水到渠成",
        " naïve ",
        "🦀 ",
        "back\\\\slash ",
        "a \\\"quoted\\\" word\\n",
    ];
    WORDS[(flavour.rotate_left(n * 5) % WORDS.len() as u64) as usize]
}

const FILLER: &str = "All work and no play makes a long answer. ";

/// Part of a text of any length.
pub(crate) fn filler(part: Range<usize>) -> impl Iterator<Item = char> {
    FILLER.chars().cycle().skip(part.start % FILLER.len()).take(part.len())
}

/// Looks like a signature: base64 with its awkward characters.
pub(crate) const SIGNATURE: &str =
    "EqQBCkgIARABGAIiQL8x+/Sim9uF0/Kc4vQ7Zr2m1Yb+o5sJ6pHd8wTg3nXkEaLqUe1RfVcBtYhSiM0w==";

/// The input of every tool call.
pub(crate) const TOOL_INPUT: &str =
    r#"{"city":"Zürich","days":3,"note":"said \"maybe\" \\ 東京 🗼","nested":{"list":[1,2.5,null,true]}}"#;

fn tokens(draw: &mut Draw, wanted: &Wanted<'_>, script: &Script) -> Tokens {
    let total = 1 + draw.below((wanted.body_bytes * 3 / 4).max(1));
    // About half of all requests use a cache, and not always all of its buckets.
    let cached = if draw.chance(50) { draw.below(total) } else { 0 };
    let cache_read = draw.below(cached + 1);
    let cache_write_5m = draw.below(cached - cache_read + 1);
    let cache_write_1h = draw.below(cached - cache_read - cache_write_5m + 1);
    let input = total - cache_read - cache_write_5m - cache_write_1h;
    // Below the limit, where there is room: who meets it is told that the answer is cut off, and that is for scripts to say.
    let output = 1 + draw.below(wanted.max_tokens.saturating_sub(1).min(LONGEST));
    let chosen = &script.tokens;
    Tokens {
        input: chosen.input.unwrap_or(input),
        output: chosen.output.unwrap_or(output).min(wanted.max_tokens),
        cache_read: chosen.cache_read.unwrap_or(cache_read),
        cache_write_5m: chosen.cache_write_5m.unwrap_or(cache_write_5m),
        cache_write_1h: chosen.cache_write_1h.unwrap_or(cache_write_1h),
    }
}

/// The longest answer, in tokens.
const LONGEST: u64 = 1500;

/// What an answer consists of: the blocks of a shape, or a call alone.
fn kinds(shape: Option<Shape>, seq: u64, tool: Option<String>) -> Vec<BlockKind> {
    let tool = tool.unwrap_or_else(|| "get_weather".to_owned());
    let call = |n: u32| BlockKind::Tool { id: format!("toolu_sim_{seq:012x}{n:02x}"), name: tool.clone() };
    match shape {
        None => vec![call(0)],
        Some(Shape::Text) => vec![BlockKind::Text],
        Some(Shape::Thinking) => vec![BlockKind::Thinking, BlockKind::Text],
        Some(Shape::Tools) => vec![BlockKind::Text, call(0)],
        Some(Shape::Full) => vec![BlockKind::Thinking, BlockKind::Text, call(0), call(1)],
    }
}

fn blocks(kinds: Vec<BlockKind>, deltas: u32) -> Vec<Block> {
    let share = deltas / kinds.len() as u32;
    let rest = deltas - share * kinds.len() as u32;
    let last = kinds.len() - 1;
    let deltas = |at: usize| if at == last { share + rest } else { share };
    kinds.into_iter().enumerate().map(|(at, kind)| Block { kind, deltas: deltas(at) }).collect()
}

#[cfg(test)]
mod tests;
