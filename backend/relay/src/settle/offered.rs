//! The candidates of a draft as a hold keeps them: a price that is the same as that of the candidate before is left out.
//! The accounts of a pool mostly have one price, and each request carries its draft to Redis and back.

use super::{DraftCandidate, is_default};
use causeway_domain::{AccountId, Factor, Nanos, price::Snapshot, provider::Provider};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{ptr, sync::Arc};

#[derive(Serialize)]
struct Written<'a> {
    account: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    provider: Provider,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<&'a Snapshot>,
    #[serde(skip_serializing_if = "is_default")]
    factor: Factor,
    worst: Nanos,
}

#[derive(Deserialize)]
struct Read {
    account: AccountId,
    #[serde(default)]
    model: Option<String>,
    provider: Provider,
    #[serde(default)]
    price: Option<Arc<Snapshot>>,
    #[serde(default)]
    factor: Factor,
    #[serde(default)]
    worst: Nanos,
}

pub(super) fn serialize<S: Serializer>(candidates: &[DraftCandidate], to: S) -> Result<S::Ok, S::Error> {
    let before = std::iter::once(None).chain(candidates.iter().map(|c| Some(&*c.price)));
    to.collect_seq(candidates.iter().zip(before).map(|(candidate, before)| {
        let price = &*candidate.price;
        let same = before.is_some_and(|before| ptr::eq(before, price) || before.json() == price.json());
        Written {
            account: candidate.account,
            model: candidate.model.as_deref(),
            provider: candidate.provider,
            price: (!same).then_some(price),
            factor: candidate.factor,
            worst: candidate.worst,
        }
    }))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<DraftCandidate>, D::Error> {
    let mut before: Option<Arc<Snapshot>> = None;
    let candidates = Vec::<Read>::deserialize(from)?.into_iter().map(|read| {
        let price = read.price.or_else(|| before.clone()).ok_or_else(|| D::Error::missing_field("price"))?;
        before = Some(price.clone());
        let Read { account, model, provider, factor, worst, .. } = read;
        Ok(DraftCandidate { account, model, provider, price, factor, worst })
    });
    candidates.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_domain::price::{Price, Rates};
    use uuid::Uuid;

    fn candidate(input: i64) -> DraftCandidate {
        let price = Price::flat(Rates::with_defaults(input, 5, None, None, None));
        DraftCandidate {
            account: AccountId(Uuid::now_v7()),
            model: None,
            provider: Provider::ANTHROPIC,
            price: Arc::new(Snapshot::try_from(price).unwrap()),
            factor: Factor::ONE,
            worst: Nanos(9),
        }
    }

    #[derive(Serialize, Deserialize)]
    struct Draft(#[serde(with = "super")] Vec<DraftCandidate>);

    #[test]
    fn a_price_is_written_once_for_those_that_share_it_and_read_back_for_each() {
        let all = vec![candidate(3), candidate(3), candidate(4), candidate(3)];
        let prices: Vec<String> = all.iter().map(|c| c.price.json().to_owned()).collect();
        let accounts: Vec<AccountId> = all.iter().map(|c| c.account).collect();
        let text = serde_json::to_string(&Draft(all)).unwrap();
        assert_eq!(text.matches("\"price\"").count(), 3, "{text}");
        let Draft(back) = serde_json::from_str(&text).unwrap();
        assert_eq!(back.iter().map(|c| c.price.json().to_owned()).collect::<Vec<_>>(), prices);
        assert_eq!(back.iter().map(|c| c.account).collect::<Vec<_>>(), accounts);
    }

    #[test]
    fn what_was_written_with_every_price_is_read_and_what_has_none_is_refused() {
        let alone = |input| serde_json::to_string(&Draft(vec![candidate(input)])).unwrap();
        let both = [alone(3), alone(4)];
        let plain = format!("[{}]", both.map(|list| list[1..list.len() - 1].to_owned()).join(","));
        let Draft(back) = serde_json::from_str(&plain).unwrap();
        assert_eq!((back[0].price.standard.base.input, back[1].price.standard.base.input), (3, 4));
        let account = Uuid::now_v7();
        let none = format!(r#"[{{"account":"{account}","provider":"anthropic"}}]"#);
        assert!(serde_json::from_str::<Draft>(&none).is_err_and(|e| e.to_string().contains("price")));
    }
}
