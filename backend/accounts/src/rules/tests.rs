//! What providers have been seen to say, and the row that it belongs to.

use super::*;
use causeway_domain::provider::Provider;

fn row(status: u16, kind: &str, message: &str) -> Row {
    row_at(Provider::ANTHROPIC, status, kind, message)
}

fn row_at(provider: Provider, status: u16, kind: &str, message: &str) -> Row {
    let refusal = Refusal { status, kind, message: &message.to_lowercase(), html: message.starts_with('<') };
    let preset = crate::Catalogue::shipped().unwrap().get(provider).unwrap();
    preset.row(&refusal).unwrap_or(Row::by_status(status, false))
}

#[test]
fn the_files_of_rules_are_whole_and_in_lower_case() {
    for set in RuleSet::ALL {
        assert!(!set.rules().is_empty(), "{set:?}");
        for rule in set.rules() {
            let words = rule.kinds.iter().chain(&rule.messages);
            assert!(words.clone().all(|word| *word == word.to_lowercase()), "{rule:?}");
            let bounded = rule.html || words.count() > 0;
            assert!(bounded && !rule.statuses.is_empty(), "{rule:?}");
        }
    }
}

#[test]
fn other_providers_have_words_of_their_own() {
    let seen = [
        (Provider::OPENAI, 429, "insufficient_quota insufficient_quota", "You exceeded", Row::BalanceUsedUp),
        (Provider::OPENAI, 401, "invalid_request_error account_deactivated", "x", Row::AccountRefused),
        (Provider::CODEX, 429, "usage_limit_reached ", "The usage limit has been reached", Row::LimitedUntil),
        (Provider::OPENAI, 503, "server_error ", "Slow down", Row::Overloaded),
        (
            Provider::GEMINI,
            400,
            "invalid_argument",
            "API key not valid. Please pass a valid API key.",
            Row::BadCredential,
        ),
        (Provider::GEMINI, 503, "unavailable", "The model is overloaded.", Row::Overloaded),
        (
            Provider::VERTEX,
            404,
            "not_found",
            "Publisher Model `x` was not found or your project does not have access to it.",
            Row::ModelUnavailable,
        ),
        (
            Provider::VERTEX,
            403,
            "permission_denied",
            "Vertex AI API has not been used in project 1 before or it is disabled.",
            Row::AccountRefused,
        ),
        (
            Provider::BEDROCK,
            403,
            "unrecognizedclientexception",
            "The security token included in the request is invalid.",
            Row::BadCredential,
        ),
        (
            Provider::BEDROCK,
            403,
            "accessdeniedexception",
            "You don't have access to the model with the specified model ID.",
            Row::ModelUnavailable,
        ),
        (Provider::BEDROCK, 429, "throttlingexception", "Too many requests", Row::Limited),
        (Provider::BEDROCK, 424, "modelerrorexception", "x", Row::ProviderError),
        (Provider::BEDROCK, 400, "validationexception", "messages: field required", Row::CallersFault),
    ];
    for (provider, status, kind, message, expected) in seen {
        assert_eq!(
            row_at(provider, status, kind, message),
            expected,
            "{provider} {status} {kind}: {message}"
        );
    }
}

#[test]
fn each_refusal_that_a_rule_knows_goes_to_its_row_whatever_its_status_says() {
    let seen = [
        (403, "", "<!DOCTYPE html><title>Just a moment...</title>", Row::Challenge),
        (503, "", "<html><body>Attention Required!</body></html>", Row::Challenge),
        (403, "forbidden", "Request not allowed", Row::Challenge),
        (
            403,
            "unsupported_country_region_territory",
            "Country, region, or territory not supported",
            Row::Challenge,
        ),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API",
            Row::BalanceUsedUp,
        ),
        (402, "billing_error", "There is a problem with your billing", Row::BalanceUsedUp),
        (429, "insufficient_quota", "You exceeded your current quota", Row::BalanceUsedUp),
        (402, "", "Insufficient Balance", Row::BalanceUsedUp),
        (
            400,
            "invalid_request_error",
            "messages.1.content.0: Invalid `signature` in `thinking` block",
            Row::ForeignThinking,
        ),
        (
            400,
            "invalid_request_error",
            "thinking blocks: signature verification failed",
            Row::ForeignThinking,
        ),
        (400, "invalid_request_error", "This organization has been disabled.", Row::AccountRefused),
        (
            403,
            "permission_error",
            "OAuth authentication is currently not allowed for this organization.",
            Row::AccountRefused,
        ),
        (
            404,
            "not_found_error",
            "The model `claude-x` does not exist or you do not have access to it.",
            Row::ModelUnavailable,
        ),
        (
            400,
            "invalid_request_error",
            "model claude-x is not available for your account",
            Row::ModelUnavailable,
        ),
        (
            403,
            "permission_error",
            "Your team does not have access to the model claude-x",
            Row::ModelUnavailable,
        ),
        (403, "permission_error", "This request violates our usage policy", Row::CallersFault),
        (503, "overloaded_error", "try again", Row::Overloaded),
        (500, "api_error", "The server is overloaded", Row::Overloaded),
    ];
    for (status, kind, message, expected) in seen {
        assert_eq!(row(status, kind, message), expected, "{status} {kind}: {message}");
    }
}

#[test]
fn words_of_the_callers_that_a_400_quotes_make_no_account_rest() {
    for quoted in [
        "messages.0.content.0: Input tag 'insufficient balance' found using 'type' does not match any of the expected tags",
        "tools.0.name: 'account has been disabled' is not valid",
        "metadata: 'the model x is not available to you' is too long",
        "system: unsupported country",
    ] {
        assert_eq!(row(400, "invalid_request_error", quoted), Row::CallersFault, "{quoted}");
    }
}

#[test]
fn what_no_rule_knows_goes_by_its_status() {
    let by_status = [
        (400, Row::CallersFault),
        (401, Row::BadCredential),
        (402, Row::AccountRefused),
        (403, Row::Forbidden),
        (404, Row::CallersFault),
        (408, Row::ProviderError),
        (409, Row::CallersFault),
        (413, Row::CallersFault),
        (422, Row::CallersFault),
        (429, Row::Limited),
        (500, Row::ProviderError),
        (502, Row::ProviderError),
        (503, Row::ProviderError),
        (504, Row::ProviderError),
        (520, Row::ProviderError),
        (529, Row::Overloaded),
    ];
    for (status, expected) in by_status {
        assert_eq!(row(status, "some_error", "something went wrong"), expected, "{status}");
    }
    assert_eq!(Row::by_status(429, true), Row::LimitedUntil);
    assert_eq!(row(404, "not_found_error", "model: claude-typo"), Row::CallersFault);
}

#[test]
fn a_row_is_found_again_by_how_it_is_stored() {
    for row in Row::ALL {
        assert_eq!(Row::stored(row.as_str()), Some(row));
    }
}

#[test]
fn the_parts_of_a_pattern_must_come_in_their_order() {
    assert!(holds("invalid `signature` in `thinking` block", "invalid*signature*thinking"));
    assert!(!holds("thinking about an invalid signature", "invalid*signature*thinking"));
}
