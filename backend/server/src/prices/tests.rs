use super::*;
use causeway_domain::provider::Provider;

fn write(path: &Path, input: &str) {
    let json = format!(
        r#"{{"source":"ours","providers":{{"anthropic":{{"m":{{"usd_per_million":{{"input":"{input}"}}}}}}}}}}"#
    );
    // As an editor or a configuration mount does it: another file in its place.
    let aside = path.with_extension("new");
    fs::write(&aside, json).unwrap();
    fs::rename(aside, path).unwrap();
}

fn input(prices: &Prices) -> Option<i64> {
    let table = prices.book.table();
    table.find(Provider::ANTHROPIC, "m").map(|m| m.first.standard.base.input / 1_000_000_000)
}

#[test]
fn a_changed_file_is_taken_and_a_bad_or_missing_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("prices.json");
    write(&path, "1");
    let mut prices = PriceArgs { prices_file: Some(path.clone()) }.load().unwrap();
    assert_eq!(input(&prices), Some(1));
    assert_eq!(prices.book.table().source, "ours");

    write(&path, "2");
    prices.look();
    assert_eq!((input(&prices), prices.book.standing().refused.clone()), (Some(2), None));

    write(&path, "2.2.2");
    prices.look();
    assert_eq!(input(&prices), Some(2));
    let (problem, at) = prices.book.standing().refused.clone().unwrap();
    assert!(
        problem.contains("prices.json") && problem.contains("anthropic/m: usd_per_million.input"),
        "{problem}"
    );
    prices.look();
    assert_eq!(prices.book.standing().refused.as_ref().unwrap().1, at, "told once for each change");

    fs::remove_file(&path).unwrap();
    prices.look();
    assert_eq!(input(&prices), Some(2));
    assert!(prices.book.standing().refused.as_ref().unwrap().0.contains("No such file"));

    write(&path, "3");
    prices.look();
    assert_eq!((input(&prices), prices.book.standing().refused.clone()), (Some(3), None));
}

#[test]
fn a_file_that_is_bad_from_the_start_is_named_with_its_variable() {
    let missing = PriceArgs { prices_file: Some("/nowhere/prices.json".into()) };
    let error = format!("{:#}", missing.load().err().unwrap());
    assert!(error.starts_with("PRICES_FILE: /nowhere/prices.json: "), "{error}");
}

#[test]
fn without_a_file_the_shipped_table_is_used_and_says_its_version() {
    for unset in [None, Some(PathBuf::new())] {
        let prices = PriceArgs { prices_file: unset }.load().unwrap();
        assert!(prices.book.table().version.is_some());
        assert_eq!(*prices.book.standing(), causeway_domain::price::book::Standing::default());
    }
}
