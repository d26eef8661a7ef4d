//! `junco subscription`: whose events X delivers.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::desk::{Changing, Common, Desk};
use crate::account::AccountError;
use crate::model::UserId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Subscribe accounts on the webhook; one that is subscribed already stays so.
    Add {
        #[command(flatten)]
        changing: Changing,
        /// Only this one; without it each [[account]].
        #[arg(long, value_name = "USER_ID")]
        account: Option<UserId>,
    },
    /// List who is subscribed.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Tell how many are subscribed, and how many may be.
    Count {
        #[command(flatten)]
        common: Common,
    },
    /// End subscriptions; one that is not subscribed stays so.
    Remove {
        #[command(flatten)]
        changing: Changing,
        /// Only this one, which need not stand in the configuration; without it each [[account]].
        #[arg(long, value_name = "USER_ID")]
        account: Option<UserId>,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Add { changing, account } => add(&Desk::open(&changing.common)?, account, changing.dry_run).await,
        Command::List { common } => list(&Desk::open(&common)?).await,
        Command::Count { common } => count(&Desk::open(&common)?).await,
        Command::Remove { changing, account } => remove(&Desk::open(&changing.common)?, account, changing.dry_run).await,
    }
}

async fn add(desk: &Desk, named: Option<UserId>, dry_run: bool) -> anyhow::Result<ExitCode> {
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for account in desk.accounts(named)? {
        let registry = desk.registry_of(&account)?;
        let webhook = registry.webhook(desk.address()?).await?;
        let is_new = match dry_run {
            true => !registry.is_subscribed(webhook.id, &account).await?,
            false => registry.subscribe(webhook.id, &account).await?,
        };
        let what = match (is_new, dry_run) {
            (true, false) => "is subscribed now; its events may take ten seconds to begin",
            (true, true) => "would be subscribed",
            (false, _) => "was subscribed already",
        };
        lines.push(format!("account {} {what} (webhook {})", account.user, webhook.id));
        documents.push(json!({ "account": account.user.to_string(), "webhook": webhook.id.to_string(), "new": is_new }));
    }
    desk.tell(&json!({ "dry_run": dry_run, "subscriptions": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for app in desk.apps(None)? {
        let registry = desk.registry(app)?;
        for webhook in registry.events().list().await? {
            let users = registry.subscribers(webhook.id).await?;
            lines.push(format!("webhook {} {}: {} subscribed", webhook.id, webhook.url, users.len()));
            lines.extend(users.iter().map(|user| {
                let ours = desk.config.account.iter().any(|account| account.user_id == *user);
                format!("  {user}{}", if ours { "" } else { ", who is not in the configuration" })
            }));
            let users: Vec<String> = users.iter().map(ToString::to_string).collect();
            documents.push(json!({ "app": app.id.to_string(), "webhook": webhook.id.to_string(), "url": webhook.url, "users": users }));
        }
    }
    if lines.is_empty() {
        lines.push("there is no webhook to be subscribed on: run `junco webhook register`".to_owned());
    }
    desk.tell(&json!({ "webhooks": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn count(desk: &Desk) -> anyhow::Result<ExitCode> {
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for app in desk.apps(None)? {
        let count = desk.registry(app)?.count().await?;
        let may = count.provisioned.map_or_else(|| "X does not tell how many may be".to_owned(), |most| format!("{most} may be"));
        lines.push(format!("app {}: {} subscribed, {may}", app.id, count.all));
        documents.push(json!({ "app": app.id.to_string(), "subscribed": count.all, "provisioned": count.provisioned }));
    }
    desk.tell(&json!({ "apps": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn remove(desk: &Desk, named: Option<UserId>, dry_run: bool) -> anyhow::Result<ExitCode> {
    let users = match named {
        Some(user) => vec![user],
        None => desk.accounts(None)?.into_iter().map(|account| account.user).collect(),
    };
    let (mut documents, mut lines, mut stays) = (Vec::new(), Vec::new(), true);
    // The watchdog looks after them where it may call as the app's owner.
    let is_watched = |user: &UserId| {
        let account = desk.config.account.iter().find(|account| account.user_id == *user);
        account.and_then(|account| desk.config.app(account.app)).is_some_and(|app| app.owner().is_some())
    };
    for app in desk.apps(None)? {
        let registry = desk.registry(app)?;
        let Some(webhook) = registry.find(desk.address()?).await? else { continue };
        let subscribed = registry.subscribers(webhook.id).await?;
        for user in &users {
            let was = subscribed.contains(user);
            if was && !dry_run {
                registry.unsubscribe(webhook.id, *user).await?;
            }
            let what = match (was, dry_run) {
                (false, _) => "was not subscribed",
                (true, false) => "is no longer subscribed",
                (true, true) => "would no longer be subscribed",
            };
            stays &= !(was && is_watched(user));
            lines.push(format!("account {user} {what} (webhook {})", webhook.id));
            documents.push(json!({ "account": user.to_string(), "webhook": webhook.id.to_string(), "removed": was }));
        }
    }
    if !stays {
        lines.push("a running service subscribes it again: end it in the console instead, or take the [[account]] out first".to_owned());
    }
    if documents.is_empty() {
        return Err(AccountError::NoWebhook(desk.address()?.clone()).into());
    }
    desk.tell(&json!({ "dry_run": dry_run, "subscriptions": Value::from(documents) }), lines);
    Ok(ExitCode::SUCCESS)
}
