//! Suffixes as they are read, and as they are written in each dialect.

use super::*;
use serde_json::{Value, json};

#[test]
fn a_suffix_is_a_level_a_number_or_left_to_the_model() {
    for (name, wanted) in [
        ("m(high)", Amount::Level(Effort::High)),
        ("m(LOW)", Amount::Level(Effort::Low)),
        ("m(xhigh)", Amount::Level(Effort::XHigh)),
        ("m(none)", Amount::Level(Effort::None)),
        ("m(0)", Amount::Level(Effort::None)),
        ("m(8192)", Amount::Budget(8192)),
        ("m(1000000)", Amount::Budget(1_000_000)),
        ("m(Auto)", Amount::Own),
    ] {
        assert_eq!(split(name), Ok(Some(("m", wanted))), "{name}");
    }
    assert_eq!(split("gpt-5.1"), Ok(None));
    assert_eq!(split(""), Ok(None));
}

#[test]
fn what_is_nearly_a_suffix_is_told_apart() {
    for name in [
        "m()",
        "m(",
        "m)",
        "m(high",
        "mhigh)",
        "(high)",
        "m (high)",
        "m(high) ",
        "m( high)",
        "m(high)(low)",
        "m((high))",
        "m(1000001)",
        "m(-1)",
        "m(1.5)",
        "m(99999999999999999999999)",
        "m(much)",
        "m(high)x",
        "m(８)",
    ] {
        assert_eq!(split(name), Err(BadSuffix), "{name}");
    }
    assert!(BadSuffix.to_string().contains("medium"));
}

/// What becomes of a body.
fn with(dialect: Dialect, body: &Value, amount: Amount, model: &str) -> Value {
    let most = body.get("max_tokens").and_then(Value::as_u64);
    let edited = apply(dialect, Bytes::from(body.to_string()), amount, (model, most)).unwrap();
    serde_json::from_slice(&edited).unwrap()
}

const HIGH: Amount = Amount::Level(Effort::High);
const NONE: Amount = Amount::Level(Effort::None);

#[test]
fn it_counts_more_than_what_the_body_says_and_leaves_the_rest() {
    let chat = |body: Value, amount| with(Dialect::OpenaiChat, &body, amount, "gpt-5.1");
    assert_eq!(
        chat(json!({"model": "m", "reasoning_effort": "low", "x": 1}), HIGH),
        json!({"model": "m", "reasoning_effort": "high", "x": 1})
    );
    assert_eq!(chat(json!({}), Amount::Budget(8192)), json!({"reasoning_effort": "medium"}));
    assert_eq!(chat(json!({}), NONE), json!({"reasoning_effort": "none"}));
    assert_eq!(chat(json!({}), Amount::Level(Effort::Max)), json!({"reasoning_effort": "xhigh"}));
    assert_eq!(chat(json!({"reasoning_effort": "low", "x": 1}), Amount::Own), json!({"x": 1}));

    let responses = |body: Value, amount| with(Dialect::OpenaiResponses, &body, amount, "gpt-5.1");
    assert_eq!(
        responses(json!({"reasoning": {"effort": "low", "summary": "auto"}}), HIGH),
        json!({"reasoning": {"effort": "high", "summary": "auto"}})
    );
    assert_eq!(responses(json!({"reasoning": null}), HIGH), json!({"reasoning": {"effort": "high"}}));
    assert_eq!(responses(json!({"reasoning": {"effort": "low"}, "x": 1}), Amount::Own), json!({"x": 1}));
}

#[test]
fn claude_is_asked_in_the_way_of_its_generation() {
    let claude = |body: Value, amount, model| with(Dialect::Anthropic, &body, amount, model);
    let (older, later) = ("claude-haiku-4-5", "claude-opus-4-7");
    let body =
        json!({"max_tokens": 32_000, "temperature": 0.2, "top_k": 5, "thinking": {"type": "disabled"}});
    assert_eq!(
        claude(body.clone(), HIGH, older),
        json!({"max_tokens": 32_000, "thinking": {"type": "enabled", "budget_tokens": 24_576}})
    );
    assert_eq!(
        claude(body.clone(), Amount::Budget(8192), older)["thinking"],
        json!({"type": "enabled", "budget_tokens": 8192})
    );
    assert_eq!(
        claude(body, HIGH, later),
        json!({"max_tokens": 32_000, "output_config": {"effort": "high"}, "thinking": {"type": "adaptive"}})
    );
    let own = json!({"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 5000, "display": "summarized"},
        "output_config": {"effort": "low", "format": {"type": "json"}}});
    assert_eq!(
        claude(own.clone(), Amount::Budget(1024), later),
        json!({"max_tokens": 9000, "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "low", "format": {"type": "json"}}})
    );
    assert_eq!(claude(own.clone(), Amount::Own, later)["output_config"], json!({"format": {"type": "json"}}));
    for model in [older, later] {
        assert_eq!(
            claude(own.clone(), NONE, model),
            json!({"max_tokens": 9000, "output_config": {"format": {"type": "json"}}})
        );
    }
}

#[test]
fn claude_keeps_room_for_an_answer() {
    let claude = |max: u64, amount| {
        with(Dialect::Anthropic, &json!({"max_tokens": max}), amount, "claude-haiku-4-5")["thinking"].clone()
    };
    assert_eq!(claude(5000, HIGH), json!({"type": "enabled", "budget_tokens": 4000}));
    assert_eq!(claude(2000, Amount::Budget(5)), json!({"type": "enabled", "budget_tokens": 1024}));
    assert_eq!(claude(1279, HIGH), Value::Null, "there would be none");
}

#[test]
fn gemini_takes_a_budget_or_a_level_and_either_spelling() {
    let gemini = |body: Value, amount, model| with(Dialect::Gemini, &body, amount, model);
    let config = json!({"generationConfig": {"temperature": 1, "thinkingConfig": {"includeThoughts": true, "thinkingBudget": 5}}});
    assert_eq!(
        gemini(config.clone(), Amount::Budget(8192), "gemini-2.5-flash"),
        json!({"generationConfig": {"temperature": 1, "thinkingConfig": {"includeThoughts": true, "thinkingBudget": 8192}}})
    );
    assert_eq!(
        gemini(config, HIGH, "gemini-3-pro-preview"),
        json!({"generationConfig": {"temperature": 1, "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "high"}}})
    );
    assert_eq!(
        gemini(json!({"contents": []}), NONE, "gemini-2.5-flash"),
        json!({"contents": [], "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}})
    );
    let snake = json!({"generation_config": {"thinking_config": {"thinking_budget": 5}}});
    assert_eq!(
        gemini(snake, HIGH, "gemini-3-flash"),
        json!({"generation_config": {"thinking_config": {"thinkingLevel": "high"}}})
    );
    let own = json!({"generationConfig": {"thinkingConfig": {"thinkingLevel": "low"}}, "x": 1});
    assert_eq!(gemini(own, Amount::Own, "gemini-3-flash"), json!({"x": 1}));
}

#[test]
fn every_other_byte_stays_as_it_is() {
    let body = Bytes::from_static(b"{ \"x\" : 1.50e0,\t\"model\" : \"a\\u0062\" }\n");
    let edited = apply(Dialect::OpenaiChat, body, HIGH, ("m", None)).unwrap();
    assert_eq!(&edited[..], b"{\"x\" : 1.50e0,\"model\" : \"a\\u0062\",\"reasoning_effort\":\"high\"}\n");
}
