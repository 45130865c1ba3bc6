//! Schemas of the domain's types, which know nothing of OpenAPI themselves.
//!
//! These structs are never filled: they only lend their shape to the document. A test holds their fields against what
//! the domain's types really write.
#![allow(dead_code, missing_docs)]

use utoipa::ToSchema;

/// A member's role; each may do all that the ones before it may.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Role {
    Contributor,
    Viewer,
    Member,
    Admin,
    Owner,
}

/// What an entry in the ledger of credits is for: paid in, anything else, by a code, paid back.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum CreditKind {
    Credit,
    Adjustment,
    Redeem,
    Refund,
}

/// What the operator allows an organisation. What is absent is unlimited.
#[derive(ToSchema)]
pub struct Plan {
    /// Members it may have.
    #[schema(example = 10)]
    pub members: Option<u32>,
    /// API keys it may have.
    #[schema(example = 50)]
    pub keys: Option<u32>,
    /// Upstream accounts it may have.
    #[schema(example = 5)]
    pub accounts: Option<u32>,
    /// Holds beside the organisation's own limits, the tighter one of each.
    #[schema(nullable = false)]
    pub limits: Option<Limits>,
}

/// What members may give their own keys. What is absent is not bounded.
#[derive(ToSchema)]
pub struct Ceilings {
    /// Keys a member may have, deleted ones not counted. Zero lets members issue none.
    #[schema(example = 3)]
    pub keys: Option<u32>,
    /// The highest of each limit. A key without a limit has the ceiling's.
    #[schema(nullable = false)]
    pub limits: Option<Limits>,
    /// The models that keys may use; a key's own lists hold beside it.
    #[schema(nullable = false)]
    pub models: Option<ModelPolicy>,
    /// Within how many days a key must end.
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    pub expires_within_days: Option<u32>,
    /// The accounts that may serve keys; empty is any.
    #[schema(nullable = false)]
    pub accounts: Option<Vec<uuid::Uuid>>,
    /// The pools that keys may name; a key that names none uses these. Empty is any.
    #[schema(nullable = false)]
    pub pools: Option<Vec<uuid::Uuid>>,
}

/// How a pool chooses among its accounts. `round_robin`: one after the other. `weighted`: by their shares, evenly spread.
/// `least_busy`: the one with the fewest requests under way for its weight. `fill_first`: the first by priority until it
/// is full. `priority`: those of the best priority in turn. `most_quota`: the one with most of its provider's quota left.
/// `active_first`: the active account only.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PoolStrategy {
    RoundRobin,
    Weighted,
    LeastBusy,
    FillFirst,
    Priority,
    MostQuota,
    ActiveFirst,
}

/// What a proxy speaks. `http`: HTTP/1.1 with `CONNECT`. `https`: the same inside TLS. `socks5`: SOCKS version 5; names are
/// looked up by the proxy, as they are by the others.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ProxyScheme {
    Http,
    Https,
    Socks5,
}

/// What a model route does. `alias`: a name, or a pattern of names, leads to the models of its targets, the first that
/// answers. `prefix`: names that begin so lead to the model named behind it. `exclude`: models that are not served.
/// `mapping`: what a model is called at its targets.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ModelRouteKind {
    Alias,
    Prefix,
    Exclude,
    Mapping,
}

/// Where a key may be used from: addresses or networks in CIDR notation, IPv4 or IPv6. An empty `allow` allows all; `deny`
/// wins over `allow`.
#[derive(ToSchema)]
pub struct AddressRules {
    /// Networks of which one must contain the address, unless there are none.
    #[schema(example = json!(["192.0.2.0/24", "2001:db8::/32"]), max_items = 100, nullable = false)]
    pub allow: Option<Vec<String>>,
    /// Networks of which none may contain it.
    #[schema(example = json!(["192.0.2.66"]), max_items = 100, nullable = false)]
    pub deny: Option<Vec<String>>,
}

/// A wire format that clients speak.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ApiDialect {
    Anthropic,
    OpenaiChat,
    OpenaiResponses,
    Gemini,
}

/// What a key may be used for. An empty list allows all.
#[derive(ToSchema)]
pub struct Services {
    /// Dialects that its clients may speak.
    #[schema(nullable = false)]
    pub dialects: Option<Vec<ApiDialect>>,
    /// Providers whose accounts may serve it.
    #[schema(nullable = false)]
    pub providers: Option<Vec<Provider>>,
    /// Clients that it may be used with, as rules recognise them; others are refused before anything is reserved.
    #[schema(nullable = false, example = json!(["claude_code"]), max_items = 50)]
    pub clients: Option<Vec<String>>,
}

/// How a client is recognised.
#[derive(ToSchema)]
pub struct ClientRule {
    /// The client, by the name that keys, the log and usage have. Several rules may name the same.
    #[schema(example = "claude_code", pattern = "^[a-z][a-z0-9_]{0,39}$")]
    pub client: String,
    /// The client as people call it.
    #[schema(example = "Claude Code", min_length = 1, max_length = 60)]
    pub name: String,
    /// What must hold, all of it.
    #[schema(min_items = 1, max_items = 8)]
    pub when: Vec<ClientCondition>,
}

/// What must hold of a header.
#[derive(ToSchema)]
pub struct ClientCondition {
    /// The header; one of those that `getClientRules` lists.
    #[schema(example = "user-agent")]
    pub header: String,
    /// What its value must look like, with `*` for any run of characters and regardless of case; `*` alone is satisfied by
    /// any value, but not by the absence of the header.
    #[schema(example = "claude-cli/*", min_length = 1, max_length = 200)]
    pub matches: String,
}

/// Kind of upstream provider, by its name; `listProviders` has them all.
#[derive(ToSchema)]
#[schema(value_type = String, example = "anthropic", pattern = "^[a-z0-9][a-z0-9-]{0,30}$")]
pub struct Provider(pub String);

