//! Checks in Postgres, as several instances run them.

use super::*;
use crate::{
    cooldowns::{self, Cooldown},
    testing,
};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(Utc::now().timestamp_millis()).unwrap()
}

#[tokio::test]
async fn a_check_is_taken_on_once_and_the_newest_are_kept() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let due = |n: i64| now() - TimeDelta::days(2) + TimeDelta::minutes(n);
        let begin = due(0);
        let due = |n: i64| begin + TimeDelta::minutes(n);
        assert!(take(&store.jobs, org, account, due(0)).await.unwrap());
        assert!(!take(&store.jobs, org, account, due(0)).await.unwrap());
        let outcome = json!({"ok": true});
        for n in 1..KEPT + 3 {
            assert!(take(&store.jobs, org, account, due(n)).await.unwrap());
            finish(&store.jobs, org, account, due(n), (&outcome, n == 5)).await.unwrap();
        }
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        let found = list(&mut tx, account).await.unwrap();
        let newest: Vec<_> = (3..KEPT + 3)
            .rev()
            .map(|n| Check { due_at: due(n), outcome: Some(outcome.clone()), ended_rest: n == 5 })
            .collect();
        assert_eq!(found, newest);
        drop(tx);
        let mut tx = TenantTx::begin(&store.app, OrgId(Uuid::now_v7()), None).await.unwrap();
        assert_eq!(list(&mut tx, account).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn a_rest_is_ended_for_its_cause_only_and_not_when_it_began_after_the_check() {
    testing::with_store(async |store, _| {
        let (org, account) = (OrgId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let began = now();
        let rest = |cause: &str, failed_at: DateTime<Utc>, scope: &str| Cooldown {
            org,
            account,
            scope: scope.to_owned(),
            cause: cause.to_owned(),
            detail: String::new(),
            level: 3,
            failed_at,
            until: failed_at + TimeDelta::hours(1),
        };
        let causes = ["bad_credential".to_owned()];
        let end = async || end_rest(&store.jobs, org, account, &causes, began).await.unwrap();
        assert!(!end().await);
        let earlier = began - TimeDelta::seconds(5);
        cooldowns::save(
            &store.jobs,
            &[rest("limited", earlier, ""), rest("bad_credential", earlier, "model:m")],
        )
        .await
        .unwrap();
        assert!(!end().await);
        cooldowns::save(&store.jobs, &[rest("bad_credential", began + TimeDelta::seconds(1), "")])
            .await
            .unwrap();
        assert!(!end().await);
        cooldowns::end(&store.jobs, org, account, "", began + TimeDelta::seconds(2)).await.unwrap();
        cooldowns::save(&store.jobs, &[rest("bad_credential", earlier, "")]).await.unwrap();
        assert!(end().await);
        assert!(!end().await, "its time is over already");
        let all = cooldowns::all(&store.jobs).await.unwrap();
        let whole = all.iter().find(|c| c.scope.is_empty()).unwrap();
        assert!(whole.until <= Utc::now() && whole.level == 3, "it stays known until a request succeeds");
    })
    .await;
}
