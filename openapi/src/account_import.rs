//! Accounts that come in as files: credential files of other programs, or a plain list of API keys.

use crate::accounts::CredentialKind;
use causeway_domain::{AccountId, PoolId, UserId, proxy::Choice};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How to import accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
#[serde(default, deny_unknown_fields)]
pub struct AccountImportQuery {
    /// Only look, and report what would be done. Do this first.
    pub dry_run: bool,
    /// What the file is called; only shown, and used for names of accounts that have no better one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "credentials.zip"))]
    pub file_name: Option<String>,
    /// The pool to put the accounts into, behind what is in it, where the file does not say another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
    pub pool_id: Option<PoolId>,
    /// The member to remind when one of the accounts needs a person; else it is whoever imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<uuid::Uuid>))]
    pub owner_id: Option<UserId>,
    /// The region of AWS keys and the location of service accounts, where the file does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(example = "eu-central-1"))]
    pub location: Option<String>,
    /// How requests of the accounts leave: `inherit`, `direct`, or the id of a proxy; `inherit` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", param(value_type = Option<String>, example = "inherit"))]
    pub proxy: Option<Choice>,
}

/// What an import of accounts did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountImport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Files that were looked at.
    #[cfg_attr(feature = "schemas", schema(example = 3))]
    pub files: u32,
    /// Accounts that are there now (or would be).
    #[cfg_attr(feature = "schemas", schema(example = 2))]
    pub added: u32,
    /// Credentials that an account has already, which was left alone.
    #[cfg_attr(feature = "schemas", schema(example = 1))]
    pub present: u32,
    /// What was refused.
    #[cfg_attr(feature = "schemas", schema(example = 0))]
    pub refused: u32,
    /// One for each credential, and one for each file that is none, in the order of the files.
    pub items: Vec<AccountImportItem>,
}

/// A credential that was found, or a file in which there is none. The secret is not among what is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AccountImportItem {
    /// The file: its path in the archive, or `file_name`.
    #[cfg_attr(feature = "schemas", schema(example = "ada/auth.json"))]
    pub file: String,
    /// Its place in the file's list, from 1.
    pub place: Option<u32>,
    /// What kind of file it is; `null` when that is not known.
    pub kind: Option<AccountFileKind>,
    /// What became of it, or would.
    pub outcome: AccountImportOutcome,
    /// The provider that it is for.
    #[cfg_attr(feature = "schemas", schema(example = "codex"))]
    pub provider: Option<String>,
    /// How the account signs in.
    pub credential_kind: Option<CredentialKind>,
    /// What the account is called.
    #[cfg_attr(feature = "schemas", schema(example = "Codex (ChatGPT), ada@example.com"))]
    pub name: Option<String>,
    /// Whose it is at the provider, as far as the file says.
    #[cfg_attr(feature = "schemas", schema(example = "ada@example.com"))]
    pub email: Option<String>,
    /// The same, as the provider calls the account.
    pub subject: Option<String>,
    /// The subscription, as far as the file says.
    #[cfg_attr(feature = "schemas", schema(example = "plus"))]
    pub plan: Option<String>,
    /// When the token in the file ends. One that can be refreshed is, at the first request or before.
    pub expires_at: Option<DateTime<Utc>>,
    /// Where requests go.
    #[cfg_attr(feature = "schemas", schema(example = "https://chatgpt.com/backend-api/codex"))]
    pub base_url: Option<String>,
    /// The pool that it is put into.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub pool_id: Option<PoolId>,
    /// The account: the new one, or the one that was there. `null` where it would only be made.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<uuid::Uuid>))]
    pub account_id: Option<AccountId>,
    /// The field at fault; `null` when it is not about one.
    #[cfg_attr(feature = "schemas", schema(example = "tokens.access_token"))]
    pub field: Option<String>,
    /// Why it was not added.
    #[cfg_attr(feature = "schemas", schema(example = "is needed, and is not there"))]
    pub reason: Option<String>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountFileKind {
    /// `.credentials.json` of Claude Code.
    ClaudeCode,
    /// `auth.json` of Codex: an API key, an authorisation, or both.
    Codex,
    /// `oauth_creds.json` of Gemini CLI.
    GeminiCli,
    /// `oauth_creds.json` of Qwen Code.
    QwenCode,
    /// The key of a Google service account.
    ServiceAccount,
    /// AWS keys as JSON, as the AWS CLI prints them or in plain fields.
    AwsKeys,
    /// An authorisation with a `type`, as CLIProxyAPI keeps them.
    ProxyAuth,
    /// API keys: `name`, `provider`, `api_key`, and `base_url` and `pool` where they are needed.
    Plain,
}

/// What became of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountImportOutcome {
    /// There is an account of it now, or would be.
    Added,
    /// An account has it already, or has the same identity at the provider. It was left alone.
    Present,
    /// It was not accepted; `reason` says why.
    Refused,
}
