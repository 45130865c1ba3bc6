//! A price as texts that are typed, and back: with an error beside every figure that is none.

use std::collections::BTreeMap;

use causeway_domain::{money::Nanos, price::ServiceTier};
use causeway_openapi::{LongContextFigures, PriceFigures, TierFigures};

use crate::core::i18n::{Locale, td_string};

/// The tiers that can have prices of their own.
pub(crate) const TIERS: [ServiceTier; 3] = [ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch];

/// Rates as texts. Empty is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RateTexts {
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) cache_read: String,
    pub(crate) cache_write_5m: String,
    pub(crate) cache_write_1h: String,
    pub(crate) reasoning: String,
}

/// Rates, and others for prompts above a size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScheduleTexts {
    pub(crate) rates: RateTexts,
    pub(crate) long: Vec<(String, RateTexts)>,
}

/// A whole price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PriceTexts {
    pub(crate) standard: ScheduleTexts,
    /// In the order of [`TIERS`]. One without anything typed has no price of its own.
    pub(crate) tiers: [ScheduleTexts; 3],
    pub(crate) web_search: String,
}

/// What is wrong, by the path of the field as the server names it.
pub(crate) type Problems = BTreeMap<String, Problem>;

/// Why a text is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Missing,
    NotDollars,
    NotACount,
}

impl Problem {
    pub(crate) fn message(self, locale: Locale) -> &'static str {
        match self {
            Self::Missing => td_string!(locale, prices.missing),
            Self::NotDollars => td_string!(locale, prices.not_dollars),
            Self::NotACount => td_string!(locale, prices.not_a_count),
        }
    }
}

macro_rules! texts {
    ($figures:expr) => {
        RateTexts {
            input: shown(Some($figures.input)),
            output: shown(Some($figures.output)),
            cache_read: shown($figures.cache_read),
            cache_write_5m: shown($figures.cache_write_5m),
            cache_write_1h: shown($figures.cache_write_1h),
            reasoning: shown($figures.reasoning),
        }
    };
}

fn shown(amount: Option<Nanos>) -> String {
    amount.map(|n| n.to_string()).unwrap_or_default()
}

fn long_texts(long: &[LongContextFigures]) -> Vec<(String, RateTexts)> {
    long.iter().map(|l| (l.above_tokens.to_string(), texts!(l))).collect()
}

impl From<&PriceFigures> for PriceTexts {
    fn from(price: &PriceFigures) -> Self {
        let tier = |name| {
            price.tiers.get(&name).map_or_else(ScheduleTexts::default, |tier| ScheduleTexts {
                rates: texts!(tier),
                long: long_texts(&tier.long_context),
            })
        };
        Self {
            standard: ScheduleTexts { rates: texts!(price), long: long_texts(&price.long_context) },
            tiers: TIERS.map(tier),
            web_search: shown(price.web_search),
        }
    }
}

impl ScheduleTexts {
    fn is_empty(&self) -> bool {
        self.rates == RateTexts::default() && self.long.is_empty()
    }
}

/// The figures of some texts, whichever struct they end up in.
struct Rates {
    input: Nanos,
    output: Nanos,
    cache_read: Option<Nanos>,
    cache_write_5m: Option<Nanos>,
    cache_write_1h: Option<Nanos>,
    reasoning: Option<Nanos>,
}

/// The price, or every field that has none.
pub(crate) fn read(texts: &PriceTexts) -> Result<PriceFigures, Problems> {
    let mut found = Found(Problems::new());
    let r = found.rates("", &texts.standard.rates);
    let long_context = found.long("long_context", &texts.standard.long);
    let mut tiers = BTreeMap::new();
    for (name, texts) in TIERS.into_iter().zip(&texts.tiers).filter(|(_, texts)| !texts.is_empty()) {
        let r = found.rates(&format!("tiers.{name}."), &texts.rates);
        let tier = TierFigures {
            input: r.input,
            output: r.output,
            cache_read: r.cache_read,
            cache_write_5m: r.cache_write_5m,
            cache_write_1h: r.cache_write_1h,
            reasoning: r.reasoning,
            long_context: found.long(&format!("tiers.{name}.long_context"), &texts.long),
        };
        tiers.insert(name, tier);
    }
    let price = PriceFigures {
        input: r.input,
        output: r.output,
        cache_read: r.cache_read,
        cache_write_5m: r.cache_write_5m,
        cache_write_1h: r.cache_write_1h,
        reasoning: r.reasoning,
        long_context,
        tiers,
        web_search: found.dollars("web_search", &texts.web_search),
    };
    if found.0.is_empty() { Ok(price) } else { Err(found.0) }
}

