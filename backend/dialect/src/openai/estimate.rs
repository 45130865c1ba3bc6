//! What OpenAI counts beyond the text of a body, and the answer of its token counter.

use bytes::Bytes;

use crate::estimate::Allowance;

/// The small models of one family bill a picture of eight tiles at 48,169 tokens so that it costs what it costs on
/// the large ones; most others stay below 2,000.
pub const ALLOWANCE: Allowance = Allowance {
    image_bound: 49_152,
    image_typical: 1_100,
    tools_bound: 1_024,
    tools_typical: 100,
    client_tool_bound: 2_048,
    client_tool_typical: 500,
};

/// The body of `/responses/input_tokens`' answer, where we answer in the upstream's place.
pub fn body(tokens: u64) -> Bytes {
    format!("{{\"object\":\"response.input_tokens\",\"input_tokens\":{tokens}}}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_openais_shape() {
        assert_eq!(body(17), r#"{"object":"response.input_tokens","input_tokens":17}"#);
    }
}
