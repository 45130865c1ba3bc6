//! A row for each operation of the document: what it needs of its caller, and how it answers.

use causeway_openapi::Permission;
use http::Method;

/// What an operation needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it is for anybody.
    Nothing,
    /// A person, wherever they belong, and no program.
    Oneself,
    /// A person who belongs here.
    Person,
    /// The same, as a member and not as an operator who has entered, while the organisation is not suspended.
    Member,
    /// A person or a program that belongs here.
    Anyone,
    /// A right, and where it is for programs too the scope that stands for it.
    Right(Permission),
    /// A right, and no program.
    PersonWith(Permission),
    /// The operator, who is then answered with this status.
    Operator(u16),
}

/// An operation.
pub(crate) struct Row {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) body: Option<&'static str>,
    pub(crate) need: Need,
    /// The status for nobody, viewer, member, admin, owner, and the owner of another organisation.
    pub(crate) status: [u16; 6],
}

impl Row {
    /// The status for a contributor, who has no right at all and is a person like any other: what needs a right is refused,
    /// but for what they need to connect an account of their own.
    pub(crate) fn contributor(&self) -> u16 {
        let connects = self.path == "/providers" || self.path.starts_with("/accounts/authorizations");
        match self.need {
            Need::Right(_) | Need::PersonWith(_) if !connects => 403,
            // A token would be of no use to them.
            _ if self.path == "/tokens" && self.method == Method::POST => 422,
            _ => self.status[1],
        }
    }
}

