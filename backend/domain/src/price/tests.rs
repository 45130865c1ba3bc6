use super::*;
use crate::provider::Provider;
use proptest::prelude::*;

fn table() -> PriceTable {
    PriceTable::parse(table::SHIPPED).unwrap()
}

const STANDARD: ServiceTier = ServiceTier::Standard;

fn now(model: &table::Model) -> &Price {
    model.price_at("2026-12-01T00:00:00Z".parse().unwrap())
}

fn tokens(input: u64, output: u64) -> TokenCounts {
    TokenCounts { input, output, ..Default::default() }
}

#[test]
fn the_shipped_table_names_its_source_and_prices_a_known_model() {
    let table = table();
    assert!(table.source.contains("2026"), "{}", table.source);
    let haiku = table.find(Provider::ANTHROPIC, "claude-haiku-4-5").unwrap();
    let all = TokenCounts {
        input: 1_000_000,
        output: 1_000_000,
        cache_read: 1_000_000,
        cache_write_5m: 1_000_000,
        cache_write_1h: 1_000_000,
        reasoning: 500_000,
    };
    // 1 + 5 + 0.1 + 1.25 + 2 dollars, thinking being part of the output.
    assert_eq!(now(haiku).cost(&all, STANDARD).to_string(), "9.35");
}

#[test]
fn a_prompt_above_the_threshold_is_dearer_as_a_whole() {
    let table = table();
    let model = table.find(Provider::ANTHROPIC, "claude-haiku-5-5").unwrap();
    assert_eq!(now(model).cost(&tokens(100_000, 0), STANDARD).to_string(), "0.01");
    assert_eq!(now(model).cost(&tokens(100_001, 0), STANDARD).to_string(), "0.0500005");
}

#[test]
fn cached_tokens_count_towards_the_threshold() {
    let table = table();
    let model = table.find(Provider::ANTHROPIC, "claude-haiku-5-5").unwrap();
    let cached = TokenCounts { input: 1, cache_read: 100_000, ..Default::default() };
    assert_eq!(now(model).standard.rates_for(cached.all_input()).input, 500_000_000);
}

#[test]
fn prices_that_are_not_listed_follow_the_documented_ratios() {
    let rates = Rates::with_defaults(1_000, 5_000, None, None, None);
    assert_eq!((rates.cache_read, rates.cache_write_5m, rates.cache_write_1h), (100, 1_250, 2_000));
}

#[test]
fn half_a_nano_dollar_rounds_up() {
    let price = Price::flat(Rates::with_defaults(500_000, 0, None, None, None));
    assert_eq!(price.cost(&tokens(1, 0), STANDARD), Nanos(1));
    assert_eq!(price.cost(&tokens(3, 0), STANDARD), Nanos(2));
}

