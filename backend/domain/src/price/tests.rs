use super::*;
use crate::provider::Provider;
use proptest::prelude::*;

fn table() -> PriceTable {
    PriceTable::parse(table::SHIPPED).unwrap()
}

fn tokens(input: u64, output: u64) -> TokenCounts {
    TokenCounts { input, output, ..Default::default() }
}

#[test]
fn the_shipped_table_names_its_source_and_prices_a_known_model() {
    let table = table();
    assert!(table.source.contains("2026"), "{}", table.source);
    let haiku = table.find(Provider::Anthropic, "claude-haiku-4-5").unwrap();
    let all = TokenCounts {
        input: 1_000_000,
        output: 1_000_000,
        cache_read: 1_000_000,
        cache_write_5m: 1_000_000,
        cache_write_1h: 1_000_000,
        reasoning: 500_000,
    };
    // 1 + 5 + 0.1 + 1.25 + 2 dollars, thinking being part of the output.
    assert_eq!(haiku.price.cost(&all).to_string(), "9.35");
}

#[test]
fn a_prompt_above_the_threshold_is_dearer_as_a_whole() {
    let table = table();
    let model = table.find(Provider::Anthropic, "claude-haiku-5-5").unwrap();
    assert_eq!(model.price.cost(&tokens(100_000, 0)).to_string(), "0.01");
    assert_eq!(model.price.cost(&tokens(100_001, 0)).to_string(), "0.0500005");
}

#[test]
fn cached_tokens_count_towards_the_threshold() {
    let table = table();
    let model = table.find(Provider::Anthropic, "claude-haiku-5-5").unwrap();
    let cached = TokenCounts { input: 1, cache_read: 100_000, ..Default::default() };
    assert_eq!(model.price.rates_for(cached.all_input()).input, 500_000_000);
}

#[test]
fn prices_that_are_not_listed_follow_the_documented_ratios() {
    let rates = Rates::with_defaults(1_000, 5_000, None, None, None);
    assert_eq!((rates.cache_read, rates.cache_write_5m, rates.cache_write_1h), (100, 1_250, 2_000));
}

#[test]
fn half_a_nano_dollar_rounds_up() {
    let price = Price {
        base: Rates::with_defaults(500_000, 0, None, None, None),
        long_context: vec![],
        web_search: 0,
    };
    assert_eq!(price.cost(&tokens(1, 0)), Nanos(1));
    assert_eq!(price.cost(&tokens(3, 0)), Nanos(2));
}

#[test]
fn a_bad_figure_names_its_place() {
    let json = r#"{"source":"x","providers":{"p":{"m":{"usd_per_million":{"input":"1.2.3"}}}}}"#;
    let error = PriceTable::parse(json).unwrap_err().to_string();
    assert!(error.contains("p/m: input"), "{error}");
}

#[test]
fn an_unknown_model_has_no_price_and_a_compatible_service_finds_models_of_others() {
    let table = table();
    assert!(table.find(Provider::Anthropic, "no-such-model").is_none());
    assert!(table.find(Provider::Anthropic, "kimi-k3").is_none());
    assert!(table.find(Provider::AnthropicCompatible, "kimi-k3").is_some());
}

fn counts() -> impl Strategy<Value = TokenCounts> {
    let n = 0u64..2_000_000;
    (n.clone(), n.clone(), n.clone(), n.clone(), n).prop_map(
        |(input, output, cache_read, cache_write_5m, cache_write_1h)| TokenCounts {
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            reasoning: 0,
        },
    )
}

proptest! {
    #[test]
    fn no_bill_exceeds_the_worst_case_of_its_bounds(t in counts(), index in 0usize..22) {
        let table = table();
        let model = table.models_of("anthropic").nth(index).unwrap();
        let one_hour = t.cache_write_1h > 0;
        prop_assert!(model.price.cost(&t) <= model.price.worst_case(t.all_input(), t.output, one_hour));
    }

    #[test]
    fn worst_case_never_falls_when_a_bound_grows(a in 0u64..3_000_000, b in 0u64..3_000_000, o in 0u64..200_000) {
        let table = table();
        for model in table.models_of("anthropic") {
            prop_assert!(model.price.worst_case(a.min(b), o, true) <= model.price.worst_case(a.max(b), o, true));
        }
    }
}

#[test]
fn searches_of_the_provider_cost_ten_dollars_a_thousand() {
    let table = table();
    let model = table.find(Provider::Anthropic, "claude-haiku-4-5").unwrap();
    assert_eq!(model.price.searches(3).to_string(), "0.03");
}
