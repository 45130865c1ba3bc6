//! Failures in Postgres, as several instances write them.

use super::*;
use crate::testing;
use chrono::TimeDelta;

fn failure(org: OrgId, account: AccountId, at: DateTime<Utc>) -> Failure {
    let random = Uuid::now_v7().as_u128() & ((1 << 80) - 1);
    let ms = u128::from(at.timestamp_millis().unsigned_abs()) << 80;
    Failure {
        id: Uuid::from_u128(ms | random),
        org,
        account,
        request: RequestId(Uuid::now_v7()),
        at,
        model: "claude-haiku-4-5".to_owned(),
        cause: "overloaded".to_owned(),
        status: Some(529),
        message: "busy".to_owned(),
        took_ms: 12,
        until: Some(at + TimeDelta::seconds(10)),
        became: Became::MovedOn,
        instance: "i".to_owned(),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap()
}

#[tokio::test]
async fn what_is_written_twice_is_there_and_counted_once_and_only_for_its_own_organisation() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let one = failure(org, account, now());
        let silent =
            Failure { status: None, until: None, cause: "silent".to_owned(), ..failure(org, account, now()) };
        save(&store.jobs, std::slice::from_ref(&one)).await.unwrap();
        save(&store.jobs, &[one.clone(), silent.clone()]).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let found = list(&mut tx, account, None, 10).await.unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&one) && found.contains(&silent), "{found:?}");
        assert_eq!(list(&mut tx, account, Some(found[0].id), 10).await.unwrap(), [found[1].clone()]);
        let since = now() - TimeDelta::hours(1);
        let counts = counted(&mut tx, &[account], since).await.unwrap();
        assert_eq!(counts[&account], [("overloaded".to_owned(), 1), ("silent".to_owned(), 1)]);
        drop(tx);
        let mut tx = TenantTx::begin(&store.app, OrgId(Uuid::now_v7()), None).await.unwrap();
        assert_eq!(list(&mut tx, account, None, 10).await.unwrap(), []);
        assert!(counted(&mut tx, &[account], since).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_newest_of_each_account_are_kept_and_all_are_counted() {
    testing::with_store(async |store, _| {
        let (org, account, other) =
            (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let begin = now() - TimeDelta::hours(1);
        let of = |n: i64| failure(org, account, begin + TimeDelta::seconds(n));
        let all: Vec<_> = (0..KEPT + 5).map(of).collect();
        save(&store.jobs, &[failure(org, other, begin)]).await.unwrap();
        for some in all.chunks(50) {
            save(&store.jobs, some).await.unwrap();
        }
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let found = list(&mut tx, account, None, 1000).await.unwrap();
        let newest: Vec<_> = all.iter().rev().take(usize::try_from(KEPT).unwrap()).cloned().collect();
        assert_eq!(found, newest);
        assert_eq!(list(&mut tx, other, None, 10).await.unwrap().len(), 1);
        let counts = counted(&mut tx, &[account, other], begin - TimeDelta::minutes(15)).await.unwrap();
        assert_eq!(counts[&account][0].1, all.len() as u64);
    })
    .await;
}

#[tokio::test]
async fn a_text_with_what_postgres_cannot_keep_is_kept_without_it() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let odd = Failure { message: format!("a\0b{}", "é".repeat(600)), ..failure(org, account, now()) };
        save(&store.jobs, &[odd]).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let found = list(&mut tx, account, None, 10).await.unwrap();
        assert!(found[0].message.starts_with("abé") && found[0].message.chars().count() == 500);
    })
    .await;
}

#[tokio::test]
async fn what_is_older_than_thirty_days_is_forgotten() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let old = failure(org, account, now() - TimeDelta::days(31));
        let new = failure(org, account, now() - TimeDelta::days(29));
        save(&store.jobs, &[old, new.clone()]).await.unwrap();
        assert_eq!(forget_old(&store.jobs).await.unwrap(), 2);
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        assert_eq!(list(&mut tx, account, None, 10).await.unwrap(), [new]);
        let counts = counted(&mut tx, &[account], now() - TimeDelta::days(60)).await.unwrap();
        assert_eq!(counts[&account], [("overloaded".to_owned(), 1)]);
    })
    .await;
}
