//! The second wall: what each database role can reach of another organisation by a statement that forgets its `where`.
//! The tables come from the database's own catalogue, so that a new one cannot be forgotten.

use crate::{Store, TenantTx, testing};
use causeway_domain::OrgId;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A row of each table, parents first. `{id}` is a new identifier; `{<table>}` is the organisation's row of that table.
const SEEDS: &[(&str, &str)] = &[
    ("organisations", "(id, name, slug) values ('{org}', 'Test', 'test-{id}')"),
    ("memberships", "(org_id, user_id, role) values ('{org}', '{users}', 'owner')"),
    ("former_members", "(org_id, user_id) values ('{org}', '{users}')"),
    (
        "upstream_accounts",
        "(id, org_id, name, provider, base_url, credential) values ('{id}', '{org}', 'a', 'anthropic', 'http://a', '')",
    ),
    ("api_keys", "(id, org_id, name, hash, prefix) values ('{id}', '{org}', 'k', sha256('{id}'), 'cw')"),
    ("pools", "(id, org_id, name, strategy) values ('{id}', '{org}', '{id}', 'round_robin')"),
    ("pool_members", "(org_id, pool_id, account_id) values ('{org}', '{pools}', '{upstream_accounts}')"),
    (
        "proxies",
        "(id, org_id, name, scheme, host, port) values ('{id}', '{org}', '{id}', 'http', 'proxy.example', 3128)",
    ),
    ("key_batches", "(id, org_id, keys) values ('{id}', '{org}', 1)"),
    ("price_overrides", "(org_id, model, price, effective_from) values ('{org}', 'm', '{}', now())"),
    ("provider_multipliers", "(org_id, provider, multiplier) values ('{org}', 'anthropic', 1)"),
    ("client_rules", "(org_id, version, rules) values ('{org}', 1, '[]')"),
    (
        "model_routes",
        "(org_id, position, kind, pattern, targets, keeps_original) values ('{org}', 0, 'alias', 'm', '[]', false)",
    ),
    (
        "oauth_flows",
        "(id, org_id, user_id, session_id, provider, kind, expires_at) values ('{id}', '{org}', '{users}', '{id}', 'p', \
        'device', now())",
    ),
    ("policy_outbox", "(org_id, version) values ('{org}', 2)"),
    (
        "usage",
        "(request_id, org_id, rev, key_id, account_id, dialect, provider, model, stream, status, outcome, estimated, \
        input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, \
        cost_nanos, charged_nanos, price, started_at, duration_ms) values ('{id}', '{org}', 1, '{id}', '{id}', 'd', 'p', 'm', \
        true, 200, 'completed', false, 1, 2, 3, 4, 5, 0, 1, 1, '{}', now(), 1)",
    ),
    (
        "usage_rollups",
        "(org_id, bucket, key_id, account_id, model, requests, errors, input_tokens, output_tokens, \
        cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos) values ('{org}', now(), \
        '{id}', '{id}', 'm', 1, 0, 1, 2, 3, 4, 5, 1, 1)",
    ),
    ("budget_totals", "(org_id, scope, scope_id, nanos, tokens) values ('{org}', 'key', '{id}', 1, 1)"),
    ("usage_dead_letters", "(request_id, org_id, event, error) values ('{id}', '{org}', '{}', 'e')"),
    (
        "request_attempts",
        "(request_id, org_id, key_id, model, status, code, steps) values ('{id}', '{org}', '{id}', 'm', 429, 'c', '[]')",
    ),
    (
        "account_cooldowns",
        "(org_id, account_id, scope, cause, level, failed_at, until) values ('{org}', '{id}', '', 'limited', 1, now(), now())",
    ),
    ("account_health", "(org_id, account_id) values ('{org}', '{id}')"),
    (
        "account_failures",
        "(id, org_id, account_id, request_id, failed_at, model, cause, message, took_ms, became, instance) values \
        ('{id}', '{org}', '{id}', '{id}', now(), 'm', 'limited', '', 1, 'moved_on', 'i')",
    ),
    (
        "account_failure_counts",
        "(org_id, account_id, bucket, cause, failures) values ('{org}', '{id}', now(), 'limited', 1)",
    ),
    ("account_checks", "(org_id, account_id, due_at) values ('{org}', '{id}', now())"),
    (
        "credit_entries",
        "(id, org_id, kind, amount_nanos, actor_kind) values ('{id}', '{org}', 'credit', 1, 'cli')",
    ),
    (
        "invitations",
        "(id, org_id, email, role, hash, mailed, expires_at) values ('{id}', '{org}', '{id}@example.com', 'viewer', sha256('{id}'), false, now())",
    ),
    (
        "account_shares",
        "(id, org_id, email, provider, mailed, expires_at) values ('{id}', '{org}', '{id}@example.com', 'anthropic', false, \
        now())",
    ),
    (
        "registration_links",
        "(id, org_id, hash, role, max_uses, expires_at) values ('{id}', '{org}', sha256('{id}'), 'viewer', 1, now())",
    ),
    (
        "registrations",
        "(id, org_id, link_id, email, name, password_hash, claim_hash, state, expires_at) values ('{id}', '{org}', \
        '{registration_links}', 'r@example.com', 'R', 'x', sha256('{id}'), 'waiting', now())",
    ),
    (
        "oidc_providers",
        "(id, org_id, name, issuer, scopes) values ('{id}', '{org}', 'i', 'https://i.example', '{}')",
    ),
    ("organisation_domains", "(org_id, domain) values ('{org}', '{id}.example')"),
    (
        "oidc_identities",
        "(id, org_id, issuer, subject, user_id) values ('{id}', '{org}', 'i', '{id}', '{users}')",
    ),
    (
        "oidc_attempts",
        "(state_hash, browser_hash, org_id, provider_id, return_to, expires_at) values (sha256('{id}'), \
        sha256('{id}'), '{org}', '{oidc_providers}', '/', now())",
    ),
    (
        "api_tokens",
        "(id, org_id, user_id, name, hash, prefix, scopes, expires_at) values ('{id}', '{org}', '{users}', 't', \
        sha256('{id}'), 'cwt', '{keys:read}', now())",
    ),
    (
        "operator_entries",
        "(id, org_id, user_id, session_id, role, reason, expires_at) values ('{id}', '{org}', '{users}', '{id}', \
        'viewer', 'r', now() + interval '1 hour')",
    ),
    (
        "announcements",
        "(id, org_id, by_operator, level, text_en, text_zh) values ('{id}', '{org}', false, 'info', 'Hello', '')",
    ),
    (
        "announcements",
        "(id, org_id, by_operator, level, text_en, text_zh) values ('{id}', '{org}', true, 'info', 'Hello', '')",
    ),
    (
        "audit",
        "(id, org_id, actor_kind, actor_id, action, target_kind) values ('{id}', '{org}', 'user', '{users}', 'a', 't')",
    ),
    (
        "audit",
        "(id, org_id, actor_kind, actor_id, action, target_kind) values ('{id}', '{org}', 'operator', '{users}', 'a', 't')",
    ),
];

