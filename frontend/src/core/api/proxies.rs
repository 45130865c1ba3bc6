//! Proxies that upstream accounts are reached through.

use causeway_domain::ProxyId;
use causeway_openapi::{CreateProxy, ListQuery, Page, Proxy, ProxyTest, TestProxy, UpdateProxy};
use gloo_net::http::Method;

use super::{Answer, Api, WHOLE_LIST};

impl Api {
    pub(crate) async fn proxies(self) -> Answer<Page<Proxy>> {
        self.0.find("/proxies", &ListQuery { limit: Some(WHOLE_LIST), cursor: None }).await
    }

    pub(crate) async fn add_proxy(self, proxy: CreateProxy) -> Answer<Proxy> {
        self.0.post("/proxies", &proxy).await
    }

    pub(crate) async fn change_proxy(self, id: ProxyId, change: UpdateProxy) -> Answer<Proxy> {
        self.0.patch(&format!("/proxies/{id}"), &change).await
    }

    pub(crate) async fn test_proxy(self, id: ProxyId, with: TestProxy) -> Answer<ProxyTest> {
        self.0.post(&format!("/proxies/{id}/test"), &with).await
    }

    pub(crate) async fn reset_proxy(self, id: ProxyId) -> Answer<Proxy> {
        self.0.post(&format!("/proxies/{id}/reset"), &serde_json::Map::new()).await
    }

    pub(crate) async fn delete_proxy(self, id: ProxyId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/proxies/{id}")).await
    }
}
