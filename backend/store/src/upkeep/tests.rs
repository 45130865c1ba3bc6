//! Months come and go, sums stay.

use super::*;
use crate::{Store, TenantTx, lag, ledger, requests, testing};
use causeway_domain::OrgId;
use chrono::{DateTime, TimeZone};
use uuid::Uuid;

fn month(months_ago: u32) -> NaiveDate {
    Utc::now().date_naive().with_day(1).unwrap() - Months::new(months_ago)
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    Utc.from_utc_datetime(&day.and_hms_opt(12, 0, 0).unwrap())
}

async fn names(store: &Store) -> Vec<String> {
    lag::partitions(&store.jobs).await.unwrap().into_iter().map(|p| p.name).collect()
}

async fn make_partition(store: &Store, day: NaiveDate) -> String {
    let made = sqlx::query_scalar("select usage_make_partition($1)").bind(day);
    made.fetch_one(&store.jobs.0).await.unwrap()
}

#[test]
fn this_month_and_as_many_before_it_are_kept() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(first_kept(day("2026-11-20"), 0), None);
    assert_eq!(first_kept(day("2026-11-20"), 1), Some(day("2026-10-01")));
    assert_eq!(first_kept(day("2026-03-31"), 13), Some(day("2025-02-01")));
}

#[tokio::test]
async fn whole_months_of_requests_go_and_sums_and_totals_stay() {
    testing::with_store(|store, _| async move {
        make_partitions(&store.jobs).await.unwrap();
        let org = OrgId(Uuid::now_v7());
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let event = |months| testing::event(org, key, account, noon(month(months)));
        // The oldest has no partition and is put into the default one.
        let events = [event(0), event(1), event(2), event(9)];
        for months in [1, 2] {
            make_partition(&store, month(months)).await;
        }
        ledger::write(&store.jobs, &events).await.unwrap();

        assert_eq!(forget_months(&store.jobs, 0).await.unwrap(), Vec::<String>::new());
        let gone = forget_months(&store.jobs, 1).await.unwrap();
        assert_eq!(gone, [format!("usage_{}", month(2).format("%Y_%m"))]);
        assert!(!names(&store).await.contains(&gone[0]));
        assert_eq!(forget_months(&store.jobs, 1).await.unwrap(), Vec::<String>::new());

        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let left = requests::list(&mut tx, &requests::Filter::default(), 10).await.unwrap();
        let ids: Vec<_> = left.iter().map(|r| r.request_id).collect();
        assert_eq!(ids, [events[0].request.0, events[1].request.0]);
        let sums: (i64, i64) = sqlx::query_as(
            "select (select sum(requests)::bigint from usage_rollups where org_id = $1),
                    (select requests from budget_totals where org_id = $1 and scope = 'key')",
        )
        .bind(org.0)
        .fetch_one(&store.jobs.0)
        .await
        .unwrap();
        assert_eq!(sums, (4, 4));
        // What is forgotten is no difference: the comparison begins with the oldest row that is there.
        let all = (noon(month(20)), Utc::now() + chrono::Duration::days(1));
        let verdict = crate::verify::organisation(&store.jobs, org, all.0, all.1).await.unwrap();
        assert_eq!((verdict.requests, verdict.differences), (2, vec![]));
    })
    .await;
}

#[tokio::test]
async fn the_current_month_cannot_be_dropped() {
    testing::with_store(|store, _| async move {
        let next = Utc::now().date_naive() + Months::new(1);
        let refused = sqlx::query("select usage_drop_before($1)").bind(next).fetch_one(&store.jobs.0).await;
        assert!(refused.err().unwrap().to_string().contains("current month"));
    })
    .await;
}

#[tokio::test]
async fn a_month_that_has_rows_already_gets_its_partition_with_them() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let (key, account) = (Uuid::now_v7().into(), Uuid::now_v7().into());
        let event = testing::event(org, key, account, noon(month(5)));
        ledger::write(&store.jobs, std::slice::from_ref(&event)).await.unwrap();
        let made = make_partition(&store, month(5)).await;
        assert!(names(&store).await.contains(&made));
        // Still one row, found through the parent; and row-level security holds in the new partition too.
        ledger::write(&store.jobs, &[event]).await.unwrap();
        for (who, count) in [(org, 1), (OrgId(Uuid::now_v7()), 0)] {
            let mut tx = TenantTx::begin(&store.app, who, None).await.unwrap();
            let rows = requests::list(&mut tx, &requests::Filter::default(), 10).await.unwrap();
            assert_eq!(rows.len(), count);
        }
    })
    .await;
}
