//! `junco webhook`: the address that X delivers to.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Asked;
use super::desk::{self, Changing, Common, Desk};
use crate::account::{AccountError, Registered, unfit};
use crate::client::Webhook;
use crate::config::App;
use crate::model::AppId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Register the configuration's `url`; one that is registered already is challenged again.
    Register {
        #[command(flatten)]
        changing: Changing,
        /// Only for this app; without it for each [[app]].
        #[arg(long, value_name = "APP_ID")]
        app: Option<AppId>,
    },
    /// List the webhooks that X knows.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Have X challenge the webhook now; exit code 0 when it is valid then.
    Check {
        #[command(flatten)]
        changing: Changing,
    },
    /// Take a webhook away, with all its subscriptions.
    Delete {
        #[command(flatten)]
        changing: Changing,
        /// Its id; without it the one of the configuration's `url`.
        id: Option<u64>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Register { changing, app } => register(&Desk::open(&changing.common)?, app, changing.dry_run).await,
        Command::List { common } => list(&Desk::open(&common)?).await,
        Command::Check { changing } => check(&Desk::open(&changing.common)?, changing.dry_run).await,
        Command::Delete { changing, id, yes } => delete(&Desk::open(&changing.common)?, id, yes, changing.dry_run).await,
    }
}

async fn register(desk: &Desk, app: Option<AppId>, dry_run: bool) -> anyhow::Result<ExitCode> {
    let address = desk.address()?;
    if let Some(unfit) = unfit(address, &desk.config.x.api).first() {
        return Err(Asked(format!("url = \"{address}\": {unfit}")).into());
    }
    let (mut documents, mut lines, mut good) = (Vec::new(), Vec::new(), true);
    for app in desk.apps(app)? {
        let registry = desk.registry(app)?;
        if dry_run {
            let known = registry.find(address).await?;
            let would = if known.is_some() { "have X challenge it again" } else { "register it" };
            lines.push(format!("app {}: would {would}: {address}", app.id));
            documents.push(json!({ "app": app.id.to_string(), "url": address.as_str(), "would": would }));
            continue;
        }
        let Registered { webhook, is_new, others } = registry.register(address).await?;
        good &= webhook.valid;
        lines.push(told(app, &webhook, if is_new { "registered" } else { "registered already; challenged again" }));
        if is_new {
            lines.push("On a new webhook nobody is subscribed: run `junco subscription add`.".to_owned());
            lines.extend(others.iter().map(|other| {
                let advice = "an address cannot be changed, so delete the old one when the new one works";
                format!("Webhook {} {} stands beside it; {advice}: `junco webhook delete {}`.", other.id, other.url, other.id)
            }));
        }
        documents.push(json!({ "app": app.id.to_string(), "webhook": document(&webhook), "new": is_new }));
    }
    desk.tell(&json!({ "dry_run": dry_run, "webhooks": documents }), lines);
    Ok(desk::code(good))
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for app in desk.apps(None)? {
        let webhooks = desk.registry(app)?.events().list().await?;
        if webhooks.is_empty() {
            lines.push(format!("app {}: no webhook; `junco webhook register` makes one", app.id));
        }
        lines.extend(webhooks.iter().map(|webhook| told(app, webhook, "registered")));
        documents.push(json!({ "app": app.id.to_string(), "webhooks": webhooks.iter().map(document).collect::<Vec<_>>() }));
    }
    desk.tell(&json!({ "apps": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn check(desk: &Desk, dry_run: bool) -> anyhow::Result<ExitCode> {
    let address = desk.address()?;
    let (mut documents, mut lines, mut good) = (Vec::new(), Vec::new(), true);
    for app in desk.apps(None)? {
        let registry = desk.registry(app)?;
        let mut webhook = registry.webhook(address).await?;
        if dry_run {
            lines.push(told(app, &webhook, "registered; would be challenged"));
        } else {
            webhook.valid = registry.events().validate(webhook.id).await.map_err(AccountError::from)?;
            good &= webhook.valid;
            lines.push(told(app, &webhook, "challenged"));
        }
        documents.push(json!({ "app": app.id.to_string(), "webhook": document(&webhook) }));
    }
    desk.tell(&json!({ "dry_run": dry_run, "webhooks": documents }), lines);
    Ok(desk::code(good))
}

async fn delete(desk: &Desk, id: Option<u64>, yes: bool, dry_run: bool) -> anyhow::Result<ExitCode> {
    let mut found = None;
    for app in desk.apps(None)? {
        let registry = desk.registry(app)?;
        let webhook = match id {
            Some(id) => registry.events().list().await?.into_iter().find(|webhook| webhook.id == id),
            None => registry.find(desk.address()?).await?,
        };
        found = found.or(webhook.map(|webhook| (app, registry, webhook)));
    }
    let Some((app, registry, webhook)) = found else {
        // What was asked for is so already.
        desk.tell(&json!({ "deleted": Value::Null }), ["there is no such webhook: nothing to do".to_owned()]);
        return Ok(ExitCode::SUCCESS);
    };
    let subscribers = registry.subscribers(webhook.id).await?.len();
    if !dry_run {
        let question = format!("Delete webhook {} ({}) with its {subscribers} subscriptions?", webhook.id, webhook.url);
        if !desk::confirm(&question, yes)? {
            return Ok(ExitCode::FAILURE);
        }
        registry.events().delete(webhook.id).await.map_err(AccountError::from)?;
    }
    let what = if dry_run { "would be deleted" } else { "deleted" };
    let line = format!("app {}: webhook {} {} {what}, with {subscribers} subscription(s)", app.id, webhook.id, webhook.url);
    desk.tell(&json!({ "dry_run": dry_run, "deleted": document(&webhook), "subscriptions": subscribers }), [line]);
    Ok(ExitCode::SUCCESS)
}

fn told(app: &App, webhook: &Webhook, what: &str) -> String {
    let valid = if webhook.valid { "valid" } else { "NOT valid: X delivers nothing; run `junco doctor`" };
    format!("app {}: webhook {} {} {what}, {valid}", app.id, webhook.id, webhook.url)
}

fn document(webhook: &Webhook) -> Value {
    json!({ "id": webhook.id.to_string(), "url": webhook.url, "valid": webhook.valid })
}
