//! The webhook: its address, what it answers, whom it lets in, and what X knows of it.

use std::time::Duration;

use super::challenge::judge;
use super::{App, Cure, Examination, Finding, Step, Verdict};
use crate::account::{Account, Unheard, unfit};
use crate::client::nonce;
use crate::model::EventsApi;

/// How long X waits for an answer, by interface (contract §1.1).
fn patience(api: &EventsApi) -> Duration {
    match api {
        EventsApi::Enterprise | EventsApi::Premium(_) => Duration::from_secs(3),
        EventsApi::V2 | EventsApi::Activity => Duration::from_secs(10),
    }
}

impl Examination<'_> {
    /// Holds the address to X's rules.
    pub(super) fn address(&mut self) {
        let finding = |verdict, told: String| Finding::new(Step::Address, verdict, None, None, told);
        let finding = match &self.doctor.address {
            None => finding(Verdict::Wrong, "the configuration has no `url`".into())
                .mended_by("add the webhook's public address: url = \"https://bot.example/webhook/twitter\""),
            Some(address) => match unfit(address, &self.doctor.x).as_slice() {
                [] => finding(Verdict::Right, address.to_string()),
                broken => {
                    let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
                    finding(Verdict::Wrong, format!("{address}: {}", broken.join("; ")))
                        .mended_by("change `url` in the configuration, then run `junco webhook register` and `junco subscription add`")
                }
            },
        };
        self.note(finding);
    }

    /// Challenges the webhook at its public address, as X does.
    pub(super) async fn challenge(&mut self, app: &App) {
        if !self.stands_on(Step::Challenge, Some(app.id), None, &[Step::Keys, Step::Address]) {
            return;
        }
        let Some(running) = &app.running else { return };
        let (token, limit) = (nonce(), patience(app.registry.events().api()));
        let answer = running.challenge(&token, &nonce(), limit).await;
        let outcome = judge(&answer, &token, &app.registry.keys().consumer_secret, limit);
        let verdict = if outcome.mend.is_none() { Verdict::Right } else { Verdict::Wrong };
        self.note(Finding { mend: outcome.mend, ..Finding::new(Step::Challenge, verdict, Some(app.id), None, outcome.told) });
    }

    /// Delivers something unsigned, which must be turned away, and something signed, which must be let in.
    pub(super) async fn signature(&mut self, app: &App) {
        if !self.stands_on(Step::Signature, Some(app.id), None, &[Step::Keys, Step::Address, Step::Challenge]) {
            return;
        }
        let Some(running) = &app.running else { return };
        let unsigned = running.deliver("{}".into(), false, patience(app.registry.events().api())).await;
        let finding = |verdict, told: String| Finding::new(Step::Signature, verdict, Some(app.id), None, told);
        let finding = match (unsigned, running.arrivals().await) {
            (Ok(unsigned), _) if (200..300).contains(&unsigned.status) => {
                let told = format!(
                    "a delivery without a signature is answered with {} instead of 401: anybody could write to the bot",
                    unsigned.status
                );
                finding(Verdict::Wrong, told).mended_by("let the address lead to `path` of `junco run`: something else answers")
            }
            (Ok(unsigned), _) if unsigned.status != 401 && unsigned.status != 403 => {
                let told = format!("a delivery is answered with {}, though a challenge is answered rightly", unsigned.status);
                finding(Verdict::Wrong, told).mended_by("let the proxy pass POST on to `junco run` as it does GET, and look at its log")
            }
            (Ok(_), Ok(_)) => finding(Verdict::Right, "a signed delivery is let in, one without a signature is not".into()),
            (Err(unheard), _) | (_, Err(unheard @ (Unheard::Late(_) | Unheard::Unreachable(_) | Unheard::Broken(_)))) => {
                finding(Verdict::Wrong, format!("a delivery gets no answer: {unheard}"))
                    .mended_by("let the proxy pass POST on to `junco run`, with its body and headers as they are")
            }
            (Ok(_), Err(Unheard::Stranger(status))) => {
                let told = format!("a rightly signed delivery is answered with {status}, and not by a `junco run` of this version");
                let mend = "let the proxy pass body and headers on as they are, and run the same version of Junco";
                finding(Verdict::Wrong, told).mended_by(mend)
            }
        };
        self.note(finding);
    }

    /// Looks for the webhook among those that X knows.
    pub(super) fn registered(&mut self, app: &App) {
        if !self.stands_on(Step::Webhook, Some(app.id), None, &[Step::Keys, Step::Access, Step::Address]) {
            return;
        }
        let finding = |verdict, told: String| Finding::new(Step::Webhook, verdict, Some(app.id), None, told);
        let cure = Cure::Register(app.id);
        let finding = match self.webhook(app.id) {
            Some(webhook) if webhook.valid => finding(Verdict::Right, format!("{} is valid", webhook.id)),
            Some(webhook) => {
                let told = format!("{} is not valid: it failed a challenge, and X delivers nothing to it", webhook.id);
                finding(Verdict::Wrong, told).cured_by(cure, "junco webhook check")
            }
            None => {
                let others = self.webhooks.get(&app.id).map_or(0, Vec::len);
                let others = if others > 0 { format!("; of other addresses it knows {others}") } else { String::new() };
                let told = format!("X knows no webhook of this address: it was deleted, or never registered{others}");
                finding(Verdict::Wrong, told).cured_by(cure, "junco webhook register")
            }
        };
        self.note(finding);
    }

    /// Asks X whether the account is subscribed.
    pub(super) async fn subscribed(&mut self, account: &Account) {
        let (app, user) = (Some(account.app), Some(account.user));
        let needed = [Step::Clock, Step::Keys, Step::Access, Step::Token, Step::Permission, Step::Address, Step::Webhook];
        if !self.stands_on(Step::Subscription, app, user, &needed) {
            return;
        }
        let (Some(its), Some(webhook)) = (self.doctor.app(account.app), self.webhook(account.app)) else { return };
        let add = format!("junco subscription add --account {}", account.user);
        let finding = |verdict, told: String| Finding::new(Step::Subscription, verdict, app, user, told);
        let finding = match its.registry.is_subscribed(webhook.id, account).await {
            Ok(true) => finding(Verdict::Right, format!("on webhook {}", webhook.id)),
            Ok(false) => finding(Verdict::Wrong, "the account is not subscribed: X delivers none of its events".into())
                .cured_by(Cure::Subscribe(account.user), &add),
            Err(error) => return self.unanswered(finding(Verdict::Wrong, String::new()), &error),
        };
        self.note(finding);
    }
}
