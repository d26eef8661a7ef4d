//! Events that flow: a post of the account is liked, and its event has to arrive at the running service, as in X's guide.

use std::time::Duration;

use super::{Examination, Finding, Step, Verdict};
use crate::account::{Account, Running, Unheard};
use crate::client::Failure;
use crate::model::{Timestamp, UserId};
use crate::wire::arrivals::{Arrivals, Arrived};

/// How long an event may take. X names ten seconds for a new subscription, and takes longer at times.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the service is asked meanwhile.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// X's code for a post that the user likes already.
const LIKED_ALREADY: u32 = 139;

impl Examination<'_> {
    /// Likes a post of the account, and waits for the event.
    pub(super) async fn events(&mut self, account: &Account) {
        let (app, user) = (Some(account.app), Some(account.user));
        if !self.stands_on(Step::Events, app, user, &[Step::Challenge, Step::Signature, Step::Webhook, Step::Subscription]) {
            return;
        }
        let Some(running) = self.doctor.app(account.app).and_then(|app| app.running.clone()) else { return };
        let finding = |verdict, told: String| Finding::new(Step::Events, verdict, app, user, told);
        let before = match running.arrivals().await {
            Ok(before) => before,
            Err(unheard) => return self.note(finding(Verdict::Wrong, unheard.to_string()).mended_by("start `junco run`")),
        };
        if !self.doctor.like {
            let told = format!("no post was liked (--no-like), so nobody knows whether events come; {}", heard(&before, account.user));
            return self.note(finding(Verdict::Skipped, told).mended_by("junco doctor"));
        }
        let liked = match self.like(account).await {
            Ok(Some(post)) => post,
            Ok(None) => {
                let told = format!("the account has no post that is not liked already; {}", heard(&before, account.user));
                return self.note(finding(Verdict::Skipped, told).mended_by("post something as this account, then run `junco doctor`"));
            }
            Err(failure) => return self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        };
        let finding = match self.arrival(&running, account.user, liked, before.now).await {
            Ok(Some(took)) => finding(Verdict::Right, format!("a like of post {liked} arrived after {} ms", took.as_millis())),
            Ok(None) => {
                let told =
                    format!("a like of post {liked} did not arrive within {} s; {}", PATIENCE.as_secs(), heard(&before, account.user));
                let mend =
                    "run `junco webhook check`; where all is right there, wait: X is late at times, and a new subscription begins late";
                finding(Verdict::Wrong, told).mended_by(mend)
            }
            Err(unheard) => finding(Verdict::Wrong, unheard.to_string()).mended_by("start `junco run`"),
        };
        self.note(finding);
    }

    /// Likes the newest post of the account that is not liked yet: as the app's owner where their token is there, else as the account
    /// itself. X tells of both.
    async fn like(&self, account: &Account) -> Result<Option<u64>, Failure> {
        let Some(own) = self.credentials(account) else { return Ok(None) };
        let owner = self.doctor.app(account.app).and_then(|app| app.registry.keys().owner());
        let liker = owner.unwrap_or(own);
        for post in self.doctor.client.posts(own, account.user).await? {
            match self.doctor.client.like(liker, post).await {
                Ok(()) => return Ok(Some(post)),
                Err(Failure::Refused(refusal)) if refusal.code == LIKED_ALREADY => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// Waits until the service has seen the like. How long it took by the service's clock.
    async fn arrival(&mut self, running: &Running, account: UserId, post: u64, begun: Timestamp) -> Result<Option<Duration>, Unheard> {
        let asked = PATIENCE.as_millis() / ASKED_EVERY.as_millis();
        for time in 0..asked {
            let lately = running.arrivals().await?;
            let is_it = |what: &Arrived| matches!(what, Arrived::Favorite { post: liked, .. } if *liked == post);
            let mut seen = lately.events.iter().filter(|arrival| arrival.account == Some(account) && is_it(&arrival.what));
            if let Some(arrival) = seen.find(|arrival| arrival.at >= begun) {
                return Ok(Some(arrival.at.since(begun)));
            }
            if time % 10 == 0 {
                self.listener.waiting(&format!("waiting for the like of post {post}, {} s of {} s", time / 2, PATIENCE.as_secs()));
            }
            tokio::time::sleep(ASKED_EVERY).await;
        }
        Ok(None)
    }
}

/// What the service has heard of the account's messages.
fn heard(lately: &Arrivals, account: UserId) -> String {
    match lately.messages.iter().find(|(user, _)| *user == account) {
        Some((_, at)) => format!("its last message came {} s ago", lately.now.since(*at).as_secs()),
        None => "no message of it has come since the service started".to_owned(),
    }
}
