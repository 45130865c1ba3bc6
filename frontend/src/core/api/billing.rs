//! Credits, statements, and what the operator of the installation does. Where an organisation is named, it is asked about
//! as the operator; otherwise it is the caller's own.

use causeway_domain::OrgId;
use causeway_openapi::{
    AddCredit, Balance, Code, CodeBatch, CreateCodes, CreateTenant, CreatedTenant, CreditEntry, ListQuery,
    MadeCodes, Page, RedeemCode, Redeemed, Statement, StatementFormat, StatementMonths, StatementQuery,
    Tenant, TenantQuery, UpdateTenant,
};
use gloo_net::http::Method;
use uuid::Uuid;

use super::{Answer, Api};
use crate::core::download::File;

impl Api {
    pub(crate) async fn balance(self) -> Answer<Balance> {
        self.0.get("/balance").await
    }

    pub(crate) async fn redeem(self, code: RedeemCode) -> Answer<Redeemed> {
        self.0.post("/balance/redeem", &code).await
    }

    pub(crate) async fn credits(self, org: Option<OrgId>, query: ListQuery) -> Answer<Page<CreditEntry>> {
        let path = org.map_or_else(|| "/balance/entries".to_owned(), |org| format!("{}/entries", of(org)));
        self.0.find(&path, &query).await
    }

    pub(crate) async fn statement_months(self, org: Option<OrgId>) -> Answer<StatementMonths> {
        self.0.get(&format!("{}/statements", org.map(of).unwrap_or_default())).await
    }

    pub(crate) async fn statement(self, org: Option<OrgId>, month: String) -> Answer<Statement> {
        self.0.get(&format!("{}/statements/{month}", org.map(of).unwrap_or_default())).await
    }

    pub(crate) async fn statement_file(self, org: Option<OrgId>, month: String) -> Answer<File> {
        let query = StatementQuery { format: Some(StatementFormat::Csv) };
        self.0.download(&format!("{}/statements/{month}", org.map(of).unwrap_or_default()), &query).await
    }

    pub(crate) async fn tenants(self, query: TenantQuery) -> Answer<Page<Tenant>> {
        self.0.find("/operator/organizations", &query).await
    }

    pub(crate) async fn make_tenant(self, new: CreateTenant) -> Answer<CreatedTenant> {
        self.0.post("/operator/organizations", &new).await
    }

    pub(crate) async fn tenant(self, org: OrgId) -> Answer<Tenant> {
        self.0.get(&of(org)).await
    }

    pub(crate) async fn change_tenant(self, org: OrgId, change: UpdateTenant) -> Answer<Tenant> {
        self.0.patch(&of(org), &change).await
    }

    pub(crate) async fn add_credit(self, org: OrgId, entry: AddCredit) -> Answer<CreditEntry> {
        self.0.post(&format!("{}/entries", of(org)), &entry).await
    }

    pub(crate) async fn code_batches(self, query: ListQuery) -> Answer<Page<CodeBatch>> {
        self.0.find("/operator/codes", &query).await
    }

    pub(crate) async fn make_codes(self, codes: CreateCodes) -> Answer<MadeCodes> {
        self.0.post("/operator/codes", &codes).await
    }

    pub(crate) async fn codes(self, batch: Uuid, query: ListQuery) -> Answer<Page<Code>> {
        self.0.find(&format!("/operator/codes/{batch}"), &query).await
    }

    pub(crate) async fn revoke_batch(self, batch: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/operator/codes/{batch}")).await
    }

    pub(crate) async fn revoke_code(self, batch: Uuid, code: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/operator/codes/{batch}/{code}")).await
    }
}

fn of(org: OrgId) -> String {
    format!("/operator/organizations/{org}")
}