/// They name an organisation and are a person's: read only by that person's id, or by the hash of what only they hold.
const OF_A_PERSON: &[&str] = &["reset_links", "sessions", "sign_in_challenges"];

/// What the admin API finds by the person and not by the organisation: whether they are inside it as the operator.
const BY_PERSON: &str = "operator_entries";

/// All that reaches across organisations, with its reason. Whatever is not here ends at the wall.
const ACROSS: &[(&str, &str, &[&str])] = &[
    // One instance serves everybody's keys and accounts, at everybody's prices and limits.
    (
        "relay",
        "sees",
        &[
            "api_keys",
            "client_rules",
            "memberships",
            "model_routes",
            "organisations",
            "pool_members",
            "pools",
            "price_overrides",
            "provider_multipliers",
            "proxies",
            "upstream_accounts",
        ],
    ),
    // The ledger writes what everybody has used.
    (
        "jobs",
        "sees",
        &[
            "account_checks",
            "account_cooldowns",
            "account_failure_counts",
            "account_failures",
            "account_health",
            "budget_totals",
            "request_attempts",
            "usage",
            "usage_dead_letters",
            "usage_rollups",
        ],
    ),
    (
        "jobs",
        "adds",
        &[
            "account_checks",
            "account_cooldowns",
            "account_failure_counts",
            "account_failures",
            "account_health",
            "budget_totals",
            "request_attempts",
            "usage",
            "usage_dead_letters",
            "usage_rollups",
        ],
    ),
    (
        "jobs",
        "changes",
        &[
            "account_checks",
            "account_cooldowns",
            "account_failure_counts",
            "account_failures",
            "account_health",
            "budget_totals",
            "request_attempts",
            "usage",
            "usage_rollups",
        ],
    ),
    (
        "jobs",
        "removes",
        &[
            "account_checks",
            "account_cooldowns",
            "account_failure_counts",
            "account_failures",
            "account_health",
            "request_attempts",
        ],
    ),
    // It notes the first use of keys and purges deleted ones, knows windows and planned prices, and writes lines of its own.
    ("jobs", "sees", &["api_keys", "organisations", "price_overrides"]),
    ("jobs", "changes", &["api_keys"]),
    ("jobs", "adds", &["audit"]),
    // It has new tokens for accounts, tells everybody of them, and seals all secrets again with another key.
    ("jobs", "sees", &["oidc_providers", "upstream_accounts"]),
    ("jobs", "changes", &["oidc_providers", "organisations", "upstream_accounts"]),
    // It refreshes on the account's own way.
    ("jobs", "sees", &["pool_members", "pools", "proxies"]),
    ("jobs", "changes", &["proxies"]),
    // It forgets authorisations that nobody came back from.
    ("jobs", "sees", &["oauth_flows"]),
    ("jobs", "removes", &["oauth_flows"]),
    // It tidies up, and sends what others have left in the outbox.
    ("jobs", "sees", &["account_shares", "invitations", "oidc_attempts", "policy_outbox", "registrations"]),
    (
        "jobs",
        "removes",
        &["account_shares", "invitations", "oidc_attempts", "policy_outbox", "registrations"],
    ),
    ("jobs", "adds", &["policy_outbox"]),
    ("jobs", "changes", &["policy_outbox"]),
    // Who runs the installation lists organisations with what they use and owe, and what could not be written of it, and
    // enters and tells them things; of the log, what operators did.
    (
        "operator",
        "sees",
        &[
            "announcements",
            "api_keys",
            "audit",
            "budget_totals",
            "credit_entries",
            "memberships",
            "operator_entries",
            "organisation_domains",
            "organisations",
            "provider_multipliers",
            "upstream_accounts",
            "usage_dead_letters",
            "usage_rollups",
        ],
    ),
    ("operator", "adds", &["announcements"]),
    ("operator", "changes", &["announcements"]),
];

