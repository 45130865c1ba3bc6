//! Single sign-on.

use causeway_domain::OrgId;
use causeway_openapi::{
    AddDomain, Identities, LinkIdentity, LinkStarted, SetSsoProvider, SingleSignOn, SsoButtons, SsoDomain,
    SsoDomains, SsoFailure, SsoProvider, SsoQuery, SsoTest, UpdateSingleSignOn,
};
use gloo_net::http::Method;
use uuid::Uuid;

use super::{Answer, Api};
use crate::core::http::encoded;

impl Api {
    /// By an e-mail address, or an organisation's name in addresses.
    pub(crate) async fn discover_sso(self, who: &str) -> Answer<SsoButtons> {
        let who = Some(who.trim().to_owned());
        let by_email = who.as_ref().is_some_and(|who| who.contains('@'));
        let query = if by_email {
            SsoQuery { email: who, organization: None }
        } else {
            SsoQuery { organization: who, email: None }
        };
        self.0.find("/auth/oidc", &query).await
    }

    pub(crate) async fn sso_outcome(self, provider: &str) -> Answer<SsoFailure> {
        self.0.get(&format!("/auth/oidc/{}/outcome", encoded(provider))).await
    }

    pub(crate) async fn sso(self) -> Answer<SingleSignOn> {
        self.0.get("/sso").await
    }

    pub(crate) async fn change_sso(self, change: UpdateSingleSignOn) -> Answer<SingleSignOn> {
        self.0.patch("/sso", &change).await
    }

    pub(crate) async fn add_sso_provider(self, provider: SetSsoProvider) -> Answer<SsoProvider> {
        self.0.post("/sso/providers", &provider).await
    }

    pub(crate) async fn set_sso_provider(self, id: Uuid, provider: SetSsoProvider) -> Answer<SsoProvider> {
        self.0.put(&format!("/sso/providers/{id}"), &provider).await
    }

    pub(crate) async fn test_sso_provider(self, id: Uuid) -> Answer<SsoTest> {
        self.0.post(&format!("/sso/providers/{id}/test"), &serde_json::Map::new()).await
    }

    pub(crate) async fn delete_sso_provider(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/sso/providers/{id}")).await
    }

    pub(crate) async fn add_sso_domain(self, domain: String) -> Answer<SsoDomain> {
        self.0.post("/sso/domains", &AddDomain { domain }).await
    }

    pub(crate) async fn remove_sso_domain(self, domain: &str) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/sso/domains/{}", encoded(domain))).await
    }

    /// For the operator.
    pub(crate) async fn tenant_domains(self, org: OrgId) -> Answer<SsoDomains> {
        self.0.get(&format!("/operator/organizations/{org}/domains")).await
    }

    /// For the operator.
    pub(crate) async fn decide_tenant_domain(self, org: OrgId, domain: &str, confirm: bool) -> Answer<()> {
        let method = if confirm { Method::PUT } else { Method::DELETE };
        self.0.tell(method, &format!("/operator/organizations/{org}/domains/{}", encoded(domain))).await
    }

    pub(crate) async fn identities(self) -> Answer<Identities> {
        self.0.get("/me/identities").await
    }

    pub(crate) async fn link_identity(self, provider: Uuid, to: String) -> Answer<LinkStarted> {
        self.0.post("/me/identities", &LinkIdentity { provider, to: Some(to) }).await
    }

    pub(crate) async fn unlink_identity(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/me/identities/{id}")).await
    }
}

/// Where the browser begins to sign in, and comes back to `next`.
pub(crate) fn begin_sso(provider: Uuid, next: &str) -> String {
    format!("/admin/v1/auth/oidc/{provider}/begin?to={}", encoded(next))
}
