//! The one error type of the application, and how it reads to a person.

use causeway_openapi::{Problem, ProblemCode};

use super::i18n::{Locale, td_string};

/// Why a request to the admin API failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ApiError {
    /// No answer: no network, no server, or too late.
    Unreachable,
    /// The server said what is wrong.
    Problem(Box<Problem>),
    /// The relay said what is wrong, in words alone.
    Told(String),
    /// An answer that is not ours: something between us and the server speaks, or the versions differ.
    Unreadable(u16),
}

impl ApiError {
    pub(crate) fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// The same error, where what a form sends stands within `parent`.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        if let Self::Problem(problem) = &mut self {
            for error in &mut problem.errors {
                if let Some(field) = error.field.strip_prefix(parent) {
                    error.field = field.to_owned();
                }
            }
        }
        self
    }

    /// What the server says about a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Problem(problem) => {
                problem.errors.iter().find(|e| e.field == name).map(|e| e.message.as_str())
            }
            _ => None,
        }
    }

    /// The fields that the server says something about.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        let problem = match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        };
        problem.into_iter().flat_map(|problem| problem.errors.iter().map(|e| e.field.as_str()))
    }

    /// What it says about a field or any member of it; of members with their names.
    pub(crate) fn below(&self, name: &str) -> Option<String> {
        let Self::Problem(problem) = self else { return None };
        let told = problem.errors.iter().filter_map(|e| match e.field.strip_prefix(name)? {
            "" => Some(e.message.clone()),
            member => member.strip_prefix('.').map(|member| format!("{member}: {}", e.message)),
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("\n"))
    }

    /// A sentence for a person. What can be said without details is said in their language; details come from
    /// the server as they are.
    pub(crate) fn message(&self, locale: Locale) -> String {
        let problem = match self {
            Self::Unreachable => return td_string!(locale, common.error_unreachable).to_owned(),
            Self::Unreadable(status) => return td_string!(locale, common.error_unreadable, status = *status),
            Self::Told(message) => return message.clone(),
            Self::Problem(problem) => problem,
        };
        let known = match problem.code {
            ProblemCode::WrongCredentials => td_string!(locale, common.error_wrong_credentials),
            ProblemCode::NotSignedIn => td_string!(locale, common.error_not_signed_in),
            ProblemCode::WrongCode => td_string!(locale, common.error_wrong_code),
            ProblemCode::SignInExpired => td_string!(locale, common.error_sign_in_expired),
            ProblemCode::TotpRequired => td_string!(locale, common.error_totp_required),
            ProblemCode::LinkInvalid => td_string!(locale, common.error_link_invalid),
            ProblemCode::Forbidden => td_string!(locale, common.error_forbidden),
            ProblemCode::NotFound => td_string!(locale, common.error_not_found),
            ProblemCode::LinkUnknown => td_string!(locale, common.error_link_unknown),
            ProblemCode::LinkExpired => td_string!(locale, common.error_link_expired),
            ProblemCode::LinkUsed => td_string!(locale, common.error_link_used),
            ProblemCode::LinkRevoked => td_string!(locale, common.error_link_revoked),
            ProblemCode::WrongAddress => td_string!(locale, common.error_wrong_address),
            ProblemCode::LastOwner => td_string!(locale, common.error_last_owner),
            ProblemCode::Unavailable => td_string!(locale, common.error_unavailable),
            ProblemCode::TooManyAttempts => {
                let seconds = problem.retry_after.unwrap_or(60);
                return td_string!(locale, common.error_too_many, seconds = seconds);
            }
            ProblemCode::Internal => {
                let id = problem.request_id.clone();
                return td_string!(locale, common.error_internal, id = id);
            }
            _ => return problem.detail.clone(),
        };
        known.to_owned()
    }

    /// The message, unless the fields that a form shows already say all of it.
    pub(crate) fn beside(&self, fields: &[&str], locale: Locale) -> Option<String> {
        if let Self::Problem(problem) = self
            && !problem.errors.is_empty()
        {
            let others: Vec<String> = problem
                .errors
                .iter()
                .filter(|e| !fields.iter().any(|shown| covers(shown, &e.field)))
                .map(|e| {
                    if e.field.is_empty() { e.message.clone() } else { format!("{}: {}", e.field, e.message) }
                })
                .collect();
            return (!others.is_empty()).then(|| others.join("\n"));
        }
        Some(self.message(locale))
    }
}

/// Whether a field that a form shows is this one; `limits.*` is all that begin so.
fn covers(shown: &str, field: &str) -> bool {
    shown == field || shown.strip_suffix('*').is_some_and(|start| field.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use causeway_openapi::FieldError;

    fn problem(code: ProblemCode, errors: &[(&str, &str)]) -> ApiError {
        ApiError::Problem(Box::new(Problem {
            kind: "about:blank".into(),
            title: String::new(),
            status: 422,
            detail: "the detail".into(),
            code,
            request_id: "id-1".into(),
            errors: errors
                .iter()
                .map(|(field, message)| FieldError { field: (*field).into(), message: (*message).into() })
                .collect(),
            retry_after: Some(4),
        }))
    }

    #[test]
    fn an_error_that_its_field_shows_is_not_repeated_above_the_form() {
        let error = problem(ProblemCode::InvalidInput, &[("name", "too long")]);
        assert_eq!(error.field("name"), Some("too long"));
        assert_eq!(error.beside(&["name"], Locale::en), None);
        assert_eq!(error.beside(&["email"], Locale::en), Some("name: too long".into()));
        let error = problem(ProblemCode::InvalidInput, &[("limits.usd.day", "too much"), ("limits", "odd")]);
        assert_eq!(error.beside(&["limits.*"], Locale::en), Some("limits: odd".into()));
        assert_eq!(error.below("limits"), Some("usd.day: too much\nodd".into()));
        assert_eq!(error.below("limit"), None);
    }

    #[test]
    fn a_field_within_another_is_the_forms_field() {
        let error =
            problem(ProblemCode::InvalidInput, &[("key.limits.usd.day", "too much"), ("count", "odd")]);
        let error = error.within("key.");
        assert_eq!(error.field("limits.usd.day").or(error.field("count")), Some("too much"));
    }

    #[test]
    fn known_kinds_speak_the_readers_language_and_others_show_the_detail() {
        assert_eq!(problem(ProblemCode::Conflict, &[]).message(Locale::zh), "the detail");
        assert!(problem(ProblemCode::TooManyAttempts, &[]).message(Locale::zh).contains('4'));
        assert!(problem(ProblemCode::Internal, &[]).message(Locale::en).contains("id-1"));
    }
}
