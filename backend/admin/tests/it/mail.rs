//! Mails through a mail server.

use crate::{smtp::Sink, world};
use causeway_admin::mail::words::{self, Language};
use causeway_domain::Role;
use serde_json::json;

const LINK: &str = "https://causeway.example.com/web/accept/0123456789abcdef0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_letter_arrives_as_it_was_written_in_either_language() {
    let (mut sink, mailer) = Sink::start().await;
    for (language, name) in [(Language::English, "Ada <b>Lovelace</b>"), (Language::Chinese, "张伟")] {
        let letter = words::invitation(language, "Analytical Engines", name, Role::Member, LINK, 7);
        assert!(mailer.send("grace@example.com", &letter));
        let mail = sink.next().await;
        assert_eq!((mail.to.as_str(), mail.link()), ("grace@example.com", LINK));
        assert_eq!(mail.token().len(), 48);
        assert_eq!(mail.subject, letter.subject);
        assert_eq!(mail.text.trim_end(), letter.text().trim_end());
        assert!(mail.html.contains(LINK) && !mail.html.contains("<b>"), "{}", mail.html);
    }
}

#[tokio::test]
async fn an_address_that_is_refused_does_not_keep_the_next_mail_from_being_sent() {
    let (mut sink, mailer) = Sink::start().await;
    let letter = words::password_changed(Language::English, LINK);
    assert!(
        mailer.send("nobody@refused.example", &letter),
        "that it is refused shows later, and in the log only"
    );
    assert!(!mailer.send("no address", &letter));
    assert!(mailer.send("grace@example.com", &letter));
    assert_eq!(sink.next().await.to, "grace@example.com");
    assert!(sink.is_empty());
}

#[tokio::test]
async fn an_installation_says_whether_it_sends_mail() {
    world::with_mail(|world, _, _, _| async move {
        assert_eq!(world.get("/instance", None).await.body["mail"], json!(true));
    })
    .await;
    world::with_owner(|world, _, _| async move {
        assert_eq!(world.get("/instance", None).await.body["mail"], json!(false));
    })
    .await;
}
