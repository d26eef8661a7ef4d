//! What the doctor says of a step.

use crate::model::{AppId, UserId};

/// The steps of a set-up, in the order in which each rests on those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// This machine's clock.
    Clock,
    /// The app's key and secret.
    Keys,
    /// The interface of webhooks is open to the app.
    Access,
    /// The owner's token.
    Owner,
    /// The account's token.
    Token,
    /// What the token may do.
    Permission,
    /// The account's token of OAuth 2, where one is used.
    OAuth2,
    /// The webhook's address.
    Address,
    /// The webhook's answer to a challenge.
    Challenge,
    /// What the webhook lets in.
    Signature,
    /// The webhook at X.
    Webhook,
    /// The account's subscription.
    Subscription,
    /// Events that come.
    Events,
}

impl Step {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Step::Clock => "clock",
            Step::Keys => "app keys",
            Step::Access => "access",
            Step::Owner => "owner's token",
            Step::Token => "account's token",
            Step::Permission => "permission",
            Step::OAuth2 => "OAuth 2 token",
            Step::Address => "webhook address",
            Step::Challenge => "challenge",
            Step::Signature => "signature",
            Step::Webhook => "webhook at X",
            Step::Subscription => "subscription",
            Step::Events => "events",
        }
    }
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Right,
    /// Not as it should be.
    Wrong,
    /// Not looked at: something before it is wrong.
    NotReached,
    /// Not looked at: it was not to be.
    Skipped,
}

impl Verdict {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::NotReached => "not reached",
            Verdict::Skipped => "SKIPPED",
        }
    }
}

/// What can be done about it without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Register the webhook, or have X challenge it anew.
    Register(AppId),
    /// Subscribe the account.
    Subscribe(UserId),
}

/// One step, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The step.
    pub step: Step,
    /// How it stands.
    pub verdict: Verdict,
    /// The app that it is about.
    pub app: Option<AppId>,
    /// The account that it is about.
    pub account: Option<UserId>,
    /// What was found, in plain words.
    pub told: String,
    /// What mends it: a command, or what a person has to do.
    pub mend: Option<String>,
    /// What mends it by itself.
    pub cure: Option<Cure>,
}

impl Finding {
    pub(super) fn new(step: Step, verdict: Verdict, app: Option<AppId>, account: Option<UserId>, told: impl Into<String>) -> Self {
        Finding { step, verdict, app, account, told: told.into(), mend: None, cure: None }
    }

    /// The same, with what mends it.
    #[must_use]
    pub(super) fn mended_by(self, mend: impl Into<String>) -> Self {
        Finding { mend: Some(mend.into()), ..self }
    }

    /// The same, with what mends it by itself.
    #[must_use]
    pub(super) fn cured_by(self, cure: Cure, command: &str) -> Self {
        Finding { cure: Some(cure), mend: Some(command.to_owned()), ..self }
    }
}
