//! How clients are recognised.

use causeway_openapi::{ClientRuleSet, ClientTrial, SetClientRules, TryClientRules};

use super::{Answer, Api};

impl Api {
    pub(crate) async fn client_rules(self) -> Answer<ClientRuleSet> {
        self.0.get("/client-rules").await
    }

    pub(crate) async fn set_client_rules(self, rules: SetClientRules) -> Answer<ClientRuleSet> {
        self.0.put("/client-rules", &rules).await
    }

    pub(crate) async fn try_client_rules(self, rules: TryClientRules) -> Answer<ClientTrial> {
        self.0.post("/client-rules/trial", &rules).await
    }
}
