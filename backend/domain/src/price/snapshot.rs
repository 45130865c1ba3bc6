//! A price together with its JSON, which goes into every usage row and every reservation: written once, used often.

use super::Price;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::{RawValue, to_raw_value};
use std::ops::Deref;

/// A price and its JSON.
#[derive(Clone, Debug)]
pub struct Snapshot {
    price: Price,
    json: Box<RawValue>,
}

impl Snapshot {
    /// The JSON, as stored with a usage row.
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl TryFrom<Price> for Snapshot {
    type Error = serde_json::Error;

    fn try_from(price: Price) -> Result<Self, Self::Error> {
        Ok(Self { json: to_raw_value(&price)?, price })
    }
}

impl Deref for Snapshot {
    type Target = Price;

    fn deref(&self) -> &Price {
        &self.price
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::try_from(Price::deserialize(d)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::{Rates, ServiceTier};

    #[test]
    fn a_snapshot_reads_back_as_the_price_it_was_made_of() {
        let base = Rates::with_defaults(3, 5, None, None, None);
        let mut price = Price { web_search: 7, ..Price::flat(base) };
        price.tiers.insert(ServiceTier::Priority, price.standard.of_tier(base));
        let snapshot = Snapshot::try_from(price.clone()).unwrap();
        let back: Snapshot = serde_json::from_str(&serde_json::to_string(&snapshot).unwrap()).unwrap();
        assert_eq!(*back, price);
        assert_eq!(serde_json::from_str::<Price>(back.json()).unwrap(), price);
    }

    #[test]
    fn prices_of_rows_from_before_tiers_read_as_they_were() {
        let old = r#"{"base":{"input":1,"output":2,"cache_read":3,"cache_write_5m":4,"cache_write_1h":5},
            "long_context":[{"above_tokens":9,"rates":{"input":6,"output":2,"cache_read":3,"cache_write_5m":4,
            "cache_write_1h":5}}]}"#;
        let price: Price = serde_json::from_str(old).unwrap();
        let written: serde_json::Value = serde_json::to_value(&price).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(old).unwrap());
    }
}
