//! What an account signs in with, as it is typed: one form for every kind that is typed or pasted. It goes in and never
//! comes back.

mod inputs;

use causeway_openapi::{AuthHeader, Credential, CredentialKind, SignInWay};
use leptos::prelude::*;
use serde_json::Value;

pub(super) use self::inputs::CredentialInputs;

/// The texts of the form, of all kinds: who looks at another kind and comes back finds what was typed.
#[derive(Clone, Copy)]
pub(super) struct CredentialForm {
    api_key: RwSignal<String>,
    /// How an API key is presented; empty is the provider's usual way.
    header: RwSignal<String>,
    token: RwSignal<String>,
    key_file: RwSignal<String>,
    access_key_id: RwSignal<String>,
    secret_access_key: RwSignal<String>,
    session_token: RwSignal<String>,
    region: RwSignal<String>,
}

impl CredentialForm {
    pub(super) fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            api_key: empty(),
            header: empty(),
            token: empty(),
            key_file: empty(),
            access_key_id: empty(),
            secret_access_key: empty(),
            session_token: empty(),
            region: empty(),
        }
    }

    /// What is typed of this kind; none where its secret is empty, and of kinds that are not typed.
    pub(super) fn read(self, way: SignInWay) -> Option<Credential> {
        let typed = |text: RwSignal<String>| {
            Some(text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
        };
        Some(match way {
            SignInWay::ApiKey => Credential::ApiKey {
                api_key: typed(self.api_key)?.into(),
                auth: header(&self.header.get_untracked()),
            },
            SignInWay::Token => Credential::Token { token: typed(self.token)?.into() },
            SignInWay::ServiceAccount => Credential::ServiceAccount { key: typed(self.key_file)?.into() },
            SignInWay::AwsKeys => Credential::Aws {
                // Half of a pair is sent too, so that it is refused and not silently left out.
                access_key_id: typed(self.access_key_id)
                    .or_else(|| typed(self.secret_access_key).map(|_| String::new()))?,
                secret_access_key: typed(self.secret_access_key).unwrap_or_default().into(),
                session_token: typed(self.session_token).map(Into::into),
                region: typed(self.region).unwrap_or_default(),
            },
            SignInWay::OauthCode | SignInWay::DeviceCode => return None,
        })
    }

    /// The project that a pasted key of a service account names.
    pub(super) fn project(self) -> Option<String> {
        self.key_file.with(|text| KeyFile::read(text)).map(|key| key.project)
    }
}

/// How a stored credential is typed anew; none where a person authorises it.
pub(super) fn way_of(kind: CredentialKind) -> Option<SignInWay> {
    match kind {
        CredentialKind::ApiKey => Some(SignInWay::ApiKey),
        CredentialKind::Token => Some(SignInWay::Token),
        CredentialKind::ServiceAccount => Some(SignInWay::ServiceAccount),
        CredentialKind::Aws => Some(SignInWay::AwsKeys),
        CredentialKind::Oauth => None,
    }
}

/// A header as the choice has it.
fn header(choice: &str) -> Option<AuthHeader> {
    serde_json::from_value(Value::from(choice)).ok()
}

/// What a service account's key says of itself, to be recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyFile {
    project: String,
    email: String,
}

impl KeyFile {
    fn read(text: &str) -> Option<Self> {
        let key: Value = serde_json::from_str(text.trim()).ok()?;
        let said = |name: &str| key.get(name)?.as_str().map(str::to_owned);
        Some(Self { project: said("project_id")?, email: said("client_email")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_accounts_key_says_whose_it_is_and_anything_else_does_not() {
        let key = r#" {"type":"service_account","project_id":"quarry","client_email":"relay@quarry.iam","private_key":"…"} "#;
        let read = KeyFile::read(key).unwrap();
        assert_eq!((read.project.as_str(), read.email.as_str()), ("quarry", "relay@quarry.iam"));
        for other in ["", "{", "[]", r#"{"project_id":"quarry"}"#] {
            assert_eq!(KeyFile::read(other), None, "{other}");
        }
    }

    #[test]
    fn every_header_of_the_choice_is_one_that_the_api_has() {
        for choice in inputs::HEADERS {
            assert!(header(choice.0).is_some(), "{choice:?}");
        }
        assert_eq!(header(""), None);
    }
}
