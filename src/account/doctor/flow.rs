//! Events that flow: a post of the account is liked, and its event has to arrive at the running service, as in X's guide.

use std::time::Duration;

use super::{Doctor, Examination, Finding, Step, Verdict};
use crate::account::{Account, Running, Unheard};
use crate::client::{Auth, Client, Failure};
use crate::model::{EventsApi, Timestamp, UserId};
use crate::wire::arrivals::{Arrivals, Arrived};
use crate::wire::oauth::Credentials;

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
        // Of X Activity the account has the kinds that are about messages: a like would not be told.
        if self.doctor.app(account.app).is_some_and(|app| app.registry.events().api() == &EventsApi::Activity) {
            let told = format!("X Activity tells of messages only; {}", heard(&before, account.user));
            return self.note(match before.messages.iter().any(|(user, _)| *user == account.user) {
                true => finding(Verdict::Right, told),
                false => finding(Verdict::Skipped, told).mended_by("write this account a message, then run `junco doctor` again"),
            });
        }
        if !self.doctor.like {
            let told = format!("no post was liked (--no-like), so nobody knows whether events come; {}", heard(&before, account.user));
            return self.note(finding(Verdict::Skipped, told).mended_by("junco doctor"));
        }
        let liker = match self.doctor.liker(account).await {
            Ok(Some(liker)) => liker,
            Ok(None) => return,
            Err(failure) => return self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        };
        let liked = match liker.like(account.user).await {
            Ok(Some(post)) => post,
            Ok(None) => {
                let told = format!("the account has no post that is not liked already; {}", heard(&before, account.user));
                return self.note(finding(Verdict::Skipped, told).mended_by("post something as this account, then run `junco doctor`"));
            }
            Err(failure) => return self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        };
        let finding = match self.arrival(&running, account.user, liked, before.now).await {
            Ok(Some(took)) => {
                // It was new, so it may go again, and the next examination finds the post as it was. One that stays does no harm.
                drop(liker.unlike(liked).await);
                finding(Verdict::Right, format!("a like of post {liked} arrived after {} ms", took.as_millis()))
            }
            Ok(None) => {
                let told =
                    format!("a like of post {liked} did not arrive within {} s; {}", PATIENCE.as_secs(), heard(&before, account.user));
                let mend = match liker.newer {
                    None => {
                        "run `junco webhook check`; where all is right there, wait: X is late at times, and a new subscription begins late"
                    }
                    Some(_) => {
                        "post something as this account, for a post that was liked before says nothing; then run `junco webhook check`"
                    }
                };
                finding(Verdict::Wrong, told).mended_by(mend)
            }
            Err(unheard) => finding(Verdict::Wrong, unheard.to_string()).mended_by("start `junco run`"),
        };
        self.note(finding);
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

impl Doctor {
    /// Who likes: the app's owner where their token is there, else the account itself. X tells of both.
    async fn liker<'a>(&'a self, account: &'a Account) -> Result<Option<Liker<'a>>, Failure> {
        let Some((app, token)) = self.app(account.app).zip(account.token.as_ref()) else { return Ok(None) };
        let (client, keys) = (&self.client, app.registry.keys());
        let (reader, owner) = (keys.user(token), keys.owner());
        let liker = owner.unwrap_or(reader);
        if !self.newer && app.registry.events().api() != &EventsApi::V2 {
            return Ok(Some(Liker { client, reader, liker, newer: None }));
        }
        let user = match owner {
            Some(owner) => client.me(Auth::User(owner)).await?.id,
            None => account.user,
        };
        Ok(Some(Liker { client, reader, liker, newer: Some(user) }))
    }
}

/// Somebody who likes, by one of the two interfaces.
struct Liker<'a> {
    client: &'a Client,
    /// Who looks for the post.
    reader: Credentials<'a>,
    liker: Credentials<'a>,
    /// Who likes, where it goes by the newer interface, which wants to know.
    newer: Option<UserId>,
}

impl Liker<'_> {
    /// Likes the newest post of an account that is not liked yet. The newer interface does not tell whether it was: there it is the newest.
    async fn like(&self, account: UserId) -> Result<Option<u64>, Failure> {
        if let Some(me) = self.newer {
            let posts = self.client.posts_v2(Auth::User(self.reader), account).await?;
            let Some(post) = posts.first().copied() else { return Ok(None) };
            return self.client.like_v2(Auth::User(self.liker), me, post).await.map(|()| Some(post));
        }
        for post in self.client.posts(self.reader, account).await? {
            match self.client.like(self.liker, post).await {
                Ok(()) => return Ok(Some(post)),
                Err(Failure::Refused(refusal)) if refusal.code == LIKED_ALREADY => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    async fn unlike(&self, post: u64) -> Result<(), Failure> {
        match self.newer {
            Some(me) => self.client.unlike_v2(Auth::User(self.liker), me, post).await,
            None => self.client.unlike(self.liker, post).await,
        }
    }
}

/// What the service has heard of the account's messages.
fn heard(lately: &Arrivals, account: UserId) -> String {
    match lately.messages.iter().find(|(user, _)| *user == account) {
        Some((_, at)) => format!("its last message came {} s ago", lately.now.since(*at).as_secs()),
        None => "no message of it has come since the service started".to_owned(),
    }
}
