//! The clock, the app's keys, its access and its owner: all that X asks of an app before it speaks of webhooks.

use std::time::Duration;

use super::{App, Examination, Finding, Step, Verdict};
use crate::account::running::reach;
use crate::client::{Failure, Remedy};
use crate::model::EventsApi;

/// What mends a clock.
const NTP: &str = "set the clock by NTP, such as `timedatectl set-ntp true`";

/// How far the clocks may be apart. X refuses signatures that are some minutes off; an own clock that runs away gets there.
const APART: Duration = Duration::from_secs(60);

impl Examination<'_> {
    /// Compares our clock with X's, which each of its answers tells to the second.
    pub(super) async fn clock(&mut self) {
        let step = |verdict, told: String| Finding::new(Step::Clock, verdict, None, None, told);
        let clock = self.doctor.clock.clone();
        let finding = match reach(&self.doctor.x, &clock).await {
            Err(unheard) => step(Verdict::Wrong, format!("X does not answer at {}: {unheard}", self.doctor.x))
                .mended_by("look at `x.api` in the configuration, and at the network"),
            Ok(answered) => match answered.date {
                None => step(Verdict::Right, "X answers, but does not tell its time".into()),
                Some(theirs) => {
                    // Its time was true somewhere between our question and its answer.
                    let ours = clock.now();
                    let apart = ours.since(theirs).max(theirs.since(ours));
                    let side = if ours < theirs { "behind" } else { "ahead of" };
                    if apart > APART {
                        step(Verdict::Wrong, format!("this machine's clock is {} {side} X's: signed calls are refused", span(apart)))
                            .mended_by(NTP)
                    } else {
                        step(Verdict::Right, format!("within {} s of X's", apart.as_secs() + 1))
                    }
                }
            },
        };
        self.note(finding);
    }

    /// Asks X for the app's own token, which key and secret alone decide.
    pub(super) async fn keys(&mut self, app: &App) {
        let keys = app.registry.keys();
        let outcome = self.doctor.client.bearer_token(&keys.consumer_key, &keys.consumer_secret).await;
        let finding = |verdict, told: &str| Finding::new(Step::Keys, verdict, Some(app.id), None, told);
        match outcome {
            Ok(_) => self.note(finding(Verdict::Right, "X knows consumer_key and consumer_secret")),
            Err(failure) if [Remedy::Configuration, Remedy::Reauthorise].contains(&failure.remedy()) => {
                let told = "wrong secret: X knows no such pair of consumer_key and consumer_secret";
                self.note(
                    finding(Verdict::Wrong, told).mended_by("copy API key and API secret key from the app's page into the configuration"),
                );
            }
            Err(failure) => self.unanswered(finding(Verdict::Wrong, ""), &failure.into()),
        }
    }

    /// Asks for something that only those get who may use webhooks.
    pub(super) async fn access(&mut self, app: &App) {
        if !self.stands_on(Step::Access, Some(app.id), None, &[Step::Keys]) {
            return;
        }
        let interface = app.registry.events().api().to_string();
        let finding = |verdict, told: String| Finding::new(Step::Access, verdict, Some(app.id), None, told);
        match app.registry.events().list().await {
            Ok(webhooks) => {
                let told = format!("webhooks of the interface {interface} are open to the app; {} registered", webhooks.len());
                self.webhooks.insert(app.id, webhooks);
                self.note(finding(Verdict::Right, told));
            }
            Err(failure) if failure.remedy() == Remedy::Access => {
                let told = format!("the app has no access to webhooks of the interface {interface}");
                self.note(finding(Verdict::Wrong, told).mended_by(failure.remedy().advice()));
            }
            Err(failure) => self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        }
    }

    /// Asks X whose the owner's token is. The newer interfaces register webhooks without it.
    pub(super) async fn owner(&mut self, app: &App) {
        let is_needed = matches!(app.registry.events().api(), EventsApi::Enterprise | EventsApi::Premium(_));
        if !self.stands_on(Step::Owner, Some(app.id), None, &[Step::Clock, Step::Keys]) {
            return;
        }
        let finding = |verdict, told: String| Finding::new(Step::Owner, verdict, Some(app.id), None, told);
        let finding = match app.registry.keys().owner() {
            None if !is_needed => finding(Verdict::Right, "not needed with this interface".into()),
            None => finding(Verdict::Wrong, "there is none, and only the owner may register the webhook".into())
                .mended_by("junco login --owner"),
            Some(owner) => match self.doctor.client.verify_credentials(owner).await {
                Ok(owner) => finding(Verdict::Right, format!("it is @{}'s", owner.screen_name)),
                Err(failure) => return self.void(finding(Verdict::Wrong, String::new()), failure, "junco login --owner"),
            },
        };
        self.note(finding);
    }

    /// Notes a token that X does not take.
    pub(super) fn void(&mut self, finding: Finding, failure: Failure, login: &str) {
        let (told, mend) = match failure.remedy() {
            Remedy::Reauthorise => ("revoked: the token was withdrawn, or belongs to another app", login),
            Remedy::Configuration => ("token and secret do not belong together, or not to this app", login),
            Remedy::FixClock => ("X refuses it because the clock is wrong", NTP),
            Remedy::Unlock => ("the user is suspended or locked at X", Remedy::Unlock.advice()),
            _ => return self.unanswered(finding, &failure.into()),
        };
        self.note(Finding { told: told.to_owned(), ..finding }.mended_by(mend));
    }
}

fn span(apart: Duration) -> String {
    match apart.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
