//! Adding is done once, never replaces, and leaves sums that can be verified.

use super::*;
use crate::{ledger, testing, verify};
use causeway_domain::Nanos;
use chrono::{Duration, Utc};

#[tokio::test]
async fn missing_rows_are_added_once_and_sums_stay_right() {
    testing::with_store(|store, _| async move {
        let (org, other) = (OrgId(Uuid::now_v7()), OrgId(Uuid::now_v7()));
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let old = Utc::now() - Duration::days(100);
        let mut events: Vec<_> =
            (0..5).map(|n| testing::event(org, key, account, old + Duration::hours(n))).collect();
        let mut present = events[0].clone();
        present.rev = ledger::Revision::Swept;
        ledger::write(&store.jobs, &[present]).await.unwrap();
        let mut taken = testing::event(other, key, account, old);
        ledger::write(&store.jobs, std::slice::from_ref(&taken)).await.unwrap();
        taken.org = org;
        events.push(taken);
        events.push(events[1].clone());
        events[0].charged = Nanos(7);

        use Found::{Added, Present, Taken};
        let expected = [Present, Added, Added, Added, Added, Taken, Present];
        let verdict = async || {
            let (from, to) = (old - Duration::days(1), Utc::now());
            verify::organisation(&store.jobs, org, from, to).await.unwrap()
        };
        assert_eq!(add_missing(&store.jobs, org, &events, false).await.unwrap(), expected);
        assert_eq!(verdict().await.requests, 1, "looking writes nothing");
        assert_eq!(add_missing(&store.jobs, org, &events, true).await.unwrap(), expected);
        let after = verdict().await;
        assert_eq!((after.requests, after.differences), (5, vec![]));
        let again = add_missing(&store.jobs, org, &events, true).await.unwrap();
        assert!(!again.contains(&Added), "{again:?}");
        assert_eq!(verdict().await.requests, 5);
        let first: (i64, i16, String) = sqlx::query_as(
            "select charged_nanos, rev, tableoid::regclass::text from usage where request_id = $1",
        )
        .bind(events[0].request.0)
        .fetch_one(&store.jobs.0)
        .await
        .unwrap();
        assert_eq!((first.0, first.1), (1_000_000_000, 0), "the row that was there stays");
        assert!(first.2.starts_with("usage_2"), "{first:?}");
    })
    .await;
}

#[tokio::test]
async fn two_that_add_the_same_add_it_once() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let now = Utc::now();
        let events: Vec<_> = (0..200).map(|_| testing::event(org, key, account, now)).collect();
        let (a, b) = tokio::join!(
            add_missing(&store.jobs, org, &events, true),
            add_missing(&store.jobs, org, &events, true)
        );
        let added = [a.unwrap(), b.unwrap()].concat().into_iter().filter(|f| *f == Found::Added).count();
        assert_eq!(added, 200);
        let day = Duration::days(1);
        let verdict = verify::organisation(&store.jobs, org, now - day, now + day).await.unwrap();
        assert_eq!((verdict.requests, verdict.differences), (200, vec![]));
    })
    .await;
}

#[tokio::test]
async fn a_sum_that_is_wrong_is_found() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let now = Utc::now();
        ledger::write(&store.jobs, &[testing::event(org, key, account, now)]).await.unwrap();
        sqlx::query("update usage_rollups set charged_nanos = charged_nanos + 1 where org_id = $1")
            .bind(org.0)
            .execute(&store.jobs.0)
            .await
            .unwrap();
        let day = Duration::days(1);
        let verdict = verify::organisation(&store.jobs, org, now - day, now + day).await.unwrap();
        // The rollup itself, and the totals of the key and the organisation, which are compared with it.
        assert_eq!(verdict.differences.len(), 3, "{verdict:?}");
        assert_eq!(verdict.differences[0].stored[8], verdict.differences[0].expected[8] + 1);
        assert!(verdict.differences[1].what.starts_with("total "), "{verdict:?}");
    })
    .await;
}
