//! What of a request's way counts against an account.

use super::*;

fn tried(trail: &mut Trail, account: AccountId, row: Row, status: Option<u16>) {
    let received = Instant::now();
    let tried = Tried {
        account,
        model: "m",
        row,
        status,
        message: "told",
        began: received,
        until: None,
        reading: None,
    };
    trail.tried(&tried, received);
}

fn failures(trail: &Trail) -> Vec<(AccountId, String, Became)> {
    let all = trail.failures(RequestId(Uuid::nil()), OrgId(Uuid::nil()), "i");
    all.into_iter().map(|f| (f.account, f.cause, f.became)).collect()
}

#[test]
fn each_failure_counts_at_its_own_account_with_what_became_of_the_request() {
    let [a, b, c] = [(); 3].map(|()| AccountId(Uuid::now_v7()));
    let mut trail = Trail::default();
    trail.passed(c, "disabled", None);
    tried(&mut trail, a, Row::BadCredential, Some(401));
    tried(&mut trail, a, Row::Overloaded, Some(529));
    tried(&mut trail, b, Row::BadCredential, Some(401));
    trail.died(b, "void".to_owned());
    let own = |account, cause: &str, became| (account, cause.to_owned(), became);
    let mut expected = vec![
        own(a, "bad_credential", Became::Refreshed),
        own(a, "overloaded", Became::MovedOn),
        own(b, "bad_credential", Became::GrantDead),
    ];
    assert_eq!(failures(&trail), expected);
    tried(&mut trail, c, Row::Silent, None);
    expected.push(own(c, "silent", Became::GivenUp));
    assert_eq!(failures(&trail), expected);
    trail.answered(a, 200, Instant::now(), Instant::now());
    expected[3].2 = Became::MovedOn;
    assert_eq!(failures(&trail), expected, "who answered has not failed");
}

#[test]
fn what_is_no_failure_of_the_account_does_not_count() {
    let a = AccountId(Uuid::now_v7());
    let mut trail = Trail::default();
    tried(&mut trail, a, Row::ForeignThinking, Some(400));
    trail.answered(a, 400, Instant::now(), Instant::now());
    assert_eq!(failures(&trail), []);
}