struct Found(Problems);

impl Found {
    fn rates(&mut self, prefix: &str, texts: &RateTexts) -> Rates {
        let at = |name: &str| format!("{prefix}{name}");
        Rates {
            input: self.required(&at("input"), &texts.input),
            output: self.required(&at("output"), &texts.output),
            cache_read: self.dollars(&at("cache_read"), &texts.cache_read),
            cache_write_5m: self.dollars(&at("cache_write_5m"), &texts.cache_write_5m),
            cache_write_1h: self.dollars(&at("cache_write_1h"), &texts.cache_write_1h),
            reasoning: self.dollars(&at("reasoning"), &texts.reasoning),
        }
    }

    fn long(&mut self, place: &str, texts: &[(String, RateTexts)]) -> Vec<LongContextFigures> {
        let mut long = Vec::new();
        for (i, (above, texts)) in texts.iter().enumerate() {
            let above_tokens = self.count(&format!("{place}[{i}].above_tokens"), above);
            let r = self.rates(&format!("{place}[{i}]."), texts);
            long.push(LongContextFigures {
                above_tokens,
                input: r.input,
                output: r.output,
                cache_read: r.cache_read,
                cache_write_5m: r.cache_write_5m,
                cache_write_1h: r.cache_write_1h,
                reasoning: r.reasoning,
            });
        }
        long.sort_by_key(|l| l.above_tokens);
        long
    }

    fn required(&mut self, path: &str, text: &str) -> Nanos {
        if plain(text).is_empty() {
            self.0.insert(path.to_owned(), Problem::Missing);
        }
        self.dollars(path, text).unwrap_or_default()
    }

    fn dollars(&mut self, path: &str, text: &str) -> Option<Nanos> {
        let text = plain(text);
        if text.is_empty() {
            return None;
        }
        let amount = text.parse::<Nanos>().ok().filter(|n| *n >= Nanos::ZERO);
        if amount.is_none() {
            self.0.insert(path.to_owned(), Problem::NotDollars);
        }
        amount
    }

    fn count(&mut self, path: &str, text: &str) -> u64 {
        let count = plain(text).parse().ok().filter(|n| *n > 0);
        if count.is_none() {
            self.0.insert(path.to_owned(), Problem::NotACount);
        }
        count.unwrap_or(0)
    }
}

/// Without what people type to make figures readable.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '_' | '$')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_shown_and_read_back_as_it_was() {
        let json = r#"{"input":"3","output":"15","cache_read":"0.3","reasoning":"20","web_search":"0.01",
            "long_context":[{"above_tokens":200000,"input":"6","output":"22.5"}],
            "tiers":{"priority":{"input":"6","output":"30",
                     "long_context":[{"above_tokens":200000,"input":"12","output":"45"}]}}}"#;
        let price: PriceFigures = serde_json::from_str(json).unwrap();
        assert_eq!(read(&PriceTexts::from(&price)), Ok(price));
    }

    #[test]
    fn every_bad_figure_is_named_as_the_server_would_name_it() {
        let mut texts = PriceTexts::default();
        texts.standard.rates.input = "three".into();
        texts.standard.rates.cache_read = "-1".into();
        texts.standard.long = vec![(
            "0".into(),
            RateTexts { input: "$1,000".into(), output: "1".into(), ..Default::default() },
        )];
        texts.tiers[1].rates.output = "1".into();
        let named: Vec<_> = read(&texts).unwrap_err().into_iter().collect();
        let expected = [
            ("cache_read", Problem::NotDollars),
            ("input", Problem::NotDollars),
            ("long_context[0].above_tokens", Problem::NotACount),
            ("output", Problem::Missing),
            ("tiers.flex.input", Problem::Missing),
        ];
        assert_eq!(named, expected.map(|(path, problem)| (path.to_owned(), problem)));
    }

    #[test]
    fn a_tier_in_which_nothing_was_typed_has_no_price_of_its_own() {
        let mut texts = PriceTexts::default();
        texts.standard.rates = RateTexts { input: "1".into(), output: "2".into(), ..Default::default() };
        let price = read(&texts).unwrap();
        assert!(price.tiers.is_empty() && price.web_search.is_none() && price.cache_read.is_none());
    }
}
