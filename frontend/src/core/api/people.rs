//! Who belongs to the organisation and how people come in: members, invitations, registration, and the pages of those who
//! are not in yet.

use causeway_domain::{OrgId, UserId};
use causeway_openapi::{
    AcceptInvitation, AcceptedInvitation, CreateInvitation, CreateRegistrationLink, DecideRegistration,
    FinishRegistration, FinishedRegistration, Invitation, InvitationPreview, ListQuery, Me, Member,
    OpenedRegistrationLink, Page, Register, Registered, RegistrationLink, RegistrationPreview,
    RegistrationProgress, RegistrationRequest, ResendInvitation, ResetLink, Secret, SentInvitation,
    ShownClaim, ShownToken, SignInRules, UpdateSignInRules,
};
use gloo_net::http::Method;
use serde_json::Map;
use uuid::Uuid;

use super::{Answer, Api, WHOLE_LIST};

const WHOLE: ListQuery = ListQuery { limit: Some(WHOLE_LIST), cursor: None };

impl Api {
    pub(crate) async fn me(self) -> Answer<Me> {
        self.0.get("/me").await
    }

    /// Goes over to another organisation; the page is opened anew afterwards.
    pub(crate) async fn switch_to(self, org: OrgId) -> Answer<()> {
        self.0.enter(org).await
    }

    pub(crate) async fn leave(self) -> Answer<()> {
        self.0.tell(Method::POST, "/me/leave").await
    }

    pub(crate) async fn join(self, token: Secret) -> Answer<AcceptedInvitation> {
        self.0.post("/me/memberships", &ShownToken { token }).await
    }

    pub(crate) async fn remove_member(self, id: UserId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/members/{id}")).await
    }

    pub(crate) async fn transfer(self, id: UserId) -> Answer<Member> {
        self.0.post(&format!("/members/{id}/transfer"), &Map::new()).await
    }

    pub(crate) async fn make_reset_link(self, id: UserId) -> Answer<ResetLink> {
        self.0.post(&format!("/members/{id}/reset-link"), &Map::new()).await
    }

    pub(crate) async fn remove_member_totp(self, id: UserId) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/members/{id}/totp")).await
    }

    pub(crate) async fn invitations(self) -> Answer<Page<Invitation>> {
        self.0.find("/invitations", &WHOLE).await
    }

    pub(crate) async fn invite(self, invitation: CreateInvitation) -> Answer<SentInvitation> {
        self.0.post("/invitations", &invitation).await
    }

    pub(crate) async fn resend_invitation(self, id: Uuid, again: ResendInvitation) -> Answer<SentInvitation> {
        self.0.post(&format!("/invitations/{id}/resend"), &again).await
    }

    pub(crate) async fn revoke_invitation(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/invitations/{id}")).await
    }

    pub(crate) async fn sign_in_rules(self) -> Answer<SignInRules> {
        self.0.get("/organization/sign-in").await
    }

    pub(crate) async fn change_sign_in_rules(self, change: UpdateSignInRules) -> Answer<SignInRules> {
        self.0.patch("/organization/sign-in", &change).await
    }

    pub(crate) async fn registration_links(self) -> Answer<Page<RegistrationLink>> {
        self.0.find("/registration-links", &WHOLE).await
    }

    pub(crate) async fn open_registration_link(
        self,
        link: CreateRegistrationLink,
    ) -> Answer<OpenedRegistrationLink> {
        self.0.post("/registration-links", &link).await
    }

    pub(crate) async fn close_registration_link(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/registration-links/{id}")).await
    }

    pub(crate) async fn registrations(self) -> Answer<Page<RegistrationRequest>> {
        self.0.find("/registrations", &WHOLE).await
    }

    pub(crate) async fn decide(self, id: Uuid, approve: bool) -> Answer<()> {
        self.0.send_only(&format!("/registrations/{id}/decide"), &DecideRegistration { approve }).await
    }

    pub(crate) async fn preview_invitation(self, token: Secret) -> Answer<InvitationPreview> {
        self.0.post("/join/invitation/preview", &ShownToken { token }).await
    }

    pub(crate) async fn accept_invitation(self, form: AcceptInvitation) -> Answer<AcceptedInvitation> {
        self.0.post("/join/invitation", &form).await
    }

    pub(crate) async fn preview_registration(self, token: Secret) -> Answer<RegistrationPreview> {
        self.0.post("/join/registration/preview", &ShownToken { token }).await
    }

    pub(crate) async fn register(self, form: Register) -> Answer<Registered> {
        self.0.post("/join/registration", &form).await
    }

    pub(crate) async fn registration_progress(self, claim: Secret) -> Answer<RegistrationProgress> {
        self.0.post("/join/registration/progress", &ShownClaim { claim }).await
    }

    pub(crate) async fn finish_registration(self, form: FinishRegistration) -> Answer<FinishedRegistration> {
        self.0.post("/join/registration/finish", &form).await
    }
}
