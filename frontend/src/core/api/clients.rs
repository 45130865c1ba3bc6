//! How clients are recognised.

use causeway_openapi::ClientRuleSet;

use super::{Answer, Api};

impl Api {
    pub(crate) async fn client_rules(self) -> Answer<ClientRuleSet> {
        self.0.get("/client-rules").await
    }
}
