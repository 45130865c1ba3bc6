//! Input tokens from the length of a body: a bound that holds, for strict budgets, and an estimate that is close,
//! for `count_tokens` where the upstream has none.
//!
//! The bound rests on this: a token of text stands for at least one byte of the body. Three things break that rule
//! and get an allowance: pictures (priced by size in pixels, and an empty picture compresses to nothing), the text
//! the provider adds when tools are given, and the longer text it adds for each tool of its own.

use bytes::Bytes;

/// What the length and the flags of a body say about its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Length of the whole body.
    pub body_bytes: u64,
    /// The part of it that is base64 of pictures and documents.
    pub media_bytes: u64,
    /// Pictures in it.
    pub images: u64,
    /// PDF documents in it.
    pub pdfs: u64,
    /// Any tools are given.
    pub tools: bool,
    /// Tools of the provider's own that the client runs.
    pub client_tools: u64,
}

/// Above the largest price of a picture (about 4,800 tokens at the highest resolution).
const IMAGE_BOUND: u64 = 8_192;
/// A picture at the usual resolution.
const IMAGE_TYPICAL: u64 = 1_600;
/// Text added for thinking, output formats and message framing.
const FRAME_BOUND: u64 = 256;
/// Text added when tools are given: a few hundred tokens, by model.
const TOOLS_BOUND: u64 = 2_048;
const TOOLS_TYPICAL: u64 = 350;
/// Text added for each of the provider's own tools: up to about 750 tokens.
const CLIENT_TOOL_BOUND: u64 = 2_048;
const CLIENT_TOOL_TYPICAL: u64 = 500;
/// Bytes of a PDF in base64 to one token: about 60 KB a page, 2,400 tokens a page.
const PDF_BYTES: u64 = 25;

/// Input tokens that a body without references cannot exceed.
pub const fn input_token_bound(content: &Content) -> u64 {
    let tools = if content.tools { TOOLS_BOUND } else { 0 };
    content.body_bytes
        + FRAME_BOUND
        + tools
        + content.images * IMAGE_BOUND
        + content.client_tools * CLIENT_TOOL_BOUND
}

/// Input tokens as they will roughly be: two tokens to seven bytes of JSON (prose has fewer, code and other scripts
/// more), pictures and documents by themselves. Within a quarter of the truth for English and code; content by
/// reference is not in it.
pub fn input_tokens(content: &Content) -> u64 {
    let text = content.body_bytes.saturating_sub(content.media_bytes);
    let tools = if content.tools { TOOLS_TYPICAL } else { 0 };
    let media = content.images + content.pdfs;
    let pdf_bytes = content.media_bytes.checked_div(media).unwrap_or(0) * content.pdfs;
    (text * 2).div_ceil(7)
        + tools
        + content.images * IMAGE_TYPICAL
        + content.client_tools * CLIENT_TOOL_TYPICAL
        + pdf_bytes / PDF_BYTES
}

/// The body of `count_tokens`' answer, where we answer in the upstream's place.
pub fn body(tokens: u64) -> Bytes {
    format!("{{\"input_tokens\":{tokens}}}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_never_below_the_estimate() {
        for images in 0..3 {
            for client_tools in 0..3 {
                for body_bytes in [2, 120, 50_000, 4_000_000] {
                    let content = Content {
                        body_bytes,
                        images,
                        client_tools,
                        tools: client_tools > 0,
                        ..Content::default()
                    };
                    assert!(input_token_bound(&content) >= input_tokens(&content), "{content:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_has_anthropics_shape() {
        assert_eq!(body(17), r#"{"input_tokens":17}"#);
    }

    #[test]
    fn a_picture_counts_by_itself_and_not_by_its_bytes() {
        let content =
            Content { body_bytes: 1_000_700, media_bytes: 1_000_000, images: 1, ..Content::default() };
        assert_eq!(input_tokens(&content), 1_800);
    }
}
