//! The request log.

use causeway_domain::RequestId;
use causeway_openapi::{
    Page, RefusedQuery, RefusedRequest, Request, RequestAttempts, RequestExport, RequestQuery,
};

use super::{Answer, Api};
use crate::core::download::File;

impl Api {
    pub(crate) async fn requests(self, query: RequestQuery) -> Answer<Page<Request>> {
        self.0.find("/requests", &query).await
    }

    pub(crate) async fn export_requests(self, export: RequestExport) -> Answer<File> {
        self.0.download("/requests/export", &export).await
    }

    pub(crate) async fn request(self, id: RequestId) -> Answer<Request> {
        self.0.get(&format!("/requests/{id}")).await
    }

    pub(crate) async fn attempts(self, id: RequestId) -> Answer<RequestAttempts> {
        self.0.get(&format!("/requests/{id}/attempts")).await
    }

    pub(crate) async fn refused_requests(self, query: RefusedQuery) -> Answer<Page<RefusedRequest>> {
        self.0.find("/requests/refused", &query).await
    }
}
