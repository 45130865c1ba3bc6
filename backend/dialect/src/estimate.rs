//! Input tokens from the length of a body: a bound that holds, for strict budgets, and an estimate that is close,
//! for counting tokens where the upstream cannot.
//!
//! The bound rests on this: a token of text stands for at least one byte of the body. Three things break that rule
//! and get an allowance, which every dialect sets for itself: pictures (priced by size in pixels, and an empty picture
//! compresses to nothing), the text the provider adds when tools are given, and the longer text it adds for each
//! tool of its own.

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

/// Tokens that a provider counts beyond the text of a body.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Above the largest price of a picture.
    pub image_bound: u64,
    /// A picture at the usual resolution.
    pub image_typical: u64,
    /// Text added when tools are given, at most and usually.
    pub tools_bound: u64,
    /// The same, usually.
    pub tools_typical: u64,
    /// Text added for each of the provider's own tools, at most.
    pub client_tool_bound: u64,
    /// The same, usually.
    pub client_tool_typical: u64,
}

/// Text added for thinking, output formats and message framing.
const FRAME_BOUND: u64 = 256;
/// Bytes of a PDF in base64 to one token: about 60 KB a page, 2,400 tokens a page.
const PDF_BYTES: u64 = 25;

/// Input tokens that a body without references cannot exceed.
pub const fn input_token_bound(content: &Content, allowance: &Allowance) -> u64 {
    let tools = if content.tools { allowance.tools_bound } else { 0 };
    content.body_bytes
        + FRAME_BOUND
        + tools
        + content.images * allowance.image_bound
        + content.client_tools * allowance.client_tool_bound
}

/// Input tokens as they will roughly be: two tokens to seven bytes of JSON (prose has fewer, code and other scripts
/// more), pictures and documents by themselves. Within a quarter of the truth for English and code; content by
/// reference is not in it.
pub fn input_tokens(content: &Content, allowance: &Allowance) -> u64 {
    let text = content.body_bytes.saturating_sub(content.media_bytes);
    let tools = if content.tools { allowance.tools_typical } else { 0 };
    let media = content.images + content.pdfs;
    let pdf_bytes = content.media_bytes.checked_div(media).unwrap_or(0) * content.pdfs;
    (text * 2).div_ceil(7)
        + tools
        + content.images * allowance.image_typical
        + content.client_tools * allowance.client_tool_typical
        + pdf_bytes / PDF_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{anthropic, gemini, openai};

    const ALL: [Allowance; 3] =
        [anthropic::estimate::ALLOWANCE, openai::estimate::ALLOWANCE, gemini::estimate::ALLOWANCE];

    #[test]
    fn the_bound_is_never_below_the_estimate() {
        for allowance in ALL {
            for images in 0..3 {
                for client_tools in 0..3 {
                    for body_bytes in [2, 120, 50_000, 4_000_000] {
                        let tools = client_tools > 0;
                        let content =
                            Content { body_bytes, images, client_tools, tools, ..Content::default() };
                        let bound = input_token_bound(&content, &allowance);
                        assert!(bound >= input_tokens(&content, &allowance), "{content:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_picture_counts_by_itself_and_not_by_its_bytes() {
        let content =
            Content { body_bytes: 1_000_700, media_bytes: 1_000_000, images: 1, ..Content::default() };
        assert_eq!(input_tokens(&content, &anthropic::estimate::ALLOWANCE), 1_800);
    }
}
