//! A database in which row-level security does not hold is not served from.

use super::*;
use crate::{AppDb, testing};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection;
use url::Url;

fn told(result: StoreResult<()>) -> String {
    match result {
        Err(StoreError::Unfit(problem)) => problem,
        other => format!("{other:?}"),
    }
}

fn walls() -> Walls {
    Walls { role_bypasses: false, user_bypasses: false, row_security: true, open: Vec::new() }
}

#[test]
fn whoever_signed_in_must_be_bound_as_well_as_the_role_taken_since() {
    assert!(walls().judge().is_ok());
    for bad in [Walls { role_bypasses: true, ..walls() }, Walls { user_bypasses: true, ..walls() }] {
        assert!(told(bad.judge()).contains("neither superuser nor bypassrls"));
    }
}

#[tokio::test]
async fn a_table_without_forced_policies_and_a_setting_that_is_off_are_named() {
    testing::with_store(|store, args| async move {
        store.check_walls().await.unwrap();
        let url = args.database_url().unwrap();
        let mut owner = PgConnection::connect(url.expose_secret()).await.unwrap();
        owner.execute("alter table memberships no force row level security").await.unwrap();
        owner.execute("create table newcomers (org_id uuid)").await.unwrap();
        let problem = told(store.check_walls().await);
        assert!(problem.contains("on the table memberships and 1 more"), "{problem}");
        owner
            .execute("alter table memberships force row level security; drop table newcomers")
            .await
            .unwrap();
        store.check_walls().await.unwrap();

        let mut off = Url::parse(url.expose_secret()).unwrap();
        off.query_pairs_mut().append_pair("options", "-c row_security=off");
        let off = AppDb::connect(&SecretString::from(off.to_string()), 1).await.unwrap();
        assert!(told(off.check().await).contains("row_security is off"));
        off.close().await;
    })
    .await;
}

/// Everybody finds that there is no such role, one makes it, and the others must not go on believing that there is none.
#[tokio::test]
async fn instances_that_start_together_make_each_role_once() {
    testing::with_store(|_, args| async move {
        let url = args.database_url().unwrap();
        let mut connections = Vec::new();
        for _ in 0..12 {
            connections.push(PgConnection::connect(url.expose_secret()).await.unwrap());
        }
        let mut owner = PgConnection::connect(url.expose_secret()).await.unwrap();
        for round in 0..8 {
            let role = format!("causeway_test_{}_{round}", std::process::id());
            let made =
                futures_util::future::join_all(connections.iter_mut().map(|c| ensure_one(c, &role))).await;
            owner.execute(sqlx::AssertSqlSafe(format!("drop role {role}"))).await.unwrap();
            for result in made {
                result.unwrap();
            }
        }
    })
    .await;
}
