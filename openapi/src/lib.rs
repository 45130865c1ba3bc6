//! The contract of the admin API: what travels between the server, the web admin and scripts.
//!
//! Plain data with serde, so that both ends of the wire are the same types; schemas for the OpenAPI document are
//! behind the feature `schemas`. Nothing here decides anything, except [`me::Permission`], the one table of who may
//! do what. Money is a decimal string of dollars, times are RFC 3339 in UTC, durations name their unit.

pub mod account_import;
pub mod accounts;
pub mod announcements;
pub mod audit;
pub mod auth;
pub mod authorizations;
pub mod billing;
pub mod checks;
pub mod clients;
pub mod entering;
pub mod failures;
pub mod health;
pub mod instance;
pub mod invitations;
pub mod join;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod me;
pub mod members;
pub mod model_routes;
pub mod operator;
pub mod organization;
pub mod page;
pub mod patch;
pub mod persons;
pub mod playground;
pub mod pools;
pub mod prices;
pub mod problem;
pub mod profile;
pub mod providers;
pub mod proxies;
pub mod registration;
pub mod requests;
#[cfg(feature = "schemas")]
pub mod schema;
pub mod secret;
pub mod setup;
pub mod shares;
pub mod sso;
pub mod tokens;
pub mod transfer;
pub mod usage;

pub use account_import::{
    AccountFileKind, AccountImport, AccountImportItem, AccountImportOutcome, AccountImportQuery,
};
pub use accounts::{
    Account, AccountIdentity, AccountTest, AuthHeader, CreateAccount, Credential, CredentialKind,
    CredentialState, ProviderPreset, SignInWay, UpdateAccount, Words,
};
pub use announcements::{Announce, AnnounceAsOperator, Announcement, AnnouncementLevel};
pub use audit::{AuditActor, AuditEntry, AuditExport, AuditQuery, AuditTarget, AuditToken};
pub use auth::{
    ForgotPassword, ResetLink, ResetPassword, SecondStep, Session, SignIn, SignedIn, TakeSecondStep, User,
};
pub use authorizations::{
    Authorization, AuthorizationAccount, AuthorizationFailure, AuthorizationRedirect, AuthorizationStatus,
    AuthorizationWay, BeginAuthorization, SubmitCode,
};
pub use billing::{
    Balance, CreditActor, CreditEntry, RedeemCode, Redeemed, Statement, StatementFormat, StatementLine,
    StatementMonths, StatementQuery,
};
pub use checks::{AccountCheck, AccountChecks};
pub use clients::{
    ClientRulePlace, ClientRuleSet, ClientTrial, ClientTrialRow, ClientTrialSum, KnownClient, SetClientRules,
    TryClientRules,
};
pub use entering::{Access, Enter, Entered, Suspended};
pub use failures::{
    AccountFailure, AccountRate, AccountRecord, AccountSpan, CauseCount, FailureOutcome, Percentiles,
};
pub use health::{
    AccountError, AccountHealth, AccountRest, AccountState, AttemptStep, FailureCause, QuotaWindow,
    RefusedQuery, RefusedRequest, RequestAttempts, RestScope,
};
pub use instance::Instance;
pub use invitations::{CreateInvitation, Delivery, Invitation, Inviter, ResendInvitation, SentInvitation};
pub use join::{
    AcceptInvitation, AcceptedInvitation, FinishRegistration, FinishedRegistration, InvitationPreview,
    Register, Registered, RegistrationPreview, RegistrationProgress, RegistrationState, ShownClaim,
    ShownToken,
};
pub use keys::{
    CreateKey, CreateKeys, DeleteKeys, IssuedKey, IssuedKeys, Key, KeyExport, KeyOwner, KeyQuery, KeyRules,
    KeyStatus, KeyUsage, PreviousSecret, RotateKey, UpdateKey, UpdateKeys,
};
pub use ledger::{
    CloseDeadLetter, DeadLetter, Ledger, LedgerInstallation, LedgerPartition, TenantDeadLetter,
};
pub use limits::{Amount, LimitScope, LimitState, LimitUnit, LimitsInUse};
pub use me::{Me, Membership, MyToken, Permission};
pub use members::{Member, MemberUsage, UpdateMember};
pub use model_routes::{ModelRoute, ModelRoutes, RouteTarget, SetModelRoutes};
pub use operator::{
    AddCredit, Code, CodeBatch, CreateCodes, CreateTenant, CreatedTenant, MadeCodes, PlanUse, Tenant,
    TenantQuery, TenantStatus, UpdateTenant,
};
pub use organization::{HoldMode, OnRedisLoss, Organization, OrganizationRef, UpdateOrganization};
pub use page::{ListQuery, Page};
pub use patch::Patch;
pub use persons::{Administrator, Administrators, Person, PersonOrganization, PersonQuery, UpdatePerson};
pub use playground::{
    KeyModels, PlayAnswer, PlayDone, PlayEvent, PlayHeader, PlayOffer, PlayPiece, PlayPlan, PlayRequest,
    PlaySide, PlayTruncated, PlayUpstreamRequest, PlayUsage, StartPlay,
};
pub use pools::{CreatePool, Pool, PoolMember, UpdatePool};
pub use prices::{
    GlobalMultiplier, GlobalMultipliers, GlobalPrice, GlobalPrices, LongContextFigures, OverrideQuery,
    PlannedPrice, PriceFigures, PriceHistory, PriceList, PriceOverride, PriceQuery, PriceRow, PriceState,
    PriceVersion, RefusedTable, SetMultiplier, SetPrice, TablePrice, TierFigures,
};
pub use problem::{FieldError, Problem, ProblemCode};
pub use profile::{
    AuthenticatorState, ChangePassword, CodeOfApp, Enrolment, OwnSession, RecoveryCodes, StartEnrolment,
    StopAuthenticator, UpdateProfile,
};
pub use providers::{OperatorProvider, ProviderConfirmation, ProviderSource, SetProvider};
pub use proxies::{
    CreateProxy, Proxy, ProxyFailure, ProxyRest, ProxyState, ProxyTest, ProxyUser, ProxyUsers, TestProxy,
    UpdateProxy,
};
pub use registration::{
    CreateRegistrationLink, DecideRegistration, OpenedRegistrationLink, RegistrationLink,
    RegistrationRequest, RegistrationRule, SignInRules, UpdateSignInRules,
};
pub use requests::{Outcome, Request, RequestExport, RequestQuery};
pub use secret::Secret;
pub use setup::{Setup, SetupState};
pub use shares::{AcceptShare, CreateShare, RemindedPerson, RenewAccount, SentShare, Share, ShareState};
pub use sso::{
    AddDomain, GroupRole, Identities, Identity, LinkIdentity, LinkStarted, SetSsoProvider, SingleSignOn,
    SsoBegin, SsoButton, SsoButtons, SsoDomain, SsoDomains, SsoFailure, SsoFailureCode, SsoProvider,
    SsoQuery, SsoTest, UpdateSingleSignOn,
};
pub use tokens::{ApiToken, CreateToken, IssuedToken, Scope, TokenOwner, TokenStatus};
pub use transfer::{ImportQuery, ImportRefusal, ImportReport, UsageRecord, WrittenBy};
pub use usage::{
    ExportFormat, UsageBreakdown, UsageDimension, UsageExport, UsageFigures, UsageFilter, UsageGroup,
    UsageOthers, UsagePart, UsagePoint, UsageQuery, UsageRow, UsageSeries, UsageStep, UsageSummary,
};

#[cfg(test)]
mod tests;
