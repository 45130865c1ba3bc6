//! The audit log: found by whatever one asks for, taken out as a file, and never altered.

use crate::world::{self, World};
use causeway_domain::Role;
use chrono::{Duration, Utc};
use serde_json::{Value, json};
use sqlx::Connection;

async fn found(world: &World, token: &str, query: &str) -> Vec<String> {
    let answer = world.get(&format!("/audit?{query}"), Some(token)).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let items = answer.body["items"].as_array().unwrap().clone();
    items.iter().map(|l| l["action"].as_str().unwrap().to_owned()).collect()
}

fn time(at: chrono::DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[tokio::test]
async fn lines_are_found_by_who_what_when_and_any_text() {
    world::with_owner(|world, made, owner| async move {
        let grace = world.person(made, Role::Admin, "grace@example.com").await;
        let token = world.sign_in("grace@example.com").await;
        let (key, _) = world.key(&token, "Trainee's laptop").await;
        world.patch(&format!("/keys/{key}"), Some(&owner), json!({"name": "Trainee's desktop"})).await;
        assert_eq!(found(&world, &owner, "action=key").await, ["key.update", "key.create"]);
        assert_eq!(found(&world, &owner, "action=key.").await.len(), 2);
        assert_eq!(found(&world, &owner, "action=key.create").await, ["key.create"]);
        assert_eq!(found(&world, &owner, "action=ke").await, Vec::<String>::new(), "whole words");
        assert_eq!(
            found(&world, &owner, &format!("actor_id={grace}")).await,
            ["key.create", "session.begin"]
        );
        assert_eq!(found(&world, &owner, &format!("target_id={key}")).await.len(), 2);
        assert_eq!(found(&world, &owner, "target_kind=key&actor_kind=user").await.len(), 2);
        assert_eq!(found(&world, &owner, "actor_kind=operator").await.len(), 0);
        assert_eq!(found(&world, &owner, "query=LAPTOP").await.len(), 2, "in how it was and how it is");
        assert_eq!(found(&world, &owner, "query=desktop").await, ["key.update"]);
        assert_eq!(found(&world, &owner, "query=%25&action=key").await.len(), 0, "nothing is a wildcard");
        let later = time(Utc::now() + Duration::hours(1));
        assert_eq!(found(&world, &owner, &format!("from={later}")).await.len(), 0);
        assert!(found(&world, &owner, &format!("to={later}")).await.len() >= 4);
        let all = world.get("/audit", Some(&owner)).await;
        let call = all.body["items"][0]["request_id"].as_str().unwrap();
        assert_eq!(found(&world, &owner, &format!("request_id={call}")).await, ["key.update"]);
        // Page by page nothing is missing and nothing comes twice.
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/audit?limit=1{cursor}"), Some(&owner)).await;
            ids.extend(page.body["items"].as_array().unwrap().iter().map(|l| l["id"].clone()));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let whole: Vec<Value> =
            all.body["items"].as_array().unwrap().iter().map(|l| l["id"].clone()).collect();
        assert_eq!(ids, whole);
        for bad in ["actor_id=x", "from=yesterday", "limit=0", "who=me"] {
            let refused = world.get(&format!("/audit?{bad}"), Some(&owner)).await.status.as_u16();
            assert!([400, 422].contains(&refused), "{bad}: {refused}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_organisations_lines_are_not_found_by_anything() {
    world::with_owner(|world, made, owner| async move {
        world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let (key, _) = world.key(&owner, "a").await;
        for query in [
            format!("target_id={key}"),
            format!("actor_id={}", made.user),
            format!("organization_id={}", made.org),
            format!("query={key}"),
        ] {
            assert_eq!(found(&world, &rival, &query).await, Vec::<String>::new(), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_export_has_every_line_that_matches_in_both_forms() {
    world::with_owner(|world, _, owner| async move {
        for name in ["=1+1", "b", "c"] {
            world.key(&owner, name).await;
        }
        let lines = world.get("/audit/export?format=jsonl&action=key", Some(&owner)).await;
        let text = lines.body.as_str().unwrap();
        let names: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["after"]["name"].clone())
            .collect();
        assert_eq!(names, ["=1+1", "b", "c"], "oldest first");
        let table = world.get("/audit/export?action=key", Some(&owner)).await;
        assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
        let text = table.body.as_str().unwrap();
        assert_eq!(text.lines().count(), 4);
        let columns = text.lines().next().unwrap().trim_start_matches('\u{feff}').split(',').count();
        assert_eq!(columns, 16);
        assert!(text.contains("key.create") && table.headers["content-disposition"].to_str().unwrap().contains("audit-engines"));
        // More than one page of them.
        world
            .meddle(
                "audit",
                "insert into audit (id, org_id, actor_kind, action, target_kind)
                 select ('0190' || substr(md5(n::text), 1, 8) || '7' || substr(md5(n::text), 9, 19))::uuid, o.id, 'job', 'test.line', 'test'
                 from generate_series(1, 1203) n, organisations o",
            )
            .await;
        let lines = world.get("/audit/export?format=jsonl&action=test", Some(&owner)).await;
        assert_eq!(lines.body.as_str().unwrap().lines().count(), 1203);
    })
    .await;
}

#[tokio::test]
async fn operators_read_the_installations_lines_and_their_own_and_no_more() {
    world::with_owner(|world, _, operator| async move {
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        world.key(&rival, "theirs").await;
        let path = format!("/operator/organizations/{}", rivals.org);
        world.patch(&path, Some(&operator), json!({"multiplier": "2"})).await;
        let said = json!({"level": "info", "text_en": "Hello"});
        world.post("/operator/announcements", Some(&operator), said).await;
        let log = world.get("/operator/audit", Some(&operator)).await;
        let lines: Vec<_> = log.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| (l["action"].as_str().unwrap(), l["organization"].as_str()))
            .collect();
        assert_eq!(lines, [("announcement.create", None), ("organization.decide", Some("Rivals"))]);
        let only =
            world.get(&format!("/operator/audit?organization_id={}", rivals.org), Some(&operator)).await;
        assert_eq!(only.body["items"].as_array().unwrap().len(), 1);
        let file = world.get("/operator/audit/export?format=jsonl", Some(&operator)).await;
        assert_eq!(file.body.as_str().unwrap().lines().count(), 2);
    })
    .await;
}

#[tokio::test]
async fn nobody_can_change_or_remove_a_line() {
    world::with_owner(|world, _, _| async move {
        let mut owner = world.connection(None).await;
        let granted: Vec<(String, String)> = sqlx::query_as(
            "select r.rolname::text, p.privilege from pg_roles r,
               unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p (privilege)
             where (r.rolname like 'causeway\\_%' or r.rolname = 'public') and not r.rolsuper
               and has_table_privilege(r.oid, 'audit', p.privilege)",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert_eq!(granted, []);
        let columns: i64 = sqlx::query_scalar(
            "select count(*) from pg_roles r, information_schema.columns c
             where r.rolname like 'causeway\\_%' and not r.rolsuper and c.table_name = 'audit'
               and has_column_privilege(r.oid, 'audit', c.column_name::text, 'UPDATE')",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert_eq!(columns, 0);
        // Nor the owner of the database by mistake, with row-level security or without.
        for statement in ["update audit set action = 'x'", "delete from audit", "truncate audit"] {
            let script = format!("begin; alter table audit no force row level security; {statement}; commit");
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut owner).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
            sqlx::raw_sql("rollback").execute(&mut owner).await.unwrap();
        }
        owner.close().await.unwrap();
    })
    .await;
}