/// How long a provider may take, in seconds.
#[derive(ToSchema)]
pub struct Timeouts {
    /// Until a connection is made.
    #[schema(example = 5, minimum = 1, maximum = 300, nullable = false)]
    pub connect_seconds: Option<u16>,
    /// Until the first content of a stream.
    #[schema(example = 60, minimum = 1, maximum = 3600, nullable = false)]
    pub first_event_seconds: Option<u16>,
    /// Until an answer that is no stream begins.
    #[schema(example = 600, minimum = 1, maximum = 3600, nullable = false)]
    pub answer_seconds: Option<u16>,
    /// Between two pieces of an answer.
    #[schema(example = 120, minimum = 1, maximum = 3600, nullable = false)]
    pub idle_seconds: Option<u16>,
}

/// Limits of a key, a member, an organisation or an account. What is absent is unlimited; zero is refused.
#[derive(ToSchema)]
pub struct Limits {
    /// Requests in any 60 seconds.
    #[schema(example = 60, minimum = 1)]
    pub requests_per_minute: Option<u32>,
    /// Tokens (all buckets) in any 60 seconds.
    #[schema(example = 200000, minimum = 1)]
    pub tokens_per_minute: Option<u64>,
    /// Requests open at once.
    #[schema(example = 4, minimum = 1)]
    pub concurrency: Option<u32>,
    /// Dollars per window, as decimal strings.
    #[schema(nullable = false)]
    pub usd: Option<DollarWindows>,
    /// Tokens (all buckets) per window.
    #[schema(nullable = false)]
    pub tokens: Option<TokenWindows>,
    /// Requests per window.
    #[schema(nullable = false)]
    pub requests: Option<RequestWindows>,
    /// What happens to a request that finds `concurrency` used up; without it the request is refused at once.
    #[schema(nullable = false)]
    pub queue: Option<Queue>,
}

/// A queue in front of a limit of concurrency: first come, first served.
#[derive(ToSchema)]
pub struct Queue {
    /// Requests that may wait at once.
    #[schema(example = 10, minimum = 1, maximum = 1000)]
    pub length: u32,
    /// Seconds that one may wait before it is refused.
    #[schema(example = 30, minimum = 1, maximum = 300)]
    pub wait_seconds: u32,
}

/// Dollars per window, as decimal strings. Days, weeks and months are the organisation's.
#[derive(ToSchema)]
pub struct DollarWindows {
    /// In five hours, beginning with the first use.
    #[schema(example = "2.00")]
    pub five_hours: Option<String>,
    /// In a day.
    #[schema(example = "5.00")]
    pub day: Option<String>,
    /// In a week.
    #[schema(example = "20.00")]
    pub week: Option<String>,
    /// In a calendar month.
    #[schema(example = "60.00")]
    pub month: Option<String>,
    /// Over its whole life.
    #[schema(example = "500.00")]
    pub total: Option<String>,
}

/// Tokens per window. Days, weeks and months are the organisation's.
#[derive(ToSchema)]
pub struct TokenWindows {
    /// In five hours, beginning with the first use.
    #[schema(example = 500000)]
    pub five_hours: Option<u64>,
    /// In a day.
    #[schema(example = 1000000)]
    pub day: Option<u64>,
    /// In a week.
    #[schema(example = 5000000)]
    pub week: Option<u64>,
    /// In a calendar month.
    #[schema(example = 20000000)]
    pub month: Option<u64>,
    /// Over its whole life.
    #[schema(example = 100000000)]
    pub total: Option<u64>,
}

/// Requests per window. Days, weeks and months are the organisation's.
#[derive(ToSchema)]
pub struct RequestWindows {
    /// In five hours, beginning with the first use.
    #[schema(example = 200)]
    pub five_hours: Option<u64>,
    /// In a day.
    #[schema(example = 500)]
    pub day: Option<u64>,
    /// In a week.
    #[schema(example = 2000)]
    pub week: Option<u64>,
    /// In a calendar month.
    #[schema(example = 8000)]
    pub month: Option<u64>,
    /// Over its whole life.
    #[schema(example = 50000)]
    pub total: Option<u64>,
}

/// A window in which something is counted. Days, weeks and months are the organisation's.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WindowKind {
    /// Five hours from the first use.
    FiveHours,
    Day,
    Week,
    Month,
    /// Never begins anew.
    Total,
}

/// Which models a key may use. An empty `allow` allows all; `deny` wins. `*` stands for any run of characters.
#[derive(ToSchema)]
pub struct ModelPolicy {
    /// Patterns of which at least one must match, unless there are none.
    #[schema(nullable = false, example = json!(["claude-*"]))]
    pub allow: Option<Vec<String>>,
    /// Patterns of which none may match.
    #[schema(nullable = false, example = json!(["*opus*"]))]
    pub deny: Option<Vec<String>>,
}

/// Tokens in disjoint buckets; `reasoning` is a part of `output`.
#[derive(ToSchema)]
pub struct TokenCounts {
    /// Input tokens outside any prompt cache.
    #[schema(example = 1200)]
    pub input: u64,
    /// Output tokens, thinking included.
    #[schema(example = 310)]
    pub output: u64,
    /// Input tokens read from a prompt cache.
    #[schema(example = 40100)]
    pub cache_read: u64,
    /// Input tokens written to a prompt cache for five minutes.
    #[schema(example = 900)]
    pub cache_write_5m: u64,
    /// Input tokens written to a prompt cache for an hour.
    #[schema(example = 0)]
    pub cache_write_1h: u64,
    /// The part of `output` spent on reasoning, where the provider says so.
    #[schema(example = 0)]
    pub reasoning: u64,
}
