//! The figures of a price, in dollars, and the way from and to the domain's rates.

use causeway_domain::{
    Nanos,
    price::{LongContext, Price, Rates, Schedule, ServiceTier},
    provider::Provider,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What Anthropic asks for a search, in nano-dollars: charged too often rather than not at all.
const USUAL_WEB_SEARCH: i64 = 10_000_000;

/// Writes a struct of rates once for each place where they stand flat beside other fields, with what leads to and from
/// [`Rates`].
macro_rules! figures {
    ($(#[$about:meta])* $name:ident { $($(#[$first_about:meta])* $first:ident: $first_type:ty,)* } then { $($(#[$rest_about:meta])* $rest:ident: $rest_type:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$first_about])* pub $first: $first_type,)*
            /// Uncached input.
            #[cfg_attr(feature = "schemas", schema(value_type = String, example = "3.00"))]
            pub input: Nanos,
            /// Output, thinking included.
            #[cfg_attr(feature = "schemas", schema(value_type = String, example = "15.00"))]
            pub output: Nanos,
            /// Input read from a prompt cache.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.30"))]
            pub cache_read: Option<Nanos>,
            /// Input written to a prompt cache for five minutes.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "3.75"))]
            pub cache_write_5m: Option<Nanos>,
            /// Input written to a prompt cache for an hour.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "6.00"))]
            pub cache_write_1h: Option<Nanos>,
            /// The part of the output that was reasoning; as `output` when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "15.00"))]
            pub reasoning: Option<Nanos>,
            $($(#[$rest_about])* pub $rest: $rest_type,)*
        }

        impl $name {
            /// The rates, with what is absent filled in.
            pub fn rates(&self) -> Rates {
                let nanos = |n: Option<Nanos>| n.map(|n| n.0);
                let rates = Rates::with_defaults(
                    self.input.0,
                    self.output.0,
                    nanos(self.cache_read),
                    nanos(self.cache_write_5m),
                    nanos(self.cache_write_1h),
                );
                Rates { reasoning: nanos(self.reasoning).filter(|r| *r != rates.output), ..rates }
            }

            /// From rates, with nothing left to be filled in.
            pub fn of(rates: &Rates, $($first: $first_type,)* $($rest: $rest_type,)*) -> Self {
                Self {
                    input: Nanos(rates.input),
                    output: Nanos(rates.output),
                    cache_read: Some(Nanos(rates.cache_read)),
                    cache_write_5m: Some(Nanos(rates.cache_write_5m)),
                    cache_write_1h: Some(Nanos(rates.cache_write_1h)),
                    reasoning: rates.reasoning.map(Nanos),
                    $($first,)*
                    $($rest,)*
                }
            }
        }
    };
}

figures! {
    /// Dollars per million tokens, as decimal strings. Cache prices that are absent in an input follow from `input`: a
    /// tenth to read, 1.25 times to write for five minutes, twice to write for an hour.
    PriceFigures {} then {
        /// Other prices for prompts above a size, smallest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "schemas", schema(nullable = false, required = false))]
        long_context: Vec<LongContextFigures>,
        /// Prices of the service tiers that have their own: `priority`, `flex`, `batch`. A tier that is not listed
        /// costs what is above.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[cfg_attr(feature = "schemas", schema(value_type = BTreeMap<String, TierFigures>, required = false))]
        tiers: BTreeMap<ServiceTier, TierFigures>,
        /// Dollars for one search that the provider makes on its own; 0.01 when absent in an input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.01"))]
        web_search: Option<Nanos>,
    }
}

figures! {
    /// A price with the provider and the moment it is for.
    SetPrice {
        /// Only for accounts of this provider; absent or `null` is for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schema(value_type = Option<crate::schema::Provider>))]
        provider: Option<Provider>,
        /// In force from here on, not in the past; absent or `null` is from the next request on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<DateTime<Utc>>,
    } then {
        /// Other prices for prompts above a size, smallest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "schemas", schema(nullable = false, required = false))]
        long_context: Vec<LongContextFigures>,
        /// Prices of the service tiers that have their own: `priority`, `flex`, `batch`. A tier that is not listed
        /// costs what is above.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        #[cfg_attr(feature = "schemas", schema(value_type = BTreeMap<String, TierFigures>, required = false))]
        tiers: BTreeMap<ServiceTier, TierFigures>,
        /// Dollars for one search that the provider makes on its own; 0.01 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schema(value_type = Option<String>, example = "0.01"))]
        web_search: Option<Nanos>,
    }
}

figures! {
    /// Dollars per million tokens for prompts above a size.
    LongContextFigures {
        /// Input tokens, cached or not, above which these prices apply.
        #[cfg_attr(feature = "schemas", schema(example = 200000))]
        above_tokens: u64,
    } then {}
}

figures! {
    /// Dollars per million tokens of one service tier.
    TierFigures {} then {
        /// Other prices for prompts above a size, smallest first. Absent in an input: dearer in the same proportion as
        /// without the tier.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "schemas", schema(nullable = false, required = false))]
        long_context: Vec<LongContextFigures>,
    }
}

impl SetPrice {
    /// The price without what it is for.
    pub fn figures(self) -> PriceFigures {
        PriceFigures {
            input: self.input,
            output: self.output,
            cache_read: self.cache_read,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            reasoning: self.reasoning,
            long_context: self.long_context,
            tiers: self.tiers,
            web_search: self.web_search,
        }
    }
}

fn shown(long: &[LongContext]) -> Vec<LongContextFigures> {
    long.iter().map(|l| LongContextFigures::of(&l.rates, l.above_tokens)).collect()
}

fn meant(figures: &[LongContextFigures]) -> Vec<LongContext> {
    let mut long: Vec<_> =
        figures.iter().map(|f| LongContext { above_tokens: f.above_tokens, rates: f.rates() }).collect();
    long.sort_by_key(|l| l.above_tokens);
    long
}

impl From<&Price> for PriceFigures {
    fn from(price: &Price) -> Self {
        let tier = |s: &Schedule| TierFigures::of(&s.base, shown(&s.long_context));
        Self::of(
            &price.standard.base,
            shown(&price.standard.long_context),
            price.tiers.iter().map(|(name, s)| (*name, tier(s))).collect(),
            Some(Nanos(price.web_search)),
        )
    }
}

impl From<&PriceFigures> for Price {
    fn from(figures: &PriceFigures) -> Self {
        let standard = Schedule { base: figures.rates(), long_context: meant(&figures.long_context) };
        let tier = |t: &TierFigures| match t.long_context.as_slice() {
            [] => standard.of_tier(t.rates()),
            long => Schedule { base: t.rates(), long_context: meant(long) },
        };
        let tiers = figures.tiers.iter().map(|(name, t)| (*name, tier(t))).collect();
        let web_search = figures.web_search.map_or(USUAL_WEB_SEARCH, |n| n.0);
        Self { standard, tiers, web_search }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_comes_back_as_it_was_sent() {
        let json = r#"{"input":"3","output":"15","cache_read":"0.2","reasoning":"20","web_search":"0.02",
            "long_context":[{"above_tokens":200000,"input":"6","output":"22.5"}],
            "tiers":{"priority":{"input":"6","output":"30"},
                     "flex":{"input":"1","output":"2","long_context":[{"above_tokens":9,"input":"4","output":"5"}]}}}"#;
        let sent: PriceFigures = serde_json::from_str(json).unwrap();
        let price = Price::from(&sent);
        assert_eq!(Price::from(&PriceFigures::from(&price)), price);
        // Twice the price of a long prompt, as priority is twice the price of a short one.
        let priority = price.schedule(ServiceTier::Priority);
        assert_eq!(priority.rates_for(200_001).output, 45_000_000_000);
        assert_eq!(price.schedule(ServiceTier::Flex).rates_for(10).input, 4_000_000_000);
        assert_eq!(price.schedule(ServiceTier::Batch), &price.standard);
    }

    #[test]
    fn an_unknown_tier_or_field_is_refused_by_its_name() {
        for (json, name) in [
            (r#"{"input":"1","output":"1","tiers":{"fast":{"input":"1","output":"1"}}}"#, "`fast`"),
            (
                r#"{"input":"1","output":"1","tiers":{"flex":{"input":"1","output":"1","outptu":"1"}}}"#,
                "`outptu`",
            ),
            (r#"{"input":"1","output":"1","form":null}"#, "`form`"),
        ] {
            let error = serde_json::from_str::<SetPrice>(json).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
