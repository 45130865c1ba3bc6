//! Which rows a filter finds, and by which index.

use super::*;
use crate::testing;
use causeway_domain::OrgId;
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor};

#[test]
fn a_time_becomes_the_smallest_id_of_its_millisecond() {
    let at = DateTime::from_timestamp_millis(0x019a_0000_0000).unwrap();
    let id = first_id(at);
    assert_eq!(id.to_string(), "019a0000-0000-0000-0000-000000000000");
    assert_eq!(RequestId(id).started_ms(), at.timestamp_millis());
}

#[test]
fn only_stars_are_wild() {
    assert_eq!(like("claude_5%*"), "claude\\_5\\%%");
}

/// Thirty thousand requests of three organisations over a month, among them few of one account, member, model, outcome
/// and status.
const FILL: &str = "
    insert into usage (request_id, org_id, rev, key_id, user_id, account_id, dialect, provider, model, stream, status,
      outcome, estimated, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
      reasoning_tokens, cost_nanos, charged_nanos, price, started_at, duration_ms)
    select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - (30000 - g)::bigint * 80000), 12, '0')
        || '7' || substr(md5(g::text), 1, 3) || '8' || substr(md5(g::text), 4, 15))::uuid,
      ('00000000-0000-7000-8000-00000000000' || g % 3)::uuid, 1,
      ('00000000-0000-7000-8000-0000000001' || lpad((g % 60)::text, 2, '0'))::uuid,
      ('00000000-0000-7000-8000-00000000030' || case when g % 997 = 0 then 9 else g % 9 end)::uuid,
      ('00000000-0000-7000-8000-00000000020' || case when g % 1009 = 0 then 9 else g % 9 end)::uuid,
      'anthropic_messages', 'anthropic', case when g % 1511 = 0 then 'rare-' || g % 4 else 'claude-' || g % 5 end, true,
      case when g % 811 = 0 then 429 else 200 end, case when g % 701 = 0 then 'upstream_cut' else 'completed' end,
      false, 1, 1, 1, 1, 1, 0, 1, 1, '{}', now(), 1
    from generate_series(1, 30000) g";

#[tokio::test]
async fn each_filter_that_finds_few_goes_by_its_index_also_behind_row_level_security() {
    testing::with_store(|store, args| async move {
        crate::upkeep::make_partitions(&store.jobs).await.unwrap();
        sqlx::query(FILL).execute(&store.jobs.0).await.unwrap();
        let mut owner =
            sqlx::PgConnection::connect(args.database_url.unwrap().expose_secret()).await.unwrap();
        owner.execute("analyze usage").await.unwrap();
        let id = |end: &str| format!("00000000-0000-7000-8000-000000000{end}").parse::<Uuid>().unwrap();
        let mut tx = TenantTx::begin(&store.app, OrgId(id("001")), None).await.unwrap();
        for (filter, index) in [
            (Filter::default(), "request_id"),
            (Filter { key: Some(KeyId(id("101"))), ..Filter::default() }, "key_id_request_id"),
            (Filter { account: Some(AccountId(id("209"))), ..Filter::default() }, "account_id_request_id"),
            (Filter { member: Some(UserId(id("309"))), ..Filter::default() }, "user_id_request_id"),
            (Filter { user: Some(UserId(id("309"))), ..Filter::default() }, "user_id_request_id"),
            (Filter { model: Some("rare-1"), ..Filter::default() }, "org_id_model_request_id"),
            (Filter { model: Some("rare-*"), ..Filter::default() }, "org_id_model_request_id"),
            (Filter { status: Some(429), ..Filter::default() }, "org_id_status_request_id"),
            (
                Filter { outcome: Some(Outcome::UpstreamCut), ..Filter::default() },
                "org_id_outcome_request_id",
            ),
        ] {
            let mut query = narrowed(&format!("explain {SELECT}"), &tx, &filter);
            query.push(" order by r.request_id desc limit 51");
            let plan: Vec<String> =
                query.build_query_scalar().persistent(false).fetch_all(tx.conn()).await.unwrap();
            // Partitions that are empty are read whole.
            let whole =
                plan.iter().any(|line| line.contains("Seq Scan on usage_") && !line.contains("rows=1 "));
            assert!(
                plan.iter().any(|line| line.contains(index)) && !whole,
                "{filter:?}\n{}",
                plan.join("\n")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_pattern_finds_what_begins_alike_and_nothing_else() {
    testing::with_store(|store, _| async move {
        let org = OrgId(Uuid::now_v7());
        let models =
            ["claude-5", "claude-5-opus", "claude-50", "claude_5", "Claude-5", "xclaude-5", "模型-5", "模型"];
        let events = models.map(|model| {
            let event = testing::event(org, Uuid::now_v7().into(), Uuid::now_v7().into(), Utc::now());
            crate::ledger::UsageEvent { model: model.to_owned(), ..event }
        });
        crate::ledger::write(&store.jobs, &events).await.unwrap();
        let mut tx = TenantTx::begin(&store.app, org, None).await.unwrap();
        for (pattern, expected) in [
            ("claude-5", vec!["claude-5"]),
            ("claude-5*", vec!["claude-5", "claude-5-opus", "claude-50"]),
            ("*claude-5", vec!["claude-5", "xclaude-5"]),
            ("claude*0", vec!["claude-50"]),
            ("模*", vec!["模型", "模型-5"]),
            ("*", models.to_vec()),
            ("%", vec![]),
        ] {
            let filter = Filter { model: Some(pattern), ..Filter::default() };
            let mut found: Vec<_> =
                list(&mut tx, &filter, 10).await.unwrap().into_iter().map(|r| r.model).collect();
            let mut expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{pattern}");
        }
    })
    .await;
}
