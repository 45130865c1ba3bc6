//! One's own account, and getting back into it.

use causeway_openapi::{
    AuthenticatorState, ChangePassword, CodeOfApp, Enrolment, ForgotPassword, OwnSession, RecoveryCodes,
    ResetPassword, Session as Signed, SignIn, SignedIn, StartEnrolment, StopAuthenticator, TakeSecondStep,
    UpdateProfile, User,
};
use gloo_net::http::Method;
use uuid::Uuid;

use super::{Answer, Api};

impl Api {
    pub(crate) async fn sign_in(self, form: SignIn) -> Answer<SignedIn> {
        self.0.post("/auth/sign-in", &form).await
    }

    pub(crate) async fn second_step(self, form: TakeSecondStep) -> Answer<Signed> {
        self.0.post("/auth/second-step", &form).await
    }

    pub(crate) async fn forgot_password(self, form: ForgotPassword) -> Answer<()> {
        self.0.send("/auth/forgot-password", &form).await
    }

    pub(crate) async fn reset_password(self, form: ResetPassword) -> Answer<()> {
        self.0.send("/auth/reset-password", &form).await
    }

    pub(crate) async fn change_profile(self, change: UpdateProfile) -> Answer<User> {
        self.0.patch("/me", &change).await
    }

    pub(crate) async fn change_password(self, form: ChangePassword) -> Answer<()> {
        self.0.send("/me/password", &form).await
    }

    pub(crate) async fn authenticator(self) -> Answer<AuthenticatorState> {
        self.0.get("/me/totp").await
    }

    pub(crate) async fn start_authenticator(self, form: StartEnrolment) -> Answer<Enrolment> {
        self.0.post("/me/totp", &form).await
    }

    pub(crate) async fn confirm_authenticator(self, code: CodeOfApp) -> Answer<RecoveryCodes> {
        self.0.post("/me/totp/confirm", &code).await
    }

    pub(crate) async fn renew_recovery_codes(self, code: CodeOfApp) -> Answer<RecoveryCodes> {
        self.0.post("/me/totp/recovery-codes", &code).await
    }

    pub(crate) async fn stop_authenticator(self, form: StopAuthenticator) -> Answer<()> {
        self.0.send("/me/totp/disable", &form).await
    }

    pub(crate) async fn own_sessions(self) -> Answer<Vec<OwnSession>> {
        self.0.get("/me/sessions").await
    }

    pub(crate) async fn end_session(self, id: Uuid) -> Answer<()> {
        self.0.tell(Method::DELETE, &format!("/me/sessions/{id}")).await
    }

    pub(crate) async fn end_other_sessions(self) -> Answer<()> {
        self.0.tell(Method::DELETE, "/me/sessions").await
    }
}
