//! An account that withdrew its access, or whose token X takes no longer: forgotten where that is configured, and resumed once it is
//! authorised again.

use super::{Ward, Watchdog};
use crate::conversation::Notice;
use crate::model::{Key, UserId};
use crate::turn::TurnError;

/// Conversations that are forgotten between two looks at anything else.
const PAGE: usize = 256;

impl Watchdog {
    /// Asks for every account that is paused whether its token is good again; forgets those that withdrew, where that is configured.
    pub(super) async fn resume(&self, ward: &Ward) -> Result<(), TurnError> {
        for account in ward.accounts.iter().copied().filter(|account| self.turns.is_paused(*account)) {
            if let Ok(()) = ward.platform.verify(account).await {
                tracing::info!(%account, "authorised again; sending goes on");
                self.turns.notice(account, |_| vec![Notice::Recovered]).await?;
                continue;
            }
            let paused = self.turns.standing(account).await?.paused;
            if self.settings.forget && paused.is_some_and(|pause| pause.revoked && !pause.erased) {
                self.erase(account).await?;
            }
        }
        Ok(())
    }

    /// Forgets every conversation of an account. What a crash cuts off is begun anew.
    async fn erase(&self, account: UserId) -> Result<(), TurnError> {
        let (mut after, mut forgotten) = (Key::of_account(account), 0);
        loop {
            let page = self.turns.store().scan(Some(after), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (key, _) in page.iter().filter(|(key, _)| key.account == account) {
                self.turns.forget(*key).await?;
                forgotten += 1;
            }
            if after.account != account {
                break;
            }
        }
        tracing::info!(%account, conversations = forgotten, "forgotten, since the account withdrew its access");
        self.turns.notice(account, |_| vec![Notice::Erased]).await.map(drop)
    }
}
