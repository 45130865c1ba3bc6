//! Telling people that an account which they look after needs them. For a job that one instance runs.

use crate::mail::{
    Mailer,
    words::{self, Language},
};
use causeway_domain::AccountId;
use causeway_store::{
    Store, StoreResult, TenantTx,
    reminders::{self, Death},
};
use url::Url;

/// Accounts that are looked at in one go. What is left comes with the next.
const MOST: i64 = 50;

/// Mails about accounts.
pub struct Reminders {
    store: Store,
    mailer: Mailer,
    public_url: Url,
}

impl Reminders {
    /// With links to this address.
    pub const fn new(store: Store, mailer: Mailer, public_url: Url) -> Self {
        Self { store, mailer, public_url }
    }

    /// Mails the member who looks after each account (whoever has added it, where there is none) whose credential has died since the last time: once for each death,
    /// over all instances. Returns how many mails were queued.
    pub async fn send(&self) -> StoreResult<usize> {
        let mut sent = 0;
        for death in reminders::take_untold(&self.store.jobs, MOST).await? {
            // One that cannot be told must not keep the others from it.
            match self.tell(&death).await {
                Ok(told) => sent += usize::from(told),
                Err(error) => {
                    tracing::warn!(org = %death.org, account = %death.account, %error, "its member was not told");
                }
            }
        }
        Ok(sent)
    }

    async fn tell(&self, death: &Death) -> StoreResult<bool> {
        let mut tx = TenantTx::begin(&self.store.app, death.org, None).await?;
        let Some(keeper) = reminders::keeper(&mut tx, death.account).await? else { return Ok(false) };
        let (language, reader) = (Language::of(&keeper.addressee.locale), keeper.addressee);
        let link = place(&self.public_url, death.account, &death.kind, keeper.own);
        let letter = words::grant_dead(language, &reader.organization, &death.name, &death.reason, &link);
        Ok(self.mailer.send(&reader.email, &letter))
    }
}

/// Where an account is mended: where a person authorises it, or enters another credential. Whose own it is has a page for
/// that whatever their role.
pub(crate) fn place(public_url: &Url, account: AccountId, kind: &str, own: bool) -> String {
    match kind {
        _ if own => format!("{public_url}web/share?renew={account}"),
        "oauth" => format!("{public_url}web/accounts/new?again={account}"),
        _ => format!("{public_url}web/accounts"),
    }
}
