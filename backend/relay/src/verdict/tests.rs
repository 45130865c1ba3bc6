//! The table as it is written down in the documentation, row by row.

use super::*;

fn doubles(first: u64, most: u64) -> Cools {
    Cools::Doubling { first: Duration::from_secs(first), most: Duration::from_secs(most) }
}

#[test]
fn every_row_is_as_documented() {
    let documented = [
        (Row::Challenge, Then::Next, doubles(300, 3_600), Scope::Egress),
        (Row::BalanceUsedUp, Then::Next, doubles(21_600, 21_600), Scope::Account),
        (Row::ForeignThinking, Then::Strip, Cools::No, Scope::Account),
        (Row::Unreachable, Then::Next, doubles(30, 600), Scope::Account),
        (Row::ProxyUnavailable, Then::Next, doubles(10, 600), Scope::Egress),
        (Row::Silent, Then::Next, doubles(60, 600), Scope::Account),
        (Row::BadCredential, Then::Next, doubles(1_800, 1_800), Scope::Account),
        (Row::AccountRefused, Then::Next, doubles(1_800, 1_800), Scope::Account),
        (Row::Forbidden, Then::NextOnce, doubles(300, 300), Scope::Account),
        (Row::CallersFault, Then::ToCaller, Cools::No, Scope::Account),
        (Row::ModelUnavailable, Then::Next, doubles(43_200, 43_200), Scope::Model),
        (Row::ProviderError, Then::Next, doubles(60, 600), Scope::Account),
        (Row::LimitedUntil, Then::Next, Cools::Hinted, Scope::Family),
        (Row::Limited, Then::Next, doubles(1, 1_800), Scope::Model),
        (Row::Overloaded, Then::Next, doubles(10, 600), Scope::Model),
    ];
    assert_eq!(documented.map(|(row, ..)| row), Row::ALL, "a row is missing");
    for (row, then, cools, scope) in documented {
        assert_eq!(Table::default().verdict(row), Verdict { then, cools, scope }, "{row:?}");
    }
}

#[test]
fn lengths_can_be_set_and_nothing_else() {
    let lengths: Vec<CooldownLength> =
        ["overloaded=1..4", "bad_credential=2"].iter().map(|text| text.parse().unwrap()).collect();
    let table = Table::new(&lengths);
    assert_eq!(table.verdict(Row::Overloaded).cools, doubles(1, 4));
    assert_eq!(table.verdict(Row::Overloaded).scope, Scope::Model);
    assert_eq!(table.verdict(Row::BadCredential).cools, doubles(2, 2));
    assert_eq!(table.verdict(Row::Limited), Table::default().verdict(Row::Limited));
    for bad in
        ["overloaded", "overloaded=0", "overloaded=9..3", "callers_fault=5", "nonsense=5", "limited=999999"]
    {
        assert!(bad.parse::<CooldownLength>().unwrap_err().contains("provider_error"), "{bad}");
    }
}
