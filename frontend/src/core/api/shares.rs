//! Accounts that members lend and keep in their own hands: invitations to share, and what is one's own.

use causeway_domain::AccountId;
use causeway_openapi::{
    AcceptShare, Account, AccountTest, CreateShare, ListQuery, Page, RemindedPerson, RenewAccount,
    ResendInvitation, SentShare, Share,
};
use gloo_net::http::Method;
use serde_json::Map;
use uuid::Uuid;

use super::{Answer, Api};

impl Api {
    pub(crate) async fn shares(self, query: ListQuery) -> Answer<Page<Share>> {
        self.0.find("/shares", &query).await
    }

    pub(crate) async fn invite_to_share(self, share: CreateShare) -> Answer<SentShare> {
        self.0.post("/shares", &share).await
    }

    pub(crate) async fn remind_of_share(self, id: Uuid, reminder: ResendInvitation) -> Answer<SentShare> {
        self.0.post(&format!("/shares/{id}/remind"), &reminder).await
    }

    pub(crate) async fn revoke_share(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/shares/{id}")).await
    }

    /// Has whoever looks after an account told that it needs them.
    pub(crate) async fn remind_of_account(self, id: AccountId) -> Answer<RemindedPerson> {
        self.0.post(&format!("/accounts/{id}/remind"), &Map::new()).await
    }

    /// Invitations to share that wait for the caller.
    pub(crate) async fn own_shares(self) -> Answer<Vec<Share>> {
        self.0.get("/me/shares").await
    }

    pub(crate) async fn accept_share(self, id: Uuid, given: AcceptShare) -> Answer<Account> {
        self.0.post(&format!("/me/shares/{id}/accept"), &given).await
    }

    pub(crate) async fn decline_share(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::POST, &format!("/me/shares/{id}/decline")).await
    }

    /// Accounts that the caller shares or looks after.
    pub(crate) async fn own_accounts(self) -> Answer<Vec<Account>> {
        self.0.get("/me/accounts").await
    }

    pub(crate) async fn renew_own_account(self, id: AccountId, renewal: RenewAccount) -> Answer<Account> {
        self.0.put(&format!("/me/accounts/{id}/credential"), &renewal).await
    }

    pub(crate) async fn test_own_account(self, id: AccountId) -> Answer<AccountTest> {
        self.0.post(&format!("/me/accounts/{id}/test"), &Map::new()).await
    }

    pub(crate) async fn withdraw_account(self, id: AccountId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/me/accounts/{id}")).await
    }
}