/// How far a statement reaches from inside the first organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nothing,
    Own,
    All,
}

/// Two organisations, each with a row in every table.
struct Pair {
    owner: PgConnection,
    own: Tenant,
    other: Tenant,
}

/// The newest row of each table.
struct Tenant {
    org: OrgId,
    rows: BTreeMap<&'static str, Uuid>,
}

impl Tenant {
    /// A statement that adds one more row.
    fn insert(&self, table: &str, values: &str, id: Uuid) -> String {
        let mut statement = format!("insert into {table} {values}")
            .replace("{id}", &id.to_string())
            .replace("{org}", &self.org.to_string());
        for (table, id) in &self.rows {
            statement = statement.replace(&format!("{{{table}}}"), &id.to_string());
        }
        statement
    }
}

impl Pair {
    async fn new(store: &Store, mut owner: PgConnection) -> Self {
        sqlx::query("select usage_make_partition(now()::date)").execute(&store.jobs.0).await.unwrap();
        for table in tables(&mut owner).await {
            run(&mut owner, &format!("alter table {table} no force row level security")).await;
        }
        let mut tenants = Vec::new();
        for _ in 0..2 {
            let mut tenant = Tenant { org: OrgId(Uuid::now_v7()), rows: BTreeMap::new() };
            let user = Uuid::now_v7();
            tenant.rows.insert("users", user);
            let person =
                format!("insert into users (id, email, name) values ('{user}', '{user}@example.com', 'Ada')");
            run(&mut owner, &person).await;
            for (table, values) in SEEDS {
                let id = if *table == "organisations" { tenant.org.0 } else { Uuid::now_v7() };
                run(&mut owner, &tenant.insert(table, values, id)).await;
                tenant.rows.insert(table, id);
            }
            // One that is in no month's partition.
            let (_, values) = SEEDS.iter().find(|(table, _)| *table == "usage").unwrap();
            run(&mut owner, &tenant.insert("usage", values, Uuid::new_v4())).await;
            tenants.push(tenant);
        }
        let (other, own) = (tenants.pop().unwrap(), tenants.pop().unwrap());
        Self { owner, own, other }
    }

