//! What the operator of the installation does beside plans and credits; announcements and the audit log, which operators
//! and organisations both have.

use causeway_domain::{OrgId, RequestId, UserId, provider::Provider};
use causeway_openapi::{
    Administrators, Announce, AnnounceAsOperator, Announcement, AuditEntry, AuditExport, AuditQuery,
    CloseDeadLetter, Enter, Entered, GlobalMultipliers, GlobalPrices, ListQuery, OperatorProvider,
    OverrideQuery, Page, Person, PersonQuery, PriceFigures, PriceHistory, Session as Signed, SetMultiplier,
    SetPrice, SetProvider, TenantDeadLetter, UpdatePerson,
};
use gloo_net::http::Method;
use uuid::Uuid;

use super::{Answer, Api};
use crate::core::{
    download::File,
    http::{encoded, query_string},
};

impl Api {
    pub(crate) async fn people(self, query: PersonQuery) -> Answer<Page<Person>> {
        self.0.find("/operator/people", &query).await
    }

    pub(crate) async fn change_person(self, id: UserId, change: UpdatePerson) -> Answer<Person> {
        self.0.patch(&format!("/operator/people/{id}"), &change).await
    }

    /// Enters an organisation and goes on in it.
    pub(crate) async fn enter(self, org: OrgId, how: Enter) -> Answer<Signed> {
        let _: Entered = self.0.post(&format!("/operator/organizations/{org}/enter"), &how).await?;
        self.0.renew_in(org).await
    }

    pub(crate) async fn leave_entered(self, org: OrgId) -> Answer<()> {
        self.0.tell(Method::POST, &format!("/operator/organizations/{org}/leave")).await
    }

    pub(crate) async fn tenant_letters(self, query: ListQuery) -> Answer<Page<TenantDeadLetter>> {
        self.0.find("/operator/dead-letters", &query).await
    }

    pub(crate) async fn write_letter(self, request: RequestId) -> Answer<()> {
        self.0.tell(Method::POST, &format!("/operator/dead-letters/{request}/write")).await
    }

    pub(crate) async fn close_letter(self, request: RequestId, because: CloseDeadLetter) -> Answer<()> {
        self.0.send(&format!("/operator/dead-letters/{request}/close"), &because).await
    }

    pub(crate) async fn global_prices(self) -> Answer<GlobalPrices> {
        self.0.get("/operator/prices").await
    }

    pub(crate) async fn global_price_history(self, model: String) -> Answer<PriceHistory> {
        self.0.get(&format!("/operator/prices/overrides/{}", encoded(&model))).await
    }

    pub(crate) async fn set_global_price(self, model: String, price: SetPrice) -> Answer<PriceFigures> {
        self.0.put(&format!("/operator/prices/overrides/{}", encoded(&model)), &price).await
    }

    pub(crate) async fn remove_global_price(self, model: String, provider: Option<Provider>) -> Answer<()> {
        let query = query_string(&OverrideQuery { provider });
        self.0.tell(Method::DELETE, &format!("/operator/prices/overrides/{}{query}", encoded(&model))).await
    }

    pub(crate) async fn global_multipliers(self) -> Answer<GlobalMultipliers> {
        self.0.get("/operator/multipliers").await
    }

    pub(crate) async fn set_global_multiplier(
        self,
        provider: Provider,
        set: SetMultiplier,
    ) -> Answer<GlobalMultipliers> {
        self.0.put(&format!("/operator/multipliers/{provider}"), &set).await
    }

    pub(crate) async fn operator_providers(self) -> Answer<Vec<OperatorProvider>> {
        self.0.get("/operator/providers").await
    }

    pub(crate) async fn set_provider(self, provider: Provider, set: SetProvider) -> Answer<OperatorProvider> {
        self.0.put(&format!("/operator/providers/{provider}"), &set).await
    }

    pub(crate) async fn reset_provider(self, provider: Provider) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/operator/providers/{provider}")).await
    }

    /// What the people of this organisation are shown now.
    pub(crate) async fn announced(self) -> Answer<Page<Announcement>> {
        self.0.get("/announcements").await
    }

    pub(crate) async fn announcements(self, operator: bool, query: ListQuery) -> Answer<Page<Announcement>> {
        self.0.find(announcements(operator), &query).await
    }

    pub(crate) async fn announce(self, own: Announce) -> Answer<Announcement> {
        self.0.post(announcements(false), &own).await
    }

    pub(crate) async fn announce_as_operator(self, to_all: AnnounceAsOperator) -> Answer<Announcement> {
        self.0.post(announcements(true), &to_all).await
    }

    pub(crate) async fn withdraw_announcement(self, operator: bool, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("{}/{id}", announcements(operator))).await
    }

    pub(crate) async fn audit(self, operator: bool, query: AuditQuery) -> Answer<Page<AuditEntry>> {
        self.0.find(audit(operator), &query).await
    }

    pub(crate) async fn export_audit(self, operator: bool, export: AuditExport) -> Answer<File> {
        self.0.download(&format!("{}/export", audit(operator)), &export).await
    }

    pub(crate) async fn administrators(self) -> Answer<Administrators> {
        self.0.get("/organization/administrators").await
    }
}

fn announcements(operator: bool) -> &'static str {
    if operator { "/operator/announcements" } else { "/organization/announcements" }
}

fn audit(operator: bool) -> &'static str {
    if operator { "/operator/audit" } else { "/audit" }
}