#[test]
fn a_bad_figure_names_its_place() {
    for (entry, place) in [
        (r#"{"usd_per_million":{"input":"1.2.3"}}"#, "p/m: usd_per_million.input"),
        (r#"{"usd_per_million":{"input":"-1"}}"#, "p/m: usd_per_million.input"),
        (r#"{"usd_per_million":{"output":"1"}}"#, "p/m: usd_per_million.input"),
        (r#"{"usd_per_million":{"input":1}}"#, "expected a string"),
        (r#"{"usd_per_million":{"inptu":"1"}}"#, "`inptu`"),
        (r#"{"usd_per_million":{"input":"1"},"teirs":{}}"#, "`teirs`"),
        (r#"{"usd_per_million":{"input":"1"},"tiers":{"fast":{"input":"1"}}}"#, "p/m: tiers.fast: unknown"),
        (r#"{"usd_per_million":{"input":"1"},"tiers":{"standard":{"input":"1"}}}"#, "p/m: tiers.standard"),
        (r#"{"usd_per_million":{"input":"1"},"tiers":{"batch":{"output":"x"}}}"#, "p/m: tiers.batch.output"),
        (
            r#"{"usd_per_million":{"input":"1"},"long_context":[{"above_tokens":5,"usd_per_million":{}},
              {"above_tokens":5,"usd_per_million":{}}]}"#,
            "p/m: long_context: above_tokens 5 is there twice",
        ),
        (r#"{"usd_per_million":{"input":"1"},"changes":[{"from":"soon","usd_per_million":{}}]}"#, "\"soon\""),
        (
            r#"{"usd_per_million":{"input":"1"},"changes":[{"from":"2027-01-01","usd_per_million":{"input":"x"}}]}"#,
            "p/m: usd_per_million.input",
        ),
        (
            r#"{"usd_per_million":{"input":"1"},"changes":[
              {"from":"2027-01-01","usd_per_million":{"input":"1"}},
              {"from":"2027-01-01T00:00:00Z","usd_per_million":{"input":"2"}}]}"#,
            "p/m: changes: two prices",
        ),
    ] {
        let json = format!(r#"{{"source":"x","providers":{{"p":{{"m":{entry}}}}}}}"#);
        let error = PriceTable::parse(&json).unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn an_unknown_model_has_no_price_and_a_compatible_service_finds_models_of_others() {
    let table = table();
    assert!(table.find(Provider::ANTHROPIC, "no-such-model").is_none());
    assert!(table.find(Provider::ANTHROPIC, "kimi-k3").is_none());
    assert!(table.find(Provider::ANTHROPIC_COMPATIBLE, "kimi-k3").is_some());
}

fn counts() -> impl Strategy<Value = TokenCounts> {
    let n = 0u64..2_000_000;
    (n.clone(), n.clone(), n.clone(), n.clone(), n.clone(), n).prop_map(
        |(input, output, cache_read, cache_write_5m, cache_write_1h, reasoning)| TokenCounts {
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            reasoning: reasoning.min(output),
        },
    )
}

fn rates() -> impl Strategy<Value = Rates> {
    let n = 0i64..100_000_000_000;
    (n.clone(), n.clone(), n.clone(), n.clone(), n.clone(), prop::option::of(n)).prop_map(
        |(input, output, cache_read, cache_write_5m, cache_write_1h, reasoning)| Rates {
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            reasoning,
        },
    )
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (rates(), prop::collection::vec((0u64..4_000_000, rates()), 0..3)).prop_map(|(base, long)| {
        let mut long_context: Vec<_> =
            long.into_iter().map(|(above_tokens, rates)| LongContext { above_tokens, rates }).collect();
        long_context.sort_by_key(|l| l.above_tokens);
        Schedule { base, long_context }
    })
}

fn tier() -> impl Strategy<Value = ServiceTier> {
    prop::sample::select(ServiceTier::ALL.to_vec())
}

fn price() -> impl Strategy<Value = Price> {
    (schedule(), prop::collection::btree_map(tier(), schedule(), 0..4), 0i64..100_000_000)
        .prop_map(|(standard, tiers, web_search)| Price { standard, tiers, web_search })
}

proptest! {
    #[test]
    fn no_bill_exceeds_the_worst_case_of_its_bounds(t in counts(), tier in tier(), index in 0usize..22) {
        let table = table();
        let price = now(table.models_of("anthropic").nth(index).unwrap());
        let one_hour = t.cache_write_1h > 0;
        prop_assert!(price.cost(&t, tier) <= price.worst_case(t.all_input(), t.output, one_hour));
    }

    #[test]
    fn no_bill_of_any_price_in_any_tier_exceeds_the_dearest(
        price in price(), t in counts(), tier in tier(), more in 0u64..100_000,
    ) {
        let (input, output) = (t.all_input() + more, t.output + more);
        let one_hour = t.cache_write_1h > 0;
        prop_assert!(price.cost(&t, tier) <= price.worst_case(input, output, one_hour));
        if !price.tiers.contains_key(&STANDARD) {
            prop_assert!(price.cost(&t, STANDARD) <= price.worst_case_at_standard(input, output, one_hour));
        }
    }

    #[test]
    fn worst_case_never_falls_when_a_bound_grows(a in 0u64..3_000_000, b in 0u64..3_000_000, o in 0u64..200_000) {
        let table = table();
        for model in table.models_of("anthropic") {
            let price = now(model);
            prop_assert!(price.worst_case(a.min(b), o, true) <= price.worst_case(a.max(b), o, true));
        }
    }

    #[test]
    fn more_tokens_never_cost_less(t in counts(), more in counts(), tier in tier(), index in 0usize..22) {
        let table = table();
        let price = now(table.models_of("anthropic").nth(index).unwrap());
        prop_assert!(price.cost(&t, tier) <= price.cost(&(t + more), tier));
    }

    #[test]
    fn a_price_reads_back_from_its_json(price in price()) {
        let json = serde_json::to_string(&price).unwrap();
        prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
    }

    #[test]
    fn of_the_patterns_that_fit_the_same_one_counts_in_any_order_of_the_file(turn in 0usize..5, cut in 1usize..14) {
        let mut patterns = ["*", "claude-*", "*haiku*", "claude-haiku-*", "claude-haiku-5"];
        patterns.rotate_left(turn);
        let entries: Vec<_> = patterns
            .iter()
            .map(|p| format!(r#""{p}":{{"usd_per_million":{{"input":"{}"}}}}"#, p.len()))
            .collect();
        let json = format!(r#"{{"source":"x","providers":{{"anthropic":{{{}}}}}}}"#, entries.join(","));
        let table = PriceTable::parse(&json).unwrap();
        let model = &"claude-haiku-5"[..cut];
        let fitting = patterns.iter().filter(|p| crate::model::glob_matches(p, model));
        let most = fitting.max_by_key(|p| crate::model::Exactness::of(p)).unwrap();
        prop_assert_eq!(&table.find(Provider::ANTHROPIC, model).unwrap().name, most);
    }
}

#[test]
fn searches_of_the_provider_cost_ten_dollars_a_thousand() {
    let table = table();
    let model = table.find(Provider::ANTHROPIC, "claude-haiku-4-5").unwrap();
    assert_eq!(now(model).searches(3).to_string(), "0.03");
}

#[test]
fn a_tier_has_its_own_price_and_falls_back_to_standard() {
    let table = table();
    let opus = now(table.find(Provider::ANTHROPIC, "claude-fable-5").unwrap());
    let t = tokens(1_000_000, 0);
    let costs = ServiceTier::ALL.map(|tier| opus.cost(&t, tier).to_string());
    assert_eq!(costs, ["10.00", "10.00", "10.00", "5.00"]);
}

#[test]
fn what_a_tier_does_not_list_stands_in_proportion_to_what_it_does() {
    let table = table();
    let haiku = now(table.find(Provider::ANTHROPIC, "claude-haiku-5-5").unwrap());
    let batch = haiku.schedule(ServiceTier::Batch);
    // Half of the standard price of a cache for an hour, and half of what a long prompt costs.
    assert_eq!(batch.base.cache_write_1h, 100_000_000);
    assert_eq!(
        (batch.rates_for(100_001).input, batch.rates_for(100_001).output),
        (250_000_000, 1_250_000_000)
    );
}

#[test]
fn a_price_counts_from_its_date_on() {
    let json = r#"{"source":"x","version":"7","date":"2026-12-24","providers":{"anthropic":{"m":{
        "usd_per_million":{"input":"1"},
        "changes":[{"from":"2027-03-01","usd_per_million":{"input":"3"}},
                   {"from":"2027-02-01T12:00:00Z","usd_per_million":{"input":"2"},
                    "tiers":{"priority":{"input":"4"}}}]}}}}"#;
    let table = PriceTable::parse(json).unwrap();
    assert_eq!(
        (table.version.as_deref(), table.date.unwrap().to_string().as_str()),
        (Some("7"), "2026-12-24")
    );
    let model = table.find(Provider::ANTHROPIC, "m").unwrap();
    let dollars =
        |at: &str, tier| model.price_at(at.parse().unwrap()).cost(&tokens(1_000_000, 0), tier).to_string();
    assert_eq!(dollars("2020-01-01T00:00:00Z", STANDARD), "1.00");
    assert_eq!(dollars("2027-02-01T11:59:59.999Z", STANDARD), "1.00");
    assert_eq!(dollars("2027-02-01T12:00:00Z", STANDARD), "2.00");
    assert_eq!(dollars("2027-02-01T12:00:00Z", ServiceTier::Priority), "4.00");
    // Each price is whole in itself: this one has no tiers.
    assert_eq!(dollars("2027-03-01T00:00:00Z", ServiceTier::Priority), "3.00");
}

#[test]
fn a_compatible_service_goes_by_its_own_section_and_then_by_exact_names() {
    let entry = |n: u8| format!(r#"{{"usd_per_million":{{"input":"{n}"}}}}"#);
    let json = format!(
        r#"{{"source":"x","providers":{{
            "anthropic":{{"*":{},"a":{}}},"anthropic-compatible":{{"a":{}}},"openai":{{"b":{},"c*":{}}}}}}}"#,
        entry(1),
        entry(2),
        entry(3),
        entry(4),
        entry(5)
    );
    let table = PriceTable::parse(&json).unwrap();
    let found =
        |provider, model| table.find(provider, model).map(|m| now(m).standard.base.input / 1_000_000_000);
    let compatible = ["a", "b", "c1"].map(|m| found(Provider::ANTHROPIC_COMPATIBLE, m));
    assert_eq!(compatible, [Some(3), Some(4), Some(1)]);
    assert_eq!(["a", "b"].map(|m| found(Provider::ANTHROPIC, m)), [Some(2), Some(1)]);
    let listed: Vec<_> = table.models_of("anthropic").map(|m| m.name.as_str()).collect();
    assert_eq!(listed, ["a"], "a pattern is no model");
}

#[test]
fn reasoning_has_its_own_price_where_the_provider_asks_one() {
    let table = table();
    let qwen = now(table.find(Provider::ANTHROPIC_COMPATIBLE, "qwen-turbo").unwrap());
    let t = TokenCounts { output: 1_000_000, reasoning: 400_000, ..Default::default() };
    // 0.6 of the output at 0.20 and 0.4 of it at 0.50 dollars.
    assert_eq!(qwen.cost(&t, STANDARD).to_string(), "0.32");
    let gemini = now(table.find(Provider::ANTHROPIC_COMPATIBLE, "gemini-2.5-flash").unwrap());
    assert_eq!(gemini.standard.base.reasoning, None, "the same as output");
}
