use super::*;
use crate::price::{Price, Rates};
use proptest::prelude::*;

const ANTHROPIC: Provider = Provider::ANTHROPIC;
const COMPATIBLE: Provider = Provider::ANTHROPIC_COMPATIBLE;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn version(id: i64, provider: Option<Provider>, model: &str, from: i64, input: Option<i64>) -> Version {
    let price = |input| Price::flat(Rates::with_defaults(input, 0, None, None, None));
    let price = input.map(|input| Arc::new(Snapshot::try_from(price(input)).unwrap()));
    Version { id, provider, model: model.to_owned(), from: at(from), price }
}

fn input(overrides: &Overrides, provider: Provider, model: &str, when: i64) -> Option<i64> {
    overrides.find(provider, model, at(when)).map(|p| p.standard.base.input)
}

#[test]
fn a_price_counts_from_its_moment_on_and_not_before() {
    let overrides =
        Overrides::new(vec![version(1, None, "m", 10, Some(1)), version(2, None, "m", 20, Some(2))]);
    let seen: Vec<_> = [9, 10, 19, 20, 99].map(|t| input(&overrides, ANTHROPIC, "m", t)).into();
    assert_eq!(seen, [None, Some(1), Some(1), Some(2), Some(2)]);
}

#[test]
fn a_price_for_now_leaves_the_one_that_is_planned_and_a_removal_does_not() {
    let planned_first = vec![version(1, None, "m", 20, Some(2)), version(2, None, "m", 10, Some(1))];
    let overrides = Overrides::new(planned_first.clone());
    assert_eq!(input(&overrides, ANTHROPIC, "m", 15), Some(1));
    assert_eq!(input(&overrides, ANTHROPIC, "m", 25), Some(2));
    assert_eq!(planned(&planned_first, at(15)).iter().map(|v| v.id).collect::<Vec<_>>(), [1]);

    let removed = [planned_first, vec![version(3, None, "m", 12, None)]].concat();
    assert!(planned(&removed, at(15)).is_empty());
    let overrides = Overrides::new(removed.clone());
    let seen: Vec<_> = [11, 12, 25].map(|t| input(&overrides, ANTHROPIC, "m", t)).into();
    assert_eq!(seen, [Some(1), None, None]);

    let again = Overrides::new([removed, vec![version(4, None, "m", 14, Some(4))]].concat());
    assert_eq!(input(&again, ANTHROPIC, "m", 25), Some(4));
}

#[test]
fn the_same_moment_set_again_replaces() {
    let overrides =
        Overrides::new(vec![version(1, None, "m", 10, Some(1)), version(2, None, "m", 10, Some(2))]);
    assert_eq!(input(&overrides, ANTHROPIC, "m", 10), Some(2));
}

#[test]
fn the_most_exact_name_wins_and_then_the_provider() {
    let overrides = Overrides::new(vec![
        version(1, None, "*", 0, Some(1)),
        version(2, None, "claude-*", 0, Some(2)),
        version(3, Some(COMPATIBLE), "claude-*", 0, Some(3)),
        version(4, None, "claude-haiku-*", 50, Some(4)),
        version(5, Some(COMPATIBLE), "claude-haiku-5", 0, Some(5)),
    ]);
    for (provider, model, when, expected) in [
        (ANTHROPIC, "kimi", 0, 1),
        (ANTHROPIC, "claude-opus-5", 0, 2),
        (COMPATIBLE, "claude-opus-5", 0, 3),
        // A more exact name without a price in force steps aside.
        (ANTHROPIC, "claude-haiku-5", 0, 2),
        (ANTHROPIC, "claude-haiku-5", 50, 4),
        (COMPATIBLE, "claude-haiku-5", 50, 5),
    ] {
        assert_eq!(input(&overrides, provider, model, when), Some(expected), "{provider} {model} {when}");
    }
}

proptest! {
    #[test]
    fn the_order_in_which_versions_are_read_does_not_matter(
        made in prop::collection::vec((0usize..4, any::<bool>(), 0i64..6, prop::option::of(1i64..9)), 0..12),
        rotation in 0usize..12,
        when in 0i64..7,
    ) {
        let names = ["m", "m*", "*m", "*"];
        let versions: Vec<_> = made
            .iter()
            .zip(1..)
            .map(|((name, own, from, price), id)| {
                version(id, own.then_some(ANTHROPIC), names[*name], *from, *price)
            })
            .collect();
        let mut turned = versions.clone();
        turned.rotate_left(rotation % versions.len().max(1));
        turned.reverse();
        let (one, other) = (Overrides::new(versions), Overrides::new(turned));
        for provider in Provider::SHIPPED {
            prop_assert_eq!(input(&one, provider, "m", when), input(&other, provider, "m", when));
        }
    }
}
