//! What a request counts for, however it ended, and what is kept of it.

use super::*;
use causeway_domain::price::{PriceTable, table::SHIPPED};
use uuid::Uuid;

fn draft(strict: bool) -> Draft {
    let model = PriceTable::parse(SHIPPED).unwrap();
    let model = model.find(Provider::ANTHROPIC, "claude-haiku-4-5").unwrap();
    let price = model.price_at(DateTime::UNIX_EPOCH).clone();
    let worst = price.worst_case(5_000, 1_000, true);
    let account = AccountId(Uuid::now_v7());
    Draft {
        org: OrgId(Uuid::now_v7()),
        key: KeyId(Uuid::now_v7()),
        user: None,
        dialect: "anthropic".into(),
        model: "claude-haiku-4-5".to_owned(),
        stream: true,
        client: String::new(),
        client_id: String::new(),
        client_facts: String::new(),
        input: 800,
        max_input: 5_000,
        max_output: 1_000,
        bounded: true,
        strict,
        candidates: vec![DraftCandidate {
            model: None,
            account,
            provider: Provider::ANTHROPIC,
            price,
            factor: Factor::ONE,
            worst,
        }],
    }
}

fn noted(draft: &Draft, input: u64, output: u64) -> Figures {
    let counts = Metered { input, output, ..Metered::default() };
    let reading = Reading { counts, input_reported: true, ..Reading::default() };
    let ending = Ending {
        status: 200,
        outcome: Outcome::Interrupted,
        reading: Some(reading),
        free: false,
        error: None,
    };
    draft.figures(0, &ending)
}

#[test]
fn what_a_dead_instance_had_begun_counts_at_most_what_it_can_have_cost() {
    let draft = draft(true);
    let nothing_known = draft.orphaned(0, None);
    assert_eq!(nothing_known.cost, draft.candidates[0].worst);
    assert_eq!((nothing_known.tokens.all_input(), nothing_known.tokens.output), (5_000, 1_000));
    let adds_up = draft.candidates[0].price.cost(&nothing_known.tokens, nothing_known.tier);
    assert_eq!(nothing_known.cost, adds_up);
    let input_known = draft.orphaned(0, Some(noted(&draft, 300, 40)));
    assert_eq!((input_known.tokens.input, input_known.tokens.output), (300, 1_000));
    let whole = draft.candidates[0].price.cost(&input_known.tokens, ServiceTier::Standard);
    assert!(input_known.cost >= whole && input_known.cost < nothing_known.cost);
    assert!(input_known.estimated && input_known.swept);
}

/// An instance of before, or of after, reads it too.
#[test]
fn what_is_kept_says_nothing_that_goes_without_saying() {
    let draft = Draft { client_id: String::new(), client_facts: String::new(), ..draft(false) };
    let (kept, figures) = (text(&draft).unwrap(), noted(&draft, 3, 4));
    assert!(!kept.contains("client_") && !kept.contains("factor"), "{kept}");
    let read: Draft = serde_json::from_str(&kept).unwrap();
    assert_eq!((read.client_id.as_str(), read.candidates[0].factor), ("", Factor::ONE));
    let kept = text(&figures).unwrap();
    for unusual in
        ["error", "swept", "tier", "web_searches", "first_byte_ms", "upstream_request_id", "failed"]
    {
        assert!(!kept.contains(unusual), "{unusual}: {kept}");
    }
    let mut all = serde_json::to_value(serde_json::from_str::<Figures>(&kept).unwrap()).unwrap();
    assert_eq!(all["tokens"]["input"], 3);
    for (name, usual) in [
        ("error", serde_json::Value::Null),
        ("swept", false.into()),
        ("tier", "standard".into()),
        ("web_searches", 0.into()),
        ("first_byte_ms", serde_json::Value::Null),
        ("upstream_request_id", serde_json::Value::Null),
    ] {
        all[name] = usual;
    }
    assert_eq!(text(&serde_json::from_value::<Figures>(all).unwrap()).unwrap(), kept);
    let told = Figures { error: Some("cut".to_owned()), first_byte_ms: Some(7), swept: true, ..figures };
    let kept: Figures = serde_json::from_str(&text(&told).unwrap()).unwrap();
    assert_eq!((kept.error.as_deref(), kept.first_byte_ms, kept.swept), (Some("cut"), Some(7), true));
}