    /// Rows of the first organisation, and of all.
    async fn rows(&mut self, table: &str) -> (u64, u64) {
        let own = format!("select from {table} where {} = '{}'", column(table), self.own.org);
        (run(&mut self.owner, &own).await, run(&mut self.owner, &format!("select from {table}")).await)
    }

    async fn reach(&mut self, db: &PgPool, table: &str, statement: &str) -> Reach {
        let own = self.own.org.to_string();
        let (Some(rows), (mine, all)) = (touched(db, &own, statement).await, self.rows(table).await) else {
            return Reach::Nothing;
        };
        assert!(rows <= all, "{statement}");
        // Where the role may not ask whose a row is, their number tells.
        let others = format!("{statement} where {} <> '{own}'", column(table));
        let others = touched(db, &own, &others).await.unwrap_or(rows.saturating_sub(mine));
        match (rows, others) {
            (0, _) => Reach::Nothing,
            (_, 0) => Reach::Own,
            _ => Reach::All,
        }
    }

    /// How far each verb reaches for a role.
    async fn reaches(&mut self, db: &PgPool, table: &str) -> [(&'static str, Reach); 4] {
        let sees = self.reach(db, table, &format!("select from {table}")).await;
        let changes = match changeable(db, table).await {
            Some(column) => self.reach(db, table, &format!("update {table} set {column} = {column}")).await,
            None => Reach::Nothing,
        };
        let removes = self.reach(db, table, &format!("delete from {table}")).await;
        let mut adds = Reach::Nothing;
        for (_, values) in SEEDS.iter().filter(|(name, _)| *name == table) {
            for (tenant, reach) in [(&self.own, Reach::Own), (&self.other, Reach::All)] {
                let statement = tenant.insert(table, values, Uuid::now_v7());
                if touched(db, &self.own.org.to_string(), &statement).await.is_some() {
                    adds = adds.max(reach);
                }
            }
        }
        [("sees", sees), ("changes", changes), ("removes", removes), ("adds", adds)]
    }
}

/// The tables of tenants, partitions not counted.
async fn tables(owner: &mut PgConnection) -> BTreeSet<String> {
    let found: Vec<String> = sqlx::query_scalar(
        "select c.table_name::text from information_schema.columns c
         join pg_class t on t.oid = ('public.' || c.table_name)::regclass
         where c.table_schema = 'public' and c.column_name = 'org_id' and not t.relispartition
           and t.relkind in ('r', 'p')",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let own = found.into_iter().filter(|table| !OF_A_PERSON.contains(&table.as_str()));
    own.chain(["organisations".to_owned()]).collect()
}

/// The column that says whose a row is.
fn column(table: &str) -> &'static str {
    if table == "organisations" { "id" } else { "org_id" }
}

/// As the owner of the database, whom walls that are not forced do not stop.
async fn run(owner: &mut PgConnection, statement: &str) -> u64 {
    let done = owner.execute(AssertSqlSafe(statement.to_owned())).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}")).rows_affected()
}

/// As many rows as a statement touches in a transaction that is rolled back; `None` where it is not allowed. A row that
/// contradicts another one has come past the wall.
async fn touched(db: &PgPool, org: &str, statement: &str) -> Option<u64> {
    let mut tx = db.begin().await.unwrap();
    sqlx::query("select set_config('cw.org', $1, true)").bind(org).execute(&mut *tx).await.unwrap();
    match tx.execute(AssertSqlSafe(statement.to_owned())).await {
        Ok(done) => Some(done.rows_affected()),
        Err(error) => {
            let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
            assert!(code == "42501" || code.starts_with("23"), "{statement}: {error}");
            (code != "42501").then_some(1)
        }
    }
}

/// A column that the role may read and change.
async fn changeable(db: &PgPool, table: &str) -> Option<String> {
    sqlx::query_scalar(
        "select a.attname::text from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
           and a.attidentity = '' and has_column_privilege(a.attrelid, a.attnum, 'update')
           and has_column_privilege(a.attrelid, a.attnum, 'select') limit 1",
    )
    .bind(table)
    .fetch_optional(db)
    .await
    .unwrap()
}

async fn with_pair<T: Future<Output = ()> + Send + 'static>(
    test: impl FnOnce(Store, Pair) -> T + Send + 'static,
) {
    testing::with_store(|store, args| async move {
        let url = args.database_url.unwrap();
        let owner = PgConnection::connect(url.expose_secret()).await.unwrap();
        let pair = Pair::new(&store, owner).await;
        test(store, pair).await;
    })
    .await;
}

