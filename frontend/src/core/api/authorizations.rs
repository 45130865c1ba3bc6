//! Authorising an upstream account at its issuer.

use causeway_openapi::{Authorization, BeginAuthorization, SubmitCode};
use gloo_net::http::Method;
use uuid::Uuid;

use super::{Answer, Api};

impl Api {
    pub(crate) async fn begin_authorization(self, begin: BeginAuthorization) -> Answer<Authorization> {
        self.0.post("/accounts/authorizations", &begin).await
    }

    pub(crate) async fn authorization(self, id: Uuid) -> Answer<Authorization> {
        self.0.get(&format!("/accounts/authorizations/{id}")).await
    }

    pub(crate) async fn submit_code(self, id: Uuid, code: SubmitCode) -> Answer<Authorization> {
        self.0.post(&format!("/accounts/authorizations/{id}/code"), &code).await
    }

    pub(crate) async fn cancel_authorization(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/accounts/authorizations/{id}")).await
    }
}
