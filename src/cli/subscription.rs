//! `junco subscription`: whose events X delivers.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::desk::{self, Common, Desk, ForAccounts, Report};
use crate::account::{Account, AccountError, Registry};
use crate::client::Webhook;
use crate::config::App;
use crate::model::UserId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Subscribe accounts on the webhook; one that is subscribed already stays so.
    Add(ForAccounts),
    /// List who is subscribed.
    List,
    /// Tell how many are subscribed, and how many may be.
    Count,
    /// End subscriptions; one that is not subscribed stays so. The account need not stand in the configuration.
    Remove(ForAccounts),
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| match args.command {
        Command::Add(which) => add(desk, &which).await,
        Command::List => list(desk).await,
        Command::Count => count(desk).await,
        Command::Remove(which) => remove(desk, &which).await,
    })
    .await
}

async fn add(desk: &Desk, which: &ForAccounts) -> anyhow::Result<ExitCode> {
    let (address, accounts, dry_run) = (desk.address()?, desk.accounts(which.account)?, which.changing.dry_run);
    let mut report = Report::default();
    for app in desk.apps(None)? {
        let mut its = accounts.iter().filter(|account| account.app == app.id).peekable();
        if its.peek().is_none() {
            continue;
        }
        // X takes few questions for webhooks: one has to do for all accounts of the app.
        let registry = desk.registry(app)?;
        match registry.webhook(address).await {
            Ok(webhook) => {
                for account in its {
                    report.note("account", account.user, subscribe(&registry, webhook.id, account, dry_run).await)?;
                }
            }
            Err(error) => report.note("app", app.id, Err(error))?,
        }
    }
    Ok(report.tell(desk, "subscriptions", json!({ "dry_run": dry_run })))
}

async fn subscribe(registry: &Registry, webhook: u64, account: &Account, dry_run: bool) -> Result<(Value, Vec<String>), AccountError> {
    let is_new = match dry_run {
        true => !registry.is_subscribed(webhook, account).await?,
        false => registry.subscribe(webhook, account).await?,
    };
    let what = match (is_new, dry_run) {
        (true, false) => "is subscribed now; its events may take ten seconds to begin",
        (true, true) => "would be subscribed",
        (false, _) => "was subscribed already",
    };
    let line = format!("account {} {what} (webhook {webhook})", account.user);
    Ok((json!({ "webhook": webhook.to_string(), "new": is_new }), vec![line]))
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    for app in desk.apps(None)? {
        let registry = desk.registry(app)?;
        match registry.list().await {
            Ok(webhooks) => {
                for webhook in webhooks {
                    report.note("app", app.id, subscribed(desk, &registry, &webhook).await)?;
                }
            }
            Err(error) => report.note("app", app.id, Err(error))?,
        }
    }
    if report.is_empty() {
        report.line("there is no webhook to be subscribed on: run `junco webhook register`");
    }
    Ok(report.tell(desk, "webhooks", json!({})))
}

async fn subscribed(desk: &Desk, registry: &Registry, webhook: &Webhook) -> Result<(Value, Vec<String>), AccountError> {
    let users = registry.subscribers(webhook.id).await?;
    let mut lines = vec![format!("webhook {} {}: {} subscribed", webhook.id, webhook.url, users.len())];
    lines.extend(users.iter().map(|user| {
        let ours = desk.config.account.iter().any(|account| account.user_id == *user);
        format!("  {user}{}", if ours { "" } else { ", who is not in the configuration" })
    }));
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    Ok((json!({ "webhook": webhook.id.to_string(), "url": webhook.url, "users": users }), lines))
}

async fn count(desk: &Desk) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    for app in desk.apps(None)? {
        let counted = desk.registry(app)?.count().await.map(|count| {
            let may = count.provisioned.map_or_else(|| "X does not tell how many may be".to_owned(), |most| format!("{most} may be"));
            let line = format!("app {}: {} subscribed, {may}", app.id, count.all);
            (json!({ "subscribed": count.all, "provisioned": count.provisioned }), vec![line])
        });
        report.note("app", app.id, counted)?;
    }
    Ok(report.tell(desk, "apps", json!({})))
}

async fn remove(desk: &Desk, which: &ForAccounts) -> anyhow::Result<ExitCode> {
    let (address, dry_run) = (desk.address()?, which.changing.dry_run);
    let users = match which.account {
        Some(user) => vec![user],
        None => desk.accounts(None)?.into_iter().map(|account| account.user).collect(),
    };
    let mut report = Report::default();
    for app in desk.apps(None)? {
        let its: Vec<UserId> = users.iter().copied().filter(|user| may_be_of(desk, app, *user)).collect();
        if !its.is_empty()
            && let Err(error) = remove_from(&mut report, desk, app, &its, dry_run).await
        {
            report.note("app", app.id, Err(error))?;
        }
    }
    if report.is_empty() {
        return Err(AccountError::NoWebhook(address.clone()).into());
    }
    Ok(report.tell(desk, "subscriptions", json!({ "dry_run": dry_run })))
}

/// Whether a user may be subscribed through an app: one who is not in the configuration may be through any.
fn may_be_of(desk: &Desk, app: &App, user: UserId) -> bool {
    desk.config.account.iter().find(|account| account.user_id == user).is_none_or(|account| account.app == app.id)
}

async fn remove_from(report: &mut Report, desk: &Desk, app: &App, users: &[UserId], dry_run: bool) -> anyhow::Result<()> {
    let registry = desk.registry(app)?;
    // Without our webhook nobody is subscribed through the app.
    let Some(webhook) = registry.find(desk.address()?).await? else { return Ok(()) };
    let subscribed = registry.subscribers(webhook.id).await?;
    for user in users {
        let was = subscribed.contains(user);
        let done = if was && !dry_run { registry.events().unsubscribe(webhook.id, *user).await } else { Ok(()) };
        let what = match (was, dry_run) {
            (false, _) => "was not subscribed",
            (true, false) => "is no longer subscribed",
            (true, true) => "would no longer be subscribed",
        };
        let mut lines = vec![format!("account {user} {what} (webhook {})", webhook.id)];
        // The watchdog looks after the accounts of the configuration where it may call as the app's owner.
        if was && app.owner().is_some() && desk.config.account.iter().any(|account| account.user_id == *user) {
            lines.push(
                "  a running service subscribes it again: end it in the console instead, or take the [[account]] out first".to_owned(),
            );
        }
        let document = json!({ "webhook": webhook.id.to_string(), "removed": was });
        report.note("account", user, done.map(|()| (document, lines)).map_err(AccountError::from))?;
    }
    Ok(())
}