#[tokio::test]
async fn every_table_with_an_organisation_has_its_walls_and_a_row_in_these_tests() {
    testing::with_store(|_, args| async move {
        let mut owner = PgConnection::connect(args.database_url.unwrap().expose_secret()).await.unwrap();
        let tables = tables(&mut owner).await;
        assert_eq!(tables, SEEDS.iter().map(|(table, _)| (*table).to_owned()).collect());
        let unwalled: Vec<String> = sqlx::query_scalar(
            "select t.relname::text from pg_class t
             where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
               and not (t.relrowsecurity and t.relforcerowsecurity)
               and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'org_id')
             order by 1",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert_eq!(unwalled, OF_A_PERSON);
        // A view reads with the rights of its owner, who is beyond the walls, unless it says otherwise.
        let open: Vec<String> = sqlx::query_scalar(
            "select t.relname::text from pg_class t
             where t.relnamespace = 'public'::regnamespace and t.relkind in ('v', 'm')
               and not coalesce(t.reloptions @> '{security_invoker=true}', false)
               and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'org_id')",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert_eq!(open, Vec::<String>::new());
        let organisations: bool = sqlx::query_scalar(
            "select relrowsecurity and relforcerowsecurity from pg_class where oid = 'organisations'::regclass",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(organisations);
    })
    .await;
}

#[tokio::test]
async fn a_statement_without_where_stays_in_the_organisation_of_its_transaction() {
    with_pair(|store, mut pair| async move {
        for table in tables(&mut pair.owner).await {
            let (own, all) = pair.rows(&table).await;
            assert!(own > 0 && own * 2 == all, "{table}: {own} of {all}");
            let mut tx = TenantTx::begin(&store.app, pair.own.org, None).await.unwrap();
            let statement = format!("select {} from {table}", column(&table));
            let seen: Vec<Uuid> =
                sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(tx.conn()).await.unwrap();
            let expected = if table == BY_PERSON { 0 } else { own };
            assert_eq!(seen.len() as u64, expected, "{table}");
            assert!(seen.iter().all(|org| *org == pair.own.org.0), "{table}");
            drop(tx);
            for (verb, reach) in pair.reaches(&store.app.0, &table).await {
                assert!(reach <= Reach::Own, "{verb} {table}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn outside_of_any_organisation_there_is_nothing() {
    with_pair(|store, mut pair| async move {
        for table in tables(&mut pair.owner).await {
            let mut statements = vec![format!("select from {table}"), format!("delete from {table}")];
            let column = changeable(&store.app.0, &table).await;
            statements.extend(column.map(|column| format!("update {table} set {column} = {column}")));
            for statement in statements {
                assert!(matches!(touched(&store.app.0, "", &statement).await, None | Some(0)), "{statement}");
            }
            for (_, values) in SEEDS.iter().filter(|(name, _)| *name == table) {
                let statement = pair.other.insert(&table, values, Uuid::now_v7());
                assert_eq!(touched(&store.app.0, "", &statement).await, None, "{statement}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_reaches_across_organisations_is_known_by_name_and_reason() {
    with_pair(|store, mut pair| async move {
        let roles = [("relay", &store.relay.0), ("jobs", &store.jobs.0), ("operator", &store.operator.0)];
        let mut across = BTreeSet::new();
        for table in tables(&mut pair.owner).await {
            for (role, db) in roles {
                for (verb, reach) in pair.reaches(db, &table).await {
                    if reach == Reach::All {
                        across.insert(format!("{role} {verb} {table}"));
                    }
                }
            }
        }
        let known = ACROSS.iter().flat_map(|(role, verb, tables)| {
            tables.iter().map(move |table| format!("{role} {verb} {table}"))
        });
        assert_eq!(across, known.collect());
    })
    .await;
}

#[tokio::test]
async fn partitions_are_reached_by_their_parent_only() {
    with_pair(|store, mut pair| async move {
        let partitions: Vec<String> = sqlx::query_scalar(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'usage'::regclass",
        )
        .fetch_all(&mut pair.owner)
        .await
        .unwrap();
        assert!(partitions.len() >= 2, "{partitions:?}");
        for partition in partitions {
            for db in [&store.app.0, &store.relay.0, &store.jobs.0, &store.operator.0] {
                let statement = format!("select from {partition}");
                assert_eq!(touched(db, &pair.own.org.to_string(), &statement).await, None, "{statement}");
            }
        }
    })
    .await;
}
