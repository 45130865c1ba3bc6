//! The parts of the OpenAPI document that are not about one operation: the frame, and the answers in which operations
//! refuse. Each set of refusals is a type, so that an operation names it once.

use crate::{
    error::{self, ApiError, BadCode, BadLink},
    guard::not_operator,
    operator::dead_letters::still_refused,
    tokens::create::too_many,
};
use causeway_openapi::{FieldError, Problem, ProblemCode};
use std::collections::BTreeMap;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder,
        schema::{ObjectBuilder, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// The frame of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Causeway admin API",
        description = "Manages an organisation of a Causeway installation: upstream accounts, API keys, prices, usage, credits. \
            Dollars are decimal strings, times are RFC 3339 in UTC, lists are read by `cursor`. Errors are problem \
            documents (RFC 9457); their `code` is for programs. Bodies have at most 1 MiB, and unknown fields are refused."
    ),
    components(schemas(Problem, FieldError, ProblemCode)),
    modifiers(&Schemes),
    tags(
        (name = "instance", description = "This installation, for anybody"),
        (name = "setup", description = "The first start"),
        (name = "auth", description = "Signing in, staying signed in, signing out"),
        (name = "me", description = "Who is calling: name, password, second factor, sessions"),
        (name = "tokens", description = "API tokens, with which programs use this API"),
        (name = "accounts", description = "Upstream accounts: credentials at providers"),
        (name = "shares", description = "Invitations to share an upstream account"),
        (name = "pools", description = "Upstream accounts that serve the same keys, and how they are chosen among"),
        (name = "proxies", description = "Proxies that upstream accounts are reached through"),
        (name = "model-routes", description = "What models are called here, and where each name leads"),
        (name = "keys", description = "API keys that clients of the relay present"),
        (name = "playground", description = "Real requests with a key, seen on both sides of the conversion"),
        (name = "clients", description = "Programs that requests come from, and how they are recognised"),
        (name = "members", description = "The people of the organisation"),
        (name = "invitations", description = "People who were asked to come in"),
        (name = "registration", description = "People who ask to come in"),
        (name = "join", description = "For who opens an invitation or a registration link"),
        (name = "requests", description = "The request log"),
        (name = "usage", description = "Sums over time and by what used them; taking usage out and in"),
        (name = "ledger", description = "Whether usage is being written"),
        (name = "prices", description = "Prices of models"),
        (name = "organization", description = "The organisation's settings"),
        (name = "sso", description = "Single sign-on: issuers, domains, identities"),
        (name = "billing", description = "Balance, credits and statements by month"),
        (name = "operator", description = "For who runs the installation: organisations, plans, credits, codes"),
        (name = "announcements", description = "What people are told by a banner"),
        (name = "audit", description = "Who changed what")
    )
)]
pub(crate) struct Frame;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of `POST /admin/v1/auth/sign-in`."))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("cwt_…")
            .description(Some(
                "An API token of `POST /admin/v1/tokens`, in its own organisation. Each operation names the scope that it \
                 needs; one that does not offer `api_token` is for people only.",
            ))
            .build();
        components.add_security_scheme("api_token", SecurityScheme::Http(token));
        let refresh = ApiKeyValue::with_description(
            "causeway_refresh",
            "The refresh token. Browsers send it by themselves; scripts cannot read it.",
        );
        components.add_security_scheme("refresh", SecurityScheme::ApiKey(ApiKey::Cookie(refresh)));
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: [$($error:expr => $when:literal),+ $(,)?]),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl utoipa::IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    BTreeMap::from([$(answer(&$error, $when)),+])
                }
            }
        )+
    };
}

