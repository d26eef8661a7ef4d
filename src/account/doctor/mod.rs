//! The doctor: walks the set-up in the order of X's guide "Getting started with webhooks" and says of each step whether it is right, what
//! is wrong with it, and what mends it. What stands behind something wrong is not reached: it would only say the same in other words.

mod apps;
mod challenge;
mod finding;
mod flow;
mod people;
mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

pub use finding::{Cure, Finding, Step, Verdict};
pub use people::{Permission, permission};

use super::{Account, AccountError, Registry, Running, advice_on, is_at};
use crate::client::{Client, EventsFailure, Failure, Webhook};
use crate::clock::Clock;
use crate::model::{AppId, UserId};

/// What is to be examined.
pub struct Doctor {
    /// Calls of X.
    pub client: Client,
    /// X itself, for its clock.
    pub x: Url,
    /// The apps of the configuration.
    pub apps: Vec<App>,
    /// Its accounts.
    pub accounts: Vec<Account>,
    /// The webhook's public address.
    pub address: Option<Url>,
    /// Whether a post is liked at the end, to see its event come.
    pub like: bool,
    /// Whether messages go by the newer interface, v2.
    pub newer: bool,
    /// Our clock.
    pub clock: Arc<dyn Clock>,
}

/// An app of the configuration.
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its webhooks at X.
    pub registry: Registry,
    /// The service at the webhook's address, asked with this app's secret; there is none without an address.
    pub running: Option<Running>,
}

/// Hears each finding as it is made, and how far one is that takes long.
pub trait Listener {
    /// Something was found.
    fn found(&mut self, finding: &Finding);
    /// Something is waited for.
    fn waiting(&mut self, what: &str);
}

/// An examination under way.
struct Examination<'a> {
    doctor: &'a Doctor,
    listener: &'a mut dyn Listener,
    findings: Vec<Finding>,
    /// The webhooks of each app, once X has told. It takes few of these calls, so it is asked once.
    webhooks: BTreeMap<AppId, Vec<Webhook>>,
}

impl Doctor {
    /// Examines everything, from the clock to the events.
    pub async fn examine(&self, listener: &mut dyn Listener) -> Vec<Finding> {
        let mut examination = Examination { doctor: self, listener, findings: Vec::new(), webhooks: BTreeMap::new() };
        examination.clock().await;
        for app in &self.apps {
            examination.keys(app).await;
            examination.access(app).await;
            examination.owner(app).await;
        }
        for account in &self.accounts {
            examination.token(account).await;
            examination.permission(account).await;
            examination.oauth2(account).await;
        }
        examination.address();
        for app in &self.apps {
            examination.challenge(app).await;
            examination.signature(app).await;
            examination.registered(app);
        }
        for account in &self.accounts {
            examination.subscribed(account).await;
            examination.events(account).await;
        }
        examination.findings
    }

    /// The app of that id.
    fn app(&self, id: AppId) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }
}

impl Examination<'_> {
    /// Notes a finding.
    fn note(&mut self, finding: Finding) {
        self.listener.found(&finding);
        self.findings.push(finding);
    }

    /// Notes that a call brought no answer. One that X does not take just now says nothing about the step.
    fn unanswered(&mut self, finding: Finding, error: &AccountError) {
        let failure = match error {
            AccountError::Call(failure) | AccountError::Events(EventsFailure::Call(failure)) => Some(failure),
            _ => None,
        };
        let verdict = if matches!(failure, Some(Failure::NotTaken { .. })) { Verdict::NotReached } else { Verdict::Wrong };
        let told = failure.map_or_else(|| error.to_string(), ToString::to_string);
        self.note(Finding { verdict, told, ..finding }.mended_by(advice_on(error)));
    }

    /// The webhook of the address, where X knows one.
    fn webhook(&self, app: AppId) -> Option<&Webhook> {
        let address = self.doctor.address.as_ref()?;
        self.webhooks.get(&app)?.iter().find(|webhook| is_at(webhook, address))
    }

    /// Whether all these steps were found right for an app and an account; otherwise notes that `step` is not reached.
    ///
    /// A step that is about no app, or no account, counts for all.
    fn stands_on(&mut self, step: Step, app: Option<AppId>, account: Option<UserId>, needed: &[Step]) -> bool {
        let concerns = |finding: &&Finding| {
            let same_app = finding.app.is_none() || app.is_none() || finding.app == app;
            let same_account = finding.account.is_none() || finding.account == account;
            needed.contains(&finding.step) && same_app && same_account
        };
        let missing = self.findings.iter().filter(concerns).find(|finding| finding.verdict != Verdict::Right).map(|finding| finding.step);
        if let Some(missing) = missing {
            self.note(Finding::new(step, Verdict::NotReached, app, account, format!("it rests on `{}`", missing.name())));
        }
        missing.is_none()
    }
}
