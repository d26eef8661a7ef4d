//! The clock, the app's keys, its access and its owner: all that X asks of an app before it speaks of webhooks.

use std::time::Duration;

use super::{App, Examination, Finding, Step, Verdict};
use crate::account::running::reach;
use crate::account::{advice, advice_on};
use crate::client::{EventsFailure, Failure};
use crate::model::EventsApi;

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
                            .mended_by("set the clock by NTP, such as `timedatectl set-ntp true`")
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
        let finding = match outcome {
            Ok(_) => Finding::new(Step::Keys, Verdict::Right, Some(app.id), None, "X knows consumer_key and consumer_secret"),
            Err(failure) => {
                let told = match &failure {
                    Failure::Refused(refusal) if [32, 99, 215].contains(&refusal.code) => {
                        "wrong secret: X knows no such pair of consumer_key and consumer_secret".to_owned()
                    }
                    failure => failure.to_string(),
                };
                let mend = advice(&failure);
                Finding::new(Step::Keys, Verdict::Wrong, Some(app.id), None, told).mended_by(mend)
            }
        };
        self.note(finding);
    }

    /// Asks for something that only those get who may use webhooks.
    pub(super) async fn access(&mut self, app: &App) {
        if !self.stands_on(Step::Access, Some(app.id), None, &[Step::Keys]) {
            return;
        }
        let interface = app.registry.events().api().to_string();
        let finding = match app.registry.events().list().await {
            Ok(webhooks) => {
                let told = format!("webhooks of the interface {interface} are open to the app; {} registered", webhooks.len());
                Finding::new(Step::Access, Verdict::Right, Some(app.id), None, told)
            }
            Err(failure) => {
                let closed = matches!(&failure, EventsFailure::Call(Failure::Refused(refusal)) if [61, 200, 453].contains(&refusal.code));
                let told =
                    if closed { format!("the app has no access to webhooks of the interface {interface}") } else { failure.to_string() };
                let mend = advice_on(&failure.clone().into());
                Finding::new(Step::Access, Verdict::Wrong, Some(app.id), None, told).mended_by(mend)
            }
        };
        self.note(finding);
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
                Err(failure) => self.void(finding(Verdict::Wrong, String::new()), &failure, "junco login --owner"),
            },
        };
        self.note(finding);
    }

    /// A token that X does not take.
    pub(super) fn void(&self, finding: Finding, failure: &Failure, login: &str) -> Finding {
        let Failure::Refused(refusal) = failure else {
            return Finding { told: failure.to_string(), ..finding }.mended_by(advice(failure));
        };
        let (told, mend) = match refusal.code {
            89 => ("it was withdrawn, or belongs to another app", login),
            32 | 215 => ("token and secret do not belong together, or not to this app", login),
            135 => ("X refuses it because the clock is wrong", "set the clock by NTP, such as `timedatectl set-ntp true`"),
            64 | 326 => ("the user is suspended or locked at X", "log in to X as this user and follow what it says"),
            _ => return Finding { told: refusal.to_string(), ..finding }.mended_by(advice(failure)),
        };
        Finding { told: told.to_owned(), ..finding }.mended_by(mend)
    }
}

fn span(apart: Duration) -> String {
    match apart.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
