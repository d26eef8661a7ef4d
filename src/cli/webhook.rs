//! `junco webhook`: the address that X delivers to.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Asked;
use super::desk::{self, Common, Desk, ForApps, Report, Sure};
use crate::account::{AccountError, Registered, Registry, unfit};
use crate::client::Webhook;
use crate::config::App;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Register the configuration's `url`; one that is registered already is challenged again.
    Register(ForApps),
    /// List the webhooks that X knows.
    List,
    /// Have X challenge the webhook now; exit code 0 when it is valid then.
    Check(ForApps),
    /// Take a webhook away, with all its subscriptions.
    Delete {
        #[command(flatten)]
        which: ForApps,
        /// Its id; without it the one of the configuration's `url`.
        id: Option<u64>,
        #[command(flatten)]
        sure: Sure,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| match args.command {
        Command::Register(which) => register(desk, &which).await,
        Command::List => list(desk).await,
        Command::Check(which) => check(desk, &which).await,
        Command::Delete { which, id, sure } => delete(desk, &which, id, &sure).await,
    })
    .await
}

async fn register(desk: &Desk, which: &ForApps) -> anyhow::Result<ExitCode> {
    let (address, dry_run) = (desk.address()?, which.changing.dry_run);
    if let Some(unfit) = unfit(address, &desk.config.x.api).first() {
        return Err(Asked(format!("url = \"{address}\": {unfit}")).into());
    }
    let mut report = Report::default();
    for app in desk.apps(which.app)? {
        let registry = desk.registry(app)?;
        if dry_run {
            let would = registry.find(address).await.map(|known| if known.is_some() { "have X challenge it again" } else { "register it" });
            let told = would.map(|would| {
                (json!({ "url": address.as_str(), "would": would }), vec![format!("app {}: would {would}: {address}", app.id)])
            });
            report.note("app", app.id, told)?;
            continue;
        }
        let outcome = registry.register(address).await;
        if outcome.as_ref().is_ok_and(|registered| !registered.webhook.valid) {
            report.is_bad();
        }
        report.note("app", app.id, outcome.map(|registered| stands(app, &registered)))?;
    }
    Ok(report.tell(desk, "webhooks", json!({ "dry_run": dry_run })))
}

/// What is told of a webhook that was registered.
fn stands(app: &App, Registered { webhook, is_new, others }: &Registered) -> (Value, Vec<String>) {
    let mut lines = vec![told(app, webhook, if *is_new { "registered" } else { "registered already; challenged again" })];
    if *is_new {
        lines.push("On a new webhook nobody is subscribed: run `junco subscription add`.".to_owned());
        lines.extend(others.iter().map(|other| {
            let advice = "an address cannot be changed, so delete the old one when the new one works";
            format!("Webhook {} {} stands beside it; {advice}: `junco webhook delete {}`.", other.id, other.url, other.id)
        }));
    }
    (json!({ "webhook": document(webhook), "new": is_new }), lines)
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    for app in desk.apps(None)? {
        let listed = desk.registry(app)?.list().await.map(|webhooks| {
            let lines = match webhooks.as_slice() {
                [] => vec![format!("app {}: no webhook; `junco webhook register` makes one", app.id)],
                some => some.iter().map(|webhook| told(app, webhook, "registered")).collect(),
            };
            (json!({ "webhooks": webhooks.iter().map(document).collect::<Vec<_>>() }), lines)
        });
        report.note("app", app.id, listed)?;
    }
    Ok(report.tell(desk, "apps", json!({})))
}

async fn check(desk: &Desk, which: &ForApps) -> anyhow::Result<ExitCode> {
    let (address, dry_run) = (desk.address()?, which.changing.dry_run);
    let mut report = Report::default();
    for app in desk.apps(which.app)? {
        let registry = desk.registry(app)?;
        let checked = if dry_run { registry.webhook(address).await } else { registry.check(address).await };
        if !dry_run && checked.as_ref().is_ok_and(|webhook| !webhook.valid) {
            report.is_bad();
        }
        let what = if dry_run { "registered; would be challenged" } else { "challenged" };
        let told = checked.map(|webhook| (json!({ "webhook": document(&webhook) }), vec![told(app, &webhook, what)]));
        report.note("app", app.id, told)?;
    }
    Ok(report.tell(desk, "webhooks", json!({ "dry_run": dry_run })))
}

async fn delete(desk: &Desk, which: &ForApps, id: Option<u64>, sure: &Sure) -> anyhow::Result<ExitCode> {
    let dry_run = which.changing.dry_run;
    let mut report = Report::default();
    for app in desk.apps(which.app)? {
        let registry = desk.registry(app)?;
        let found = match id {
            Some(id) => registry.list().await.map(|all| all.into_iter().find(|webhook| webhook.id == id)),
            None => registry.find(desk.address()?).await,
        };
        match found {
            // What was asked for is so already.
            Ok(None) => {}
            Ok(Some(webhook)) => report.note("app", app.id, take_away(app, &registry, &webhook, (!dry_run).then_some(sure)).await)?,
            Err(error) => report.note("app", app.id, Err(error))?,
        }
    }
    if report.is_empty() {
        report.line("there is no such webhook: nothing to do");
    }
    Ok(report.tell(desk, "webhooks", json!({ "dry_run": dry_run })))
}

/// Takes a webhook away once somebody is sure; a dry run is nobody's.
async fn take_away(app: &App, registry: &Registry, webhook: &Webhook, sure: Option<&Sure>) -> anyhow::Result<(Value, Vec<String>)> {
    let subscribers = registry.subscribers(webhook.id).await?.len();
    if let Some(sure) = sure {
        sure.confirm(&format!("Delete webhook {} ({}) with its {subscribers} subscription(s)?", webhook.id, webhook.url))?;
        registry.events().delete(webhook.id).await.map_err(AccountError::from)?;
    }
    let what = if sure.is_some() { "deleted" } else { "would be deleted" };
    let line = format!("app {}: webhook {} {} {what}, with {subscribers} subscription(s)", app.id, webhook.id, webhook.url);
    Ok((json!({ "webhook": document(webhook), "subscriptions": subscribers }), vec![line]))
}

fn told(app: &App, webhook: &Webhook, what: &str) -> String {
    let valid = if webhook.valid { "valid" } else { "NOT valid: X delivers nothing; run `junco doctor`" };
    format!("app {}: webhook {} {} {what}, {valid}", app.id, webhook.id, webhook.url)
}

fn document(webhook: &Webhook) -> Value {
    json!({ "id": webhook.id.to_string(), "url": webhook.url, "valid": webhook.valid })
}
