//! The admin API as functions: one line for each operation, and the only place that knows its addresses.

mod authorizations;
mod billing;
mod clients;
mod keys;
mod operator;
mod people;
mod playground;
mod profile;
mod proxies;
mod requests;
mod shares;
pub(crate) mod sso;

use causeway_domain::{AccountId, KeyId, PoolId, UserId, provider::Provider};
use causeway_openapi::{
    Account, AccountChecks, AccountFailure, AccountImport, AccountImportQuery, AccountRecord, AccountTest,
    ApiToken, CreateAccount, CreateKey, CreatePool, CreateToken, DeadLetter, ImportQuery, ImportReport,
    Instance, IssuedKey, IssuedToken, Key, Ledger, LimitsInUse, ListQuery, Member, ModelRoutes, Organization,
    OverrideQuery, Page, Pool, PriceFigures, PriceHistory, PriceList, PriceQuery, ProviderPreset,
    Session as Signed, SetModelRoutes, SetPrice, Setup, UpdateAccount, UpdateKey, UpdateMember,
    UpdateOrganization, UpdatePool, UsageBreakdown, UsageDimension, UsageExport, UsageFilter, UsageQuery,
    UsageSeries, UsageStep, UsageSummary,
};
use gloo_net::http::Method;
use leptos::prelude::*;
use uuid::Uuid;

use super::{
    download::File,
    error::ApiError,
    http::{Http, encoded, query_string},
};

type Answer<T> = Result<T, ApiError>;

/// Rows asked for at once where a page shows a whole list.
const WHOLE_LIST: u16 = 200;

/// Calls in the name of the session.
#[derive(Clone, Copy)]
pub(crate) struct Api(pub(crate) Http);

/// The admin API, from any component.
pub(crate) fn use_api() -> Api {
    expect_context()
}

impl Api {
    pub(crate) async fn instance(self) -> Answer<Instance> {
        self.0.get("/instance").await
    }

    pub(crate) async fn set_up(self, setup: Setup) -> Answer<Signed> {
        self.0.post("/setup", &setup).await
    }

    pub(crate) async fn sign_out(self) -> Answer<()> {
        self.0.tell(Method::POST, "/auth/sign-out").await
    }

