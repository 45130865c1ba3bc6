//! What Gemini counts beyond the text of a body, and the answer of `countTokens`.

use bytes::Bytes;

use crate::estimate::Allowance;

/// A picture is cut into tiles of 258 tokens, of which the largest it is brought down to has two dozen.
pub const ALLOWANCE: Allowance = Allowance {
    image_bound: 8_192,
    image_typical: 1_100,
    tools_bound: 1_024,
    tools_typical: 100,
    client_tool_bound: 2_048,
    client_tool_typical: 500,
};

/// The body of `countTokens`' answer, where we answer in the upstream's place.
pub fn body(tokens: u64) -> Bytes {
    format!("{{\"totalTokens\":{tokens}}}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_geminis_shape() {
        assert_eq!(body(17), r#"{"totalTokens":17}"#);
    }
}