refusals! {
    /// Whatever needs a person with a right.
    Guarded: [
        ApiError::NotSignedIn => "There is no access token, or its time or its session is over",
        ApiError::Forbidden("this needs keys.write, which a viewer does not have".to_owned()) => "The role does not allow it",
    ],
    /// Whatever can be forbidden without an access token.
    Forbidden: [
        ApiError::Forbidden("this cannot be called from pages of another origin".to_owned()) => "It is not allowed",
    ],
    /// Signing in.
    Credentials: [
        ApiError::WrongCredentials => "E-mail address and password do not fit",
        ApiError::Forbidden("you are not a member of that organisation".to_owned()) => "The person belongs to no such organisation",
    ],
    /// The second step of signing in.
    Codes: [
        ApiError::WrongCode => "The code is wrong or was used before; `sign_in_expired`: the first step has to be taken again",
        ApiError::Forbidden("you are not a member of that organisation".to_owned()) => "The person belongs to no such organisation, or the call comes from a page of another origin",
    ],
    /// Choosing a new password by a link.
    Links: [
        ApiError::Malformed("the body is not JSON: EOF while parsing an object at line 1 column 9".to_owned()) => "The body is not JSON",
        ApiError::TooLarge => "The body is larger than 1 MiB",
        ApiError::NotJson => "The body is not declared as JSON",
        ApiError::LinkInvalid => "The link is unknown, used or expired; or `invalid_input`: the password is not accepted",
    ],
    /// What needs a mail server.
    NoMail: [
        ApiError::Conflict("this installation sends no mail; ask an administrator of your organisation for a link".to_owned()) => "The installation sends no mail",
    ],
    /// A second factor that is there, or is not.
    Factor: [
        ApiError::WrongCode => "The code is wrong or was used before; or there is no access token, or its time or its session is over",
        ApiError::Forbidden("this cannot be called from pages of another origin".to_owned()) => "The call comes from a page of another origin",
        ApiError::Conflict("an authenticator app is in force already; remove it first".to_owned()) => "There is a second factor already, or none",
        ApiError::Throttled { seconds: 4 } => "Too many failed attempts",
    ],
    /// What cannot be done for somebody else's account.
    Beyond: [
        ApiError::Conflict("this person also belongs to other organisations; they can ask for a link by e-mail".to_owned()) => "The person is not this organisation's alone, has no password, or has no second factor",
    ],
    /// Whatever has a body.
    Input: [
        ApiError::Malformed("the body is not JSON: EOF while parsing an object at line 1 column 9".to_owned()) => "The body is not JSON",
        ApiError::TooLarge => "The body is larger than 1 MiB",
        ApiError::NotJson => "The body is not declared as JSON",
        ApiError::field("name", "must have 1 to 100 characters") => "A field is not accepted; `errors` names it",
    ],
    /// Redeeming a code.
    Redeem: [
        ApiError::Malformed("the body is not JSON: EOF while parsing an object at line 1 column 9".to_owned()) => "The body is not JSON",
        ApiError::TooLarge => "The body is larger than 1 MiB",
        ApiError::NotJson => "The body is not declared as JSON",
        ApiError::Code(BadCode::Expired) => "The code cannot be redeemed; `code` says why: `code_unknown`, `code_expired`, `code_used`, `code_revoked`",
    ],
    /// Opening a link, with a body.
    Link: [
        ApiError::Malformed("the body is not JSON: EOF while parsing an object at line 1 column 9".to_owned()) => "The body is not JSON",
        ApiError::TooLarge => "The body is larger than 1 MiB",
        ApiError::NotJson => "The body is not declared as JSON",
        ApiError::Link(BadLink::Expired) => "The link leads nowhere; `code` says why: `link_unknown`, `link_expired`, `link_used`, `link_revoked`. Or a field is not accepted",
    ],
    /// Using what is meant for somebody.
    Addressed: [
        ApiError::WrongCredentials => "The address has an account, and the password is not its",
        ApiError::WrongAddress => "The invitation is for another e-mail address",
    ],
    /// Whatever could leave nobody in charge.
    Owners: [
        ApiError::LastOwner => "The organisation would have no owner",
    ],
    /// Whatever needs the operator.
    Operators: [
        ApiError::NotSignedIn => "There is no access token, or its time or its session is over",
        not_operator(&["Ada Lovelace".to_owned()]) => "The person does not run the installation, or has yet to set up the second factor that it demands",
    ],
    /// Whatever reads a file.
    Large: [
        ApiError::TooLarge => "The file is larger than what is read at once",
    ],
    /// Whatever has parameters that can be wrong in themselves.
    Malformed: [
        ApiError::Malformed("query: unknown field `order`, expected `limit` or `cursor`".to_owned()) => "A parameter cannot be read",
    ],
    /// Whatever has parameters that can have a value that is not accepted.
    BadValue: [
        ApiError::field("limit", "must be between 1 and 200") => "A parameter has a value that is not accepted",
    ],
    /// Whatever is about one thing.
    Missing: [
        ApiError::NotFound => "There is no such thing in this organisation",
    ],
    /// Whatever can contradict what is there.
    Clash: [
        ApiError::Conflict("2 keys are bound to this account; bind them to another one first".to_owned()) => "It contradicts what is there",
    ],
    /// Whatever the relay is asked for with a key.
    Refused: [
        ApiError::Conflict("the API key \"Ada's laptop\" is disabled".to_owned()) => "The key cannot be used: it is disabled, expired, or not for where the caller is",
    ],
    /// Whatever an issuer, or an authorisation that is over, can be in the way of.
    Authorizing: [
        ApiError::Conflict("the state was used before: each authorisation takes one code, once".to_owned()) => "The authorisation is over, too many are under way, or the issuer refuses or cannot be reached",
    ],
    /// Refreshing a credential.
    Refreshing: [
        ApiError::Conflict("the issuer gives no other token: invalid_grant: The grant has been revoked; authorise the account anew".to_owned())
            => "There is nothing to refresh, the account is switched off, or the issuer refuses or cannot be reached; `detail` has its words",
    ],
    /// Adding an account, which a plan counts and an authorisation may be needed for.
    AuthorizedFull: [
        ApiError::PlanLimit("the plan of this organisation allows 5 accounts, and there is no place left: remove one that \
            is not needed, or ask the operator of this installation for a larger plan".to_owned())
            => "`plan_limit`: the plan allows no more of these; `conflict`: the authorisation is not finished, or over",
    ],
    /// Making an API token.
    TooManyTokens: [
        too_many() => "The person has as many API tokens as anybody may have",
    ],
    /// Changing who runs the installation.
    LastOperator: [
        ApiError::Conflict("an installation needs an operator; make somebody else one first".to_owned()) => "Nobody would be left to run the installation",
    ],
    /// Entering an organisation.
    EnterClash: [
        ApiError::Conflict("you are a member of this organisation; switch to it instead".to_owned()) => "The operator is a member of it",
    ],
    /// Writing a dead letter.
    StillRefused: [
        still_refused("postgres: value out of range") => "The database still does not take it",
    ],
    /// Adding credit.
    CreditClash: [
        ApiError::Conflict("another entry was written before with this idempotency_key".to_owned()) => "It contradicts what is there, or all credits together would be too much",
    ],
    /// Whatever a plan counts.
    Full: [
        ApiError::PlanLimit("the plan of this organisation allows 5 API keys, and there is no place left: remove one that \
            is not needed, or ask the operator of this installation for a larger plan".to_owned())
            => "The organisation's plan allows no more of these",
    ],
    /// Whatever can be tried too often.
    Throttle: [
        ApiError::Throttled { seconds: 4 } => "Too many failed attempts",
    ],
    /// Whatever touches a store.
    Failures: [
        ApiError::internal("") => "An error of ours",
        ApiError::Failed { outage: true, source: "".into() } => "Postgres or Redis is away; try again",
    ],
}

fn answer(error: &ApiError, when: &str) -> (String, RefOr<Response>) {
    let example =
        serde_json::to_value(error.problem("01935f3a-6e1c-7c3e-9d0a-5b8f0c2f4a11")).unwrap_or_default();
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .example(Some(example))
        .build();
    let mut response = ResponseBuilder::new()
        .description(format!("{}: {when}", error::title(error.reason())))
        .content("application/problem+json", content);
    if error.retry_after().is_some() {
        let seconds = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer).build()))
            .description(Some("Seconds to wait"))
            .build();
        response = response.header("retry-after", seconds);
    }
    (error.status().as_str().to_owned(), RefOr::T(response.build()))
}