fn left(reading: Option<Reading>) -> Ending {
    Ending { status: 200, outcome: Outcome::ClientLeft, reading, free: false, error: None }
}

#[test]
fn an_answer_that_nobody_waited_for_counts_at_most_what_it_can_have_cost() {
    let mut draft = draft(true);
    let begun = draft.figures(0, &left(None));
    assert_eq!((begun.tokens.all_input(), begun.tokens.output, begun.estimated), (5_000, 0, true));
    draft.stream = false;
    for reading in [None, Some(Reading::default())] {
        let whole = draft.figures(0, &left(reading));
        assert_eq!((whole.cost, whole.tokens.output), (draft.candidates[0].worst, 1_000));
    }
    let read = Reading { output_final: true, input_reported: true, ..Reading::default() };
    assert_eq!(draft.figures(0, &left(Some(read))).cost, Nanos::ZERO, "what was told is taken as told");
    draft.strict = false;
    assert_eq!(draft.figures(0, &left(None)).tokens.all_input(), 800);
}

#[test]
fn a_failed_attempt_costs_what_was_told_or_can_be_and_nothing_if_it_was_refused() {
    let draft = draft(true);
    let unseen = draft.attempt(0, None).unwrap();
    assert_eq!(unseen.cost, draft.figures(0, &left(None)).cost);
    let counts = Metered { input: 300, ..Metered::default() };
    let told = Reading { counts, input_reported: true, ..Reading::default() };
    let told = draft.attempt(0, Some(&told)).unwrap();
    assert!(told.cost < unseen.cost && told.estimated);
    let error = causeway_dialect::error::UpstreamError {
        kind: "overloaded_error".to_owned(),
        message: String::new(),
    };
    assert_eq!(draft.attempt(0, Some(&Reading { error: Some(error), ..Reading::default() })), None);
    let failed = vec![told.clone(), FailedAttempt { account: AccountId(Uuid::now_v7()), ..told }];
    let figures = Figures { failed, ..draft.figures(0, &left(None)) };
    assert_eq!(draft.asked(0, &figures), figures.cost.saturating_add(told.cost));
}

#[test]
fn where_limits_are_not_strict_it_counts_as_it_was_last_noted() {
    let draft = draft(false);
    let noted = noted(&draft, 300, 40);
    let orphaned = draft.orphaned(0, Some(noted.clone()));
    assert_eq!((orphaned.cost, orphaned.tokens), (noted.cost, noted.tokens));
    assert_eq!(draft.orphaned(0, None).tokens.input, 800);
}

#[test]
fn an_answer_in_one_piece_that_breaks_off_counts_at_most_what_it_can_have_cost() {
    let cut = |reading| Ending { outcome: Outcome::UpstreamCut, ..left(Some(reading)) };
    let mut draft = draft(true);
    let streamed = draft.figures(0, &cut(Reading::default()));
    assert!(streamed.cost < draft.candidates[0].worst, "of a stream what was seen counts");
    draft.stream = false;
    let whole = draft.figures(0, &cut(Reading::default()));
    assert_eq!((whole.cost, whole.tokens.output), (draft.candidates[0].worst, 1_000));
    let told = Reading { output_final: true, input_reported: true, ..Reading::default() };
    assert_eq!(draft.figures(0, &cut(told)).cost, Nanos::ZERO, "what was told is taken as told");
}

#[test]
fn no_more_is_counted_than_was_reserved_where_a_dearer_tier_was_ruled_out() {
    let table = PriceTable::parse(SHIPPED).unwrap();
    let model = table.find(Provider::OPENAI, "gpt-5.5").unwrap();
    let price = model.price_at(DateTime::UNIX_EPOCH).clone();
    let mut draft = draft(true);
    let at_standard = price.worst_case_at_standard(5_000, 1_000, false);
    let at_any = price.worst_case(5_000, 1_000, false);
    assert!(at_standard < at_any, "the model has a dearer tier");
    draft.candidates[0].price = price.clone();
    for (worst, tier) in [(at_standard, ServiceTier::Standard), (at_any, ServiceTier::Priority)] {
        draft.candidates[0].worst = worst;
        let orphaned = draft.orphaned(0, Some(noted(&draft, 4_000, 40)));
        assert_eq!((orphaned.tier, orphaned.tokens.output), (tier, 1_000));
        assert_eq!(orphaned.cost, price.cost(&orphaned.tokens, tier));
        assert!(orphaned.cost <= worst);
    }
}
