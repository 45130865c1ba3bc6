//! What Anthropic counts beyond the text of a body, and the answer of `count_tokens`.

use bytes::Bytes;

use crate::estimate::Allowance;

/// Pictures cost up to about 4,800 tokens at the highest resolution, tools a few hundred by model, each of the
/// provider's own tools up to about 750.
pub const ALLOWANCE: Allowance = Allowance {
    image_bound: 8_192,
    image_typical: 1_600,
    tools_bound: 2_048,
    tools_typical: 350,
    client_tool_bound: 2_048,
    client_tool_typical: 500,
};

/// The body of `count_tokens`' answer, where we answer in the upstream's place.
pub fn body(tokens: u64) -> Bytes {
    format!("{{\"input_tokens\":{tokens}}}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_anthropics_shape() {
        assert_eq!(body(17), r#"{"input_tokens":17}"#);
    }
}
