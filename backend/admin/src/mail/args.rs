//! Which mail server, and in whose name.

use lettre::{
    AsyncSmtpTransport, Tokio1Executor, message::Mailbox, transport::smtp::AsyncSmtpTransportBuilder,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Settings of outgoing mail.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct MailArgs {
    /// Mail server: smtps://user:password@host:465, or smtp://user:password@host:587, which must offer STARTTLS;
    /// smtp://localhost:25?tls=none sends without encryption, for a relay on the same machine. Characters other than
    /// letters and digits in user and password are percent-encoded. Without it no mail is sent, and an administrator
    /// hands links over.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<SecretString>,

    /// Sender of mails, such as Causeway <causeway@example.com>. Needed with SMTP_URL.
    #[arg(long, env = "SMTP_FROM")]
    pub smtp_from: Option<String>,
}

/// [`MailArgs`] that have been checked.
pub struct MailSettings {
    pub(super) transport: AsyncSmtpTransportBuilder,
    pub(super) from: Mailbox,
}

impl MailArgs {
    /// What can be used; `None` when no mail is to be sent. The error names the variable and what it accepts.
    pub fn check(&self) -> Result<Option<MailSettings>, String> {
        let url = self.smtp_url.as_ref().map(ExposeSecret::expose_secret).filter(|url| !url.is_empty());
        let from = self.smtp_from.as_deref().filter(|from| !from.is_empty());
        let Some(url) = url else {
            return if from.is_none() {
                Ok(None)
            } else {
                Err("SMTP_FROM is set but SMTP_URL, the mail server, is not".to_owned())
            };
        };
        let transport = transport(url).ok_or(
            "SMTP_URL must be smtps://user:password@host:port or smtp://user:password@host:port, with \
             percent-encoding in user and password, and ?tls=none only where nothing is to be encrypted",
        )?;
        let from = from.ok_or("SMTP_URL is set but SMTP_FROM, the sender of mails, is not")?;
        let from = from
            .parse()
            .map_err(|_| "SMTP_FROM must be an address such as Causeway <causeway@example.com>")?;
        Ok(Some(MailSettings { transport, from }))
    }
}

/// `smtp` means STARTTLS unless the opposite is asked for: a forgotten parameter must not send a password in the clear.
fn transport(text: &str) -> Option<AsyncSmtpTransportBuilder> {
    let mut url = Url::parse(text).ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    match (url.scheme(), url.query()) {
        ("smtps", None) => {}
        ("smtp", None | Some("tls=required")) => url.set_query(Some("tls=required")),
        ("smtp", Some("tls=none")) => url.set_query(None),
        _ => return None,
    }
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, from: &str) -> Result<bool, String> {
        let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        let args = MailArgs { smtp_url: text(url).map(Into::into), smtp_from: text(from) };
        args.check().map(|settings| settings.is_some())
    }

    #[test]
    fn no_mail_server_is_fine_and_half_of_one_is_named() {
        let from = "Causeway <causeway@example.com>";
        assert_eq!(check("", ""), Ok(false));
        assert!(check("", from).unwrap_err().contains("SMTP_URL"));
        assert!(check("smtps://mail.example.com", "").unwrap_err().contains("SMTP_FROM"));
        assert!(check("smtps://mail.example.com", "nobody").unwrap_err().contains("SMTP_FROM must"));
        for good in [
            "smtps://user:pass%40word@mail.example.com:465",
            "smtp://user:password@mail.example.com:587",
            "smtp://mail.example.com?tls=required",
            "smtp://localhost:25?tls=none",
        ] {
            assert_eq!(check(good, from), Ok(true), "{good}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_repeated() {
        for bad in [
            "mail.example.com",
            "http://mail",
            "smtp://u:secret@mail?tls=maybe",
            "smtps://u:secret@mail?tls=none",
        ] {
            let error = check(bad, "causeway@example.com").unwrap_err();
            assert!(error.contains("SMTP_URL must") && !error.contains("secret"), "{error}");
        }
    }
}