    pub(crate) async fn accounts(self) -> Answer<Page<Account>> {
        self.0.find("/accounts", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn account(self, id: AccountId) -> Answer<Account> {
        self.0.get(&format!("/accounts/{id}")).await
    }

    pub(crate) async fn account_record(self, id: AccountId) -> Answer<AccountRecord> {
        self.0.get(&format!("/accounts/{id}/health")).await
    }

    pub(crate) async fn account_failures(
        self,
        id: AccountId,
        query: ListQuery,
    ) -> Answer<Page<AccountFailure>> {
        self.0.find(&format!("/accounts/{id}/failures"), &query).await
    }

    pub(crate) async fn account_checks(self, id: AccountId) -> Answer<AccountChecks> {
        self.0.get(&format!("/accounts/{id}/checks")).await
    }

    pub(crate) async fn reset_account(self, id: AccountId) -> Answer<Account> {
        self.0.post(&format!("/accounts/{id}/reset"), &serde_json::Map::new()).await
    }

    pub(crate) async fn refresh_account(self, id: AccountId) -> Answer<Account> {
        self.0.post(&format!("/accounts/{id}/refresh"), &serde_json::Map::new()).await
    }

    pub(crate) async fn pools(self) -> Answer<Page<Pool>> {
        self.0.find("/pools", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn add_pool(self, pool: CreatePool) -> Answer<Pool> {
        self.0.post("/pools", &pool).await
    }

    pub(crate) async fn change_pool(self, id: PoolId, change: UpdatePool) -> Answer<Pool> {
        self.0.patch(&format!("/pools/{id}"), &change).await
    }

    pub(crate) async fn delete_pool(self, id: PoolId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/pools/{id}")).await
    }

    pub(crate) async fn model_routes(self) -> Answer<ModelRoutes> {
        self.0.get("/model-routes").await
    }

    pub(crate) async fn set_model_routes(self, routes: SetModelRoutes) -> Answer<ModelRoutes> {
        self.0.put("/model-routes", &routes).await
    }

    pub(crate) async fn providers(self) -> Answer<Vec<ProviderPreset>> {
        self.0.get("/providers").await
    }

    pub(crate) async fn add_account(self, account: CreateAccount) -> Answer<Account> {
        self.0.post("/accounts", &account).await
    }

    pub(crate) async fn change_account(self, id: AccountId, change: UpdateAccount) -> Answer<Account> {
        self.0.patch(&format!("/accounts/{id}"), &change).await
    }

    pub(crate) async fn test_account(self, id: AccountId) -> Answer<AccountTest> {
        self.0.post(&format!("/accounts/{id}/test"), &serde_json::Map::new()).await
    }

    pub(crate) async fn delete_account(self, id: AccountId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/accounts/{id}")).await
    }

    pub(crate) async fn account_limits(self, id: AccountId) -> Answer<LimitsInUse> {
        self.0.get(&format!("/accounts/{id}/limits")).await
    }

    pub(crate) async fn keys(self) -> Answer<Page<Key>> {
        self.0.find("/keys", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn key_limits(self, id: KeyId) -> Answer<LimitsInUse> {
        self.0.get(&format!("/keys/{id}/limits")).await
    }

    pub(crate) async fn issue_key(self, key: CreateKey) -> Answer<IssuedKey> {
        self.0.post("/keys", &key).await
    }

    pub(crate) async fn change_key(self, id: KeyId, change: UpdateKey) -> Answer<Key> {
        self.0.patch(&format!("/keys/{id}"), &change).await
    }

    pub(crate) async fn delete_key(self, id: KeyId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/keys/{id}")).await
    }

    pub(crate) async fn tokens(self) -> Answer<Page<ApiToken>> {
        self.0.find("/tokens", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn make_token(self, token: CreateToken) -> Answer<IssuedToken> {
        self.0.post("/tokens", &token).await
    }

    pub(crate) async fn revoke_token(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/tokens/{id}")).await
    }

    pub(crate) async fn members(self) -> Answer<Page<Member>> {
        self.0.find("/members", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn change_member(self, id: UserId, change: UpdateMember) -> Answer<Member> {
        self.0.patch(&format!("/members/{id}"), &change).await
    }

    pub(crate) async fn member_limits(self, id: UserId) -> Answer<LimitsInUse> {
        self.0.get(&format!("/members/{id}/limits")).await
    }

    pub(crate) async fn organization(self) -> Answer<Organization> {
        self.0.get("/organization").await
    }

    pub(crate) async fn change_organization(self, change: UpdateOrganization) -> Answer<Organization> {
        self.0.patch("/organization", &change).await
    }

    pub(crate) async fn organization_limits(self) -> Answer<LimitsInUse> {
        self.0.get("/organization/limits").await
    }

    pub(crate) async fn usage(self, query: UsageQuery) -> Answer<UsageSummary> {
        self.0.find("/usage/summary", &query).await
    }

    pub(crate) async fn usage_series(self, step: UsageStep, filter: UsageFilter) -> Answer<UsageSeries> {
        self.0.find(&format!("/usage/series/{}", word(step)), &filter).await
    }

    pub(crate) async fn usage_by(self, by: UsageDimension, filter: UsageFilter) -> Answer<UsageBreakdown> {
        self.0.find(&format!("/usage/by/{}", word(by)), &filter).await
    }

    pub(crate) async fn export_usage(self, export: UsageExport) -> Answer<File> {
        self.0.download("/usage/export", &export).await
    }

    pub(crate) async fn import_accounts(
        self,
        file: web_sys::File,
        query: AccountImportQuery,
    ) -> Answer<AccountImport> {
        self.0.upload("/accounts/import", &query, file).await
    }

    pub(crate) async fn import_usage(self, file: web_sys::File, dry_run: bool) -> Answer<ImportReport> {
        self.0.upload("/usage/import", &ImportQuery { dry_run }, file).await
    }

    pub(crate) async fn ledger(self) -> Answer<Ledger> {
        self.0.get("/ledger").await
    }

    pub(crate) async fn dead_letters(self) -> Answer<Page<DeadLetter>> {
        self.0.find("/ledger/dead-letters", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn export_dead_letters(self) -> Answer<File> {
        self.0.download("/ledger/dead-letters/export", &()).await
    }

    pub(crate) async fn prices(self, query: PriceQuery) -> Answer<PriceList> {
        self.0.find("/prices", &query).await
    }

    pub(crate) async fn price_history(self, model: String) -> Answer<PriceHistory> {
        self.0.get(&format!("/prices/overrides/{}", encoded(&model))).await
    }

    pub(crate) async fn set_price(self, model: String, price: SetPrice) -> Answer<PriceFigures> {
        self.0.put(&format!("/prices/overrides/{}", encoded(&model)), &price).await
    }

    pub(crate) async fn remove_price(self, model: String, provider: Option<Provider>) -> Answer<()> {
        let query = query_string(&OverrideQuery { provider });
        self.0.tell(Method::DELETE, &format!("/prices/overrides/{}{query}", encoded(&model))).await
    }
}

/// A choice as an address has it.
fn word(choice: impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