/// All of them. The things named in the paths belong to the first organisation, its key, token and request to another owner
/// of it. What is taken away is taken away last.
pub(crate) fn rows() -> Vec<Row> {
    use Method as M;
    use Need::{Anyone, Member, Nothing, Oneself, Operator, Person, PersonWith, Right};
    use Permission as P;
    let mut rows = Vec::new();
    let mut row = |method: M, path, body, need, status| rows.push(Row { method, path, body, need, status });

    // For anybody. What they show is known to nobody.
    row(M::GET, "/instance", None, Nothing, [200; 6]);
    row(M::GET, "/setup", None, Nothing, [200; 6]);
    row(
        M::POST,
        "/setup",
        Some(
            r#"{"token":"none","organization":"O","name":"N","email":"o@example.com","password":"{password}"}"#,
        ),
        Nothing,
        [409; 6],
    );
    row(
        M::POST,
        "/auth/sign-in",
        Some(r#"{"email":"o@example.com","password":"{password}"}"#),
        Nothing,
        [401; 6],
    );
    row(M::POST, "/auth/second-step", Some(r#"{"challenge":"none","code":"123456"}"#), Nothing, [401; 6]);
    row(M::POST, "/auth/forgot-password", Some(r#"{"email":"o@example.com"}"#), Nothing, [409; 6]);
    row(
        M::POST,
        "/auth/reset-password",
        Some(r#"{"token":"none","password":"{password}"}"#),
        Nothing,
        [422; 6],
    );
    row(M::POST, "/auth/refresh", None, Nothing, [401; 6]);
    row(M::POST, "/auth/sign-out", None, Nothing, [204; 6]);
    row(M::GET, "/auth/oidc", None, Nothing, [200; 6]);
    row(M::GET, "/auth/oidc/{provider}/begin", None, Nothing, [303; 6]);
    row(M::GET, "/auth/oidc/{provider}/callback", None, Nothing, [303; 6]);
    row(M::GET, "/auth/oidc/{provider}/outcome", None, Nothing, [404; 6]);
    row(
        M::POST,
        "/join/invitation",
        Some(r#"{"token":"none","email":"o@example.com","name":"N","password":"{password}"}"#),
        Nothing,
        [422; 6],
    );
    row(M::POST, "/join/invitation/preview", Some(r#"{"token":"none"}"#), Nothing, [422; 6]);
    row(
        M::POST,
        "/join/registration",
        Some(r#"{"token":"none","email":"o@example.com","name":"N","password":"{password}"}"#),
        Nothing,
        [422; 6],
    );
    row(M::POST, "/join/registration/preview", Some(r#"{"token":"none"}"#), Nothing, [422; 6]);
    row(M::POST, "/join/registration/progress", Some(r#"{"claim":"none"}"#), Nothing, [422; 6]);
    row(M::POST, "/join/registration/finish", Some(r#"{"claim":"none"}"#), Nothing, [422; 6]);

    // A person's own.
    row(M::GET, "/me", None, Anyone, [401, 200, 200, 200, 200, 200]);
    row(M::PATCH, "/me", Some(r#"{"name":"Ada"}"#), Oneself, [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/me/password",
        Some(
            r#"{"current_password":"{password}","new_password":"{password} again","end_other_sessions":false}"#,
        ),
        Oneself,
        [401, 204, 204, 204, 204, 204],
    );
    row(M::GET, "/me/sessions", None, Oneself, [401, 200, 200, 200, 200, 200]);
    row(M::DELETE, "/me/sessions", None, Oneself, [401, 204, 204, 204, 204, 204]);
    row(M::DELETE, "/me/sessions/{session}", None, Oneself, [401, 404, 404, 404, 404, 404]);
    row(
        M::POST,
        "/me/totp",
        Some(r#"{"password":"{password} again"}"#),
        Oneself,
        [401, 201, 201, 201, 201, 201],
    );
    row(M::GET, "/me/totp", None, Oneself, [401, 200, 200, 200, 200, 200]);
    row(M::POST, "/me/totp/confirm", Some(r#"{"code":"abcdef"}"#), Oneself, [401; 6]);
    row(
        M::POST,
        "/me/totp/recovery-codes",
        Some(r#"{"code":"123456"}"#),
        Oneself,
        [401, 409, 409, 409, 409, 409],
    );
    row(
        M::POST,
        "/me/totp/disable",
        Some(r#"{"password":"{password} again","code":"123456"}"#),
        Oneself,
        [401, 409, 409, 409, 409, 409],
    );
    row(M::GET, "/me/identities", None, Person, [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/me/identities",
        Some(r#"{"provider":"{provider}"}"#),
        Person,
        [401, 409, 409, 409, 409, 422],
    );
    row(M::DELETE, "/me/identities/{identity}", None, Person, [401, 404, 404, 404, 404, 404]);
    row(M::POST, "/me/memberships", Some(r#"{"token":"none"}"#), Person, [401, 422, 422, 422, 422, 422]);
    row(M::GET, "/me/shares", None, Person, [401, 200, 200, 200, 200, 200]);
    let accept = r#"{"name":"a","credential":{"kind":"api_key","api_key":"sk-ant-3"}}"#;
    row(M::POST, "/me/shares/{share}/accept", Some(accept), Member, [401, 404, 404, 404, 404, 404]);
    row(M::POST, "/me/shares/{share}/decline", None, Member, [401, 404, 404, 404, 404, 404]);
    row(M::GET, "/me/accounts", None, Person, [401, 200, 200, 200, 200, 200]);
    let renew = r#"{"credential":{"kind":"api_key","api_key":"sk-ant-4"}}"#;
    row(M::PUT, "/me/accounts/{account}/credential", Some(renew), Member, [401, 404, 404, 404, 404, 404]);
    row(M::POST, "/me/accounts/{account}/test", None, Member, [401, 404, 404, 404, 404, 404]);
    row(M::DELETE, "/me/accounts/{account}", None, Member, [401, 404, 404, 404, 404, 404]);
    row(M::GET, "/tokens", None, Person, [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/tokens",
        Some(r#"{"name":"a","scopes":["keys:read"],"expires_at":"{tomorrow}"}"#),
        Member,
        [401, 201, 201, 201, 201, 201],
    );
    row(M::DELETE, "/tokens/{token}", None, Person, [401, 404, 404, 204, 204, 404]);

    // The organisation.
    row(M::GET, "/organization", None, Right(P::OrganizationRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::PATCH,
        "/organization",
        Some(r#"{"name":"Motors","day_start":"06:00"}"#),
        Right(P::OrganizationWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(M::GET, "/organization/limits", None, Right(P::OrganizationRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/organization/administrators", None, Anyone, [401, 200, 200, 200, 200, 200]);
    row(
        M::GET,
        "/organization/key-ceilings",
        None,
        Right(P::OrganizationRead),
        [401, 200, 200, 200, 200, 200],
    );
    row(
        M::PUT,
        "/organization/key-ceilings",
        Some(r#"{"keys":100}"#),
        Right(P::OrganizationWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(M::GET, "/organization/sign-in", None, Right(P::OrganizationRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::PATCH,
        "/organization/sign-in",
        Some(r#"{"registration":"approval"}"#),
        Right(P::OrganizationWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(M::GET, "/announcements", None, Anyone, [401, 200, 200, 200, 200, 200]);
    row(
        M::GET,
        "/organization/announcements",
        None,
        Right(P::OrganizationWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(
        M::POST,
        "/organization/announcements",
        Some(r#"{"level":"info","text_en":"Hello"}"#),
        Right(P::OrganizationWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(
        M::DELETE,
        "/organization/announcements/{announcement}",
        None,
        Right(P::OrganizationWrite),
        [401, 403, 403, 204, 204, 404],
    );
    row(M::GET, "/sso", None, Person, [401, 200, 200, 200, 200, 200]);
    row(
        M::PATCH,
        "/sso",
        Some(r#"{"password_sign_in":true}"#),
        Right(P::SsoWrite),
        [401, 403, 403, 403, 200, 200],
    );
    row(
        M::POST,
        "/sso/providers",
        Some(r#"{"name":"a","issuer":"http://127.0.0.1:9"}"#),
        Right(P::SsoWrite),
        [401, 403, 403, 403, 201, 201],
    );
    row(
        M::PUT,
        "/sso/providers/{provider}",
        Some(r#"{"name":"a","issuer":"http://127.0.0.1:9","client_id":"b"}"#),
        Right(P::SsoWrite),
        [401, 403, 403, 403, 200, 404],
    );
    row(M::POST, "/sso/providers/{provider}/test", None, Right(P::SsoWrite), [401, 403, 403, 403, 200, 404]);
    row(M::DELETE, "/sso/providers/{provider}", None, Right(P::SsoWrite), [401, 403, 403, 403, 204, 404]);
    row(
        M::POST,
        "/sso/domains",
        Some(r#"{"domain":"new-{domain}"}"#),
        Right(P::SsoWrite),
        [401, 403, 403, 403, 201, 201],
    );
    row(M::DELETE, "/sso/domains/{domain}", None, Right(P::SsoWrite), [401, 403, 403, 403, 204, 404]);
    row(M::GET, "/audit", None, Right(P::AuditRead), [401, 403, 403, 200, 200, 200]);
    row(M::GET, "/audit/export", None, Right(P::AuditRead), [401, 403, 403, 200, 200, 200]);

    // Its people.
    row(M::GET, "/members", None, Right(P::MembersRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/members/{member}", None, Right(P::MembersRead), [401, 200, 404, 200, 200, 404]);
    row(
        M::PATCH,
        "/members/{heir}",
        Some(r#"{"limits":{"concurrency":4}}"#),
        Right(P::MembersWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::GET, "/members/{member}/limits", None, Right(P::MembersRead), [401, 200, 404, 200, 200, 404]);
    row(
        M::POST,
        "/members/{heir}/reset-link",
        None,
        PersonWith(P::MembersWrite),
        [401, 403, 403, 201, 201, 404],
    );
    row(M::DELETE, "/members/{heir}/totp", None, PersonWith(P::MembersWrite), [401, 403, 403, 204, 204, 404]);
    row(M::GET, "/invitations", None, Right(P::InvitationsRead), [401, 403, 403, 200, 200, 200]);
    row(
        M::POST,
        "/invitations",
        Some(r#"{"email":"new@{domain}"}"#),
        Right(P::MembersWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(
        M::POST,
        "/invitations/{invitation}/resend",
        Some(r#"{"expires_in_days":2}"#),
        Right(P::MembersWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::DELETE, "/invitations/{invitation}", None, Right(P::MembersWrite), [401, 403, 403, 204, 204, 404]);
    row(M::GET, "/registration-links", None, Right(P::InvitationsRead), [401, 403, 403, 200, 200, 200]);
    row(
        M::POST,
        "/registration-links",
        Some(r#"{"max_uses":1}"#),
        Right(P::MembersWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(M::GET, "/registrations", None, Right(P::InvitationsRead), [401, 403, 403, 200, 200, 200]);
    row(
        M::POST,
        "/registrations/{registration}/decide",
        Some(r#"{"approve":true}"#),
        Right(P::MembersWrite),
        [401, 403, 403, 204, 204, 404],
    );
    row(
        M::DELETE,
        "/registration-links/{link}",
        None,
        Right(P::MembersWrite),
        [401, 403, 403, 204, 204, 404],
    );

    // What it has.
    row(M::GET, "/providers", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/accounts", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/accounts",
        Some(r#"{"name":"a","provider":"anthropic","credential":{"kind":"api_key","api_key":"sk-ant-1"}}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(
        M::POST,
        "/accounts/import",
        Some(r#"[{"name":"i","provider":"anthropic","api_key":"sk-ant-2"}]"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(
        M::POST,
        "/accounts/authorizations",
        Some(r#"{"provider":"{open}","auth":"oauth_code"}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 201, 201, 201],
    );
    // It is the session's that began it, and to everybody else it is not there: also to who may begin one for their own.
    let authorization = "/accounts/authorizations/{authorization}";
    row(M::GET, authorization, None, Right(P::AccountsRead), [401, 404, 404, 404, 404, 404]);
    row(
        M::POST,
        "/accounts/authorizations/{authorization}/code",
        Some(r#"{"code":"a"}"#),
        Right(P::AccountsWrite),
        [401, 404, 404, 404, 404, 404],
    );
    row(M::DELETE, authorization, None, Right(P::AccountsWrite), [401, 404, 404, 404, 404, 404]);
    row(M::GET, "/accounts/{account}", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(
        M::PATCH,
        "/accounts/{account}",
        Some(r#"{"name":"b"}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::GET, "/accounts/{account}/limits", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    let health = "/accounts/{account}/health";
    row(M::GET, health, None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(M::GET, "/accounts/{account}/failures", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(M::GET, "/accounts/{account}/checks", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(M::POST, "/accounts/{account}/reset", None, Right(P::AccountsWrite), [401, 403, 403, 200, 200, 404]);
    // Its credential is an API key.
    row(
        M::POST,
        "/accounts/{account}/refresh",
        None,
        Right(P::AccountsWrite),
        [401, 403, 403, 409, 409, 404],
    );
    row(M::POST, "/accounts/{account}/test", None, Right(P::AccountsWrite), [401, 403, 403, 200, 200, 404]);
    row(M::POST, "/accounts/{account}/remind", None, Right(P::AccountsWrite), [401, 403, 403, 200, 200, 404]);
    row(M::GET, "/shares", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/shares",
        Some(r#"{"email":"heir@{domain}","provider":"anthropic"}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(
        M::POST,
        "/shares/{share}/remind",
        Some("{}"),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::GET, "/pools", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/pools",
        Some(r#"{"name":"new {domain}"}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(M::GET, "/pools/{pool}", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(
        M::PATCH,
        "/pools/{pool}",
        Some(r#"{"strategy":"weighted","account_ids":["{account}"]}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::GET, "/proxies", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/proxies",
        Some(r#"{"name":"new {domain}","scheme":"socks5","host":"127.0.0.1","port":9}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(M::GET, "/proxies/{proxy}", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 404]);
    row(
        M::PATCH,
        "/proxies/{proxy}",
        Some(r#"{"name":"other {domain}"}"#),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(
        M::POST,
        "/proxies/{proxy}/test",
        Some("{}"),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 404],
    );
    row(M::POST, "/proxies/{proxy}/reset", None, Right(P::AccountsWrite), [401, 403, 403, 200, 200, 404]);
    let rule =
        r#"{"rules":[{"client":"ours","name":"Ours","when":[{"header":"user-agent","matches":"ours/*"}]}]}"#;
    row(M::GET, "/client-rules", None, Right(P::OrganizationRead), [401, 200, 200, 200, 200, 200]);
    row(M::PUT, "/client-rules", Some(rule), Right(P::OrganizationWrite), [401, 403, 403, 200, 200, 200]);
    row(
        M::POST,
        "/client-rules/trial",
        Some(rule),
        Right(P::OrganizationWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(M::GET, "/model-routes", None, Right(P::AccountsRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::PUT,
        "/model-routes",
        Some(
            r#"{"items":[{"kind":"alias","pattern":"{domain}","targets":[{"account_id":"{account}","model":"{model}"}]}]}"#,
        ),
        Right(P::AccountsWrite),
        [401, 403, 403, 200, 200, 422],
    );
    row(M::GET, "/keys", None, Right(P::KeysRead), [401, 200, 200, 200, 200, 200]);
    row(M::POST, "/keys", Some(r#"{"name":"a"}"#), Right(P::KeysWriteOwn), [401, 403, 201, 201, 201, 201]);
    row(M::GET, "/keys/export", None, Right(P::KeysRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::POST,
        "/keys/batch",
        Some(r#"{"count":2,"key":{"name":"a"}}"#),
        Right(P::KeysWriteOwn),
        [401, 403, 201, 201, 201, 201],
    );
    row(
        M::PATCH,
        "/keys/batch",
        Some(r#"{"ids":["{key}"],"change":{"enabled":false}}"#),
        Right(P::KeysWriteOwn),
        [401, 403, 422, 200, 200, 422],
    );
    row(M::GET, "/keys/{key}", None, Right(P::KeysRead), [401, 200, 404, 200, 200, 404]);
    row(
        M::PATCH,
        "/keys/{key}",
        Some(r#"{"name":"b"}"#),
        Right(P::KeysWriteOwn),
        [401, 403, 404, 200, 200, 404],
    );
    row(M::GET, "/keys/{key}/limits", None, Right(P::KeysRead), [401, 200, 404, 200, 200, 404]);
    row(M::GET, "/keys/{key}/models", None, Right(P::KeysRead), [401, 200, 404, 200, 200, 404]);
    row(
        M::POST,
        "/keys/{key}/playground",
        Some(r#"{"dialect":"anthropic","body":"{}"}"#),
        PersonWith(P::KeysWriteOwn),
        [401, 403, 404, 200, 200, 404],
    );
    row(
        M::POST,
        "/keys/{key}/rotate",
        Some(r#"{"overlap_minutes":5}"#),
        Right(P::KeysWriteOwn),
        [401, 403, 404, 200, 200, 404],
    );
    row(M::DELETE, "/keys/{key}/overlap", None, Right(P::KeysWriteOwn), [401, 403, 404, 200, 200, 404]);
    row(M::GET, "/prices", None, Right(P::PricesRead), [401, 200, 200, 200, 200, 200]);
    row(
        M::PUT,
        "/prices/overrides/{model}",
        Some(r#"{"input":"1","output":"2"}"#),
        Right(P::PricesWrite),
        [401, 403, 403, 200, 200, 200],
    );
    row(M::GET, "/prices/overrides/{model}", None, Right(P::PricesRead), [401, 200, 200, 200, 200, 200]);
    row(M::DELETE, "/prices/overrides/{model}", None, Right(P::PricesWrite), [401, 403, 403, 204, 204, 204]);

    // What it uses and owes.
    row(M::GET, "/requests", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/requests/export", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/requests/refused", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/requests/{request}", None, Right(P::UsageRead), [401, 200, 404, 200, 200, 404]);
    row(M::GET, "/requests/{request}/attempts", None, Right(P::UsageRead), [401, 200, 404, 200, 200, 404]);
    row(M::GET, "/usage/summary", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/usage/series/{step}", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/usage/by/{dimension}", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/usage/export", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::POST, "/usage/import", Some("{record}"), Right(P::UsageImport), [401, 403, 403, 403, 200, 200]);
    row(M::GET, "/ledger", None, Right(P::LedgerRead), [401, 403, 403, 200, 200, 200]);
    row(M::GET, "/ledger/dead-letters", None, Right(P::LedgerRead), [401, 403, 403, 200, 200, 200]);
    row(M::GET, "/ledger/dead-letters/export", None, Right(P::LedgerRead), [401, 403, 403, 200, 200, 200]);
    row(M::GET, "/balance", None, Right(P::UsageRead), [401, 200, 200, 200, 200, 200]);
    row(M::GET, "/balance/entries", None, Right(P::BillingRead), [401, 200, 403, 200, 200, 200]);
    row(
        M::POST,
        "/balance/redeem",
        Some(r#"{"code":"{code_text}"}"#),
        Right(P::BillingWrite),
        [401, 403, 403, 201, 201, 201],
    );
    row(M::GET, "/statements", None, Right(P::BillingRead), [401, 200, 403, 200, 200, 200]);
    row(M::GET, "/statements/{month}", None, Right(P::BillingRead), [401, 200, 403, 200, 200, 200]);

    // The installation's.
    let others = [401, 403, 403, 403, 403, 403];
    row(M::GET, "/operator/organizations", None, Operator(200), others);
    row(M::GET, "/operator/organizations/{org}", None, Operator(200), others);
    row(
        M::POST,
        "/operator/organizations",
        Some(r#"{"name":"New","owner_email":"heir@{domain}"}"#),
        Operator(201),
        others,
    );
    row(M::PATCH, "/operator/organizations/{org}", Some(r#"{"multiplier":"1.5"}"#), Operator(200), others);
    row(M::GET, "/operator/organizations/{org}/entries", None, Operator(200), others);
    row(
        M::POST,
        "/operator/organizations/{org}/entries",
        Some(r#"{"kind":"credit","amount_usd":"5"}"#),
        Operator(201),
        others,
    );
    row(M::GET, "/operator/organizations/{org}/statements", None, Operator(200), others);
    row(M::GET, "/operator/organizations/{org}/statements/{month}", None, Operator(200), others);
    row(M::GET, "/operator/organizations/{org}/domains", None, Operator(200), others);
    row(M::PUT, "/operator/organizations/{org}/domains/{domain}", None, Operator(204), others);
    row(M::DELETE, "/operator/organizations/{org}/domains/{domain}", None, Operator(204), others);
    row(M::GET, "/operator/people", None, Operator(200), others);
    row(M::PATCH, "/operator/people/{person}", Some(r#"{"disabled":true}"#), Operator(200), others);
    row(M::GET, "/operator/announcements", None, Operator(200), others);
    row(
        M::POST,
        "/operator/announcements",
        Some(r#"{"level":"info","text_en":"Hello"}"#),
        Operator(201),
        others,
    );
    row(M::DELETE, "/operator/announcements/{notice}", None, Operator(204), others);
    row(M::GET, "/operator/prices", None, Operator(200), others);
    row(
        M::PUT,
        "/operator/prices/overrides/{model}",
        Some(r#"{"input":"1","output":"2"}"#),
        Operator(200),
        others,
    );
    row(M::GET, "/operator/prices/overrides/{model}", None, Operator(200), others);
    row(M::DELETE, "/operator/prices/overrides/{model}", None, Operator(204), others);
    row(M::GET, "/operator/multipliers", None, Operator(200), others);
    row(M::PUT, "/operator/multipliers/{kind}", Some(r#"{"multiplier":"1.5"}"#), Operator(200), others);
    row(M::GET, "/operator/providers", None, Operator(200), others);
    row(M::PUT, "/operator/providers/{upstream}", Some(r#"{"enabled":true}"#), Operator(200), others);
    row(M::DELETE, "/operator/providers/{upstream}", None, Operator(204), others);
    row(M::GET, "/operator/dead-letters", None, Operator(200), others);
    row(
        M::POST,
        "/operator/dead-letters/{letter}/close",
        Some(r#"{"reason":"counted by hand"}"#),
        Operator(204),
        others,
    );
    row(M::POST, "/operator/dead-letters/{lost}/write", None, Operator(204), others);
    row(M::GET, "/operator/audit", None, Operator(200), others);
    row(M::GET, "/operator/audit/export", None, Operator(200), others);
    row(M::GET, "/operator/codes", None, Operator(200), others);
    row(M::POST, "/operator/codes", Some(r#"{"amount_usd":"5","count":2}"#), Operator(201), others);
    row(M::GET, "/operator/codes/{batch}", None, Operator(200), others);
    row(M::DELETE, "/operator/codes/{batch}/{code}", None, Operator(204), others);
    row(M::DELETE, "/operator/codes/{batch}", None, Operator(204), others);

    // What takes things away.
    row(M::DELETE, "/keys/{key}", None, Right(P::KeysWriteOwn), [401, 403, 404, 204, 204, 404]);
    row(M::POST, "/keys/{key}/restore", None, Right(P::KeysWriteOwn), [401, 403, 404, 200, 200, 404]);
    row(
        M::POST,
        "/keys/batch/delete",
        Some(r#"{"ids":["{key}"]}"#),
        Right(P::KeysWriteOwn),
        [401, 403, 422, 204, 204, 422],
    );
    row(M::DELETE, "/shares/{share}", None, Right(P::AccountsWrite), [401, 403, 403, 204, 204, 404]);
    row(M::DELETE, "/proxies/{proxy}", None, Right(P::AccountsWrite), [401, 403, 403, 204, 204, 404]);
    row(M::DELETE, "/pools/{pool}", None, Right(P::AccountsWrite), [401, 403, 403, 204, 204, 404]);
    row(M::DELETE, "/accounts/{account}", None, Right(P::AccountsWrite), [401, 403, 403, 204, 204, 404]);
    row(M::DELETE, "/members/{leaver}", None, Right(P::MembersWrite), [401, 403, 403, 204, 204, 404]);
    row(
        M::POST,
        "/members/{heir}/transfer",
        None,
        PersonWith(P::OrganizationTransfer),
        [401, 403, 403, 403, 200, 404],
    );
    row(M::POST, "/me/leave", None, Member, [401, 204, 204, 204, 204, 409]);
    row(
        M::POST,
        "/operator/organizations/{org}/enter",
        Some(r#"{"reason":"a look"}"#),
        Operator(200),
        others,
    );
    row(M::POST, "/operator/organizations/{org}/leave", None, Operator(204), others);
    rows
}
