//! Rows that are written twice, by two writers who do not know the same.

use super::*;
use crate::{testing, verify};
use chrono::Duration;

#[tokio::test]
async fn a_newer_row_that_names_another_account_takes_the_older_one_out_of_every_sum() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let (key, swept_at, own_at) = (Uuid::now_v7().into(), AccountId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let swept = testing::event(org, key, swept_at, Utc::now());
        let attempt = FailedAttempt { account: own_at, cost: Nanos(5), estimated: true };
        let swept = UsageEvent {
            rev: Revision::Swept,
            cost: Nanos(900),
            charged: Nanos(950),
            failed: vec![attempt],
            ..swept
        };
        let own = UsageEvent {
            rev: Revision::Own,
            account: own_at,
            provider: "bedrock".to_owned(),
            model: "another-name".to_owned(),
            cost: Nanos(40),
            charged: Nanos(44),
            failed: Vec::new(),
            ..swept.clone()
        };
        write(&store.jobs, std::slice::from_ref(&swept)).await.unwrap();
        write(&store.jobs, std::slice::from_ref(&own)).await.unwrap();
        // Late, and without effect.
        write(&store.jobs, &[swept]).await.unwrap();
        let row: (Uuid, String, String, i64, i64) = sqlx::query_as(
            "select account_id, provider, model, cost_nanos, charged_nanos from usage where request_id = $1",
        )
        .bind(own.request.0)
        .fetch_one(&store.jobs.0)
        .await
        .unwrap();
        assert_eq!(row, (own_at.0, "bedrock".to_owned(), "another-name".to_owned(), 40, 44));
        let sums: Vec<(Uuid, String, i64, i64, i64)> = sqlx::query_as(
            "select account_id, model, requests, cost_nanos, charged_nanos from usage_rollups
             where org_id = $1 and (requests, cost_nanos, charged_nanos) <> (0, 0, 0)",
        )
        .bind(org.0)
        .fetch_all(&store.jobs.0)
        .await
        .unwrap();
        assert_eq!(sums, [(own_at.0, "another-name".to_owned(), 1, 40, 44)]);
        let totals: Vec<(Uuid, i64)> = sqlx::query_as(
            "select scope_id, nanos from budget_totals where org_id = $1 and scope = 'account' and nanos <> 0",
        )
        .bind(org.0)
        .fetch_all(&store.jobs.0)
        .await
        .unwrap();
        assert_eq!(totals, [(own_at.0, 40)]);
        let (from, to) = (Utc::now() - Duration::days(1), Utc::now() + Duration::days(1));
        let verdict = verify::organisation(&store.jobs, org, from, to).await.unwrap();
        assert_eq!((verdict.requests, verdict.differences), (1, vec![]));
    })
    .await;
}

#[test]
fn a_request_counts_at_the_accounts_of_its_failed_attempts_too() {
    let (org, key, account) = (OrgId(Uuid::now_v7()), Uuid::now_v7().into(), AccountId(Uuid::now_v7()));
    let (user, failed) = (UserId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
    let attempt = FailedAttempt { account: failed, cost: Nanos(5), estimated: true };
    let event = testing::event(org, key, account, Utc::now());
    let event = UsageEvent { user: Some(user), failed: vec![attempt], ..event };
    let scopes: Vec<_> = event.scopes().collect();
    let expected = [
        ScopeId::Key(key),
        ScopeId::Organisation,
        ScopeId::Account(account),
        ScopeId::Member(user),
        ScopeId::Account(failed),
    ];
    assert_eq!(scopes, expected);
}
