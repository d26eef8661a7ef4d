//! `junco welcome`: the message that X shows before a person has written.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::desk::{self, Common, Desk, ForAccounts, Report, Sure};
use crate::account::welcome::{self, File, Standing, deep_link};
use crate::account::{Account, AccountError};
use crate::client::{Client, Keys, Timeouts, WelcomeMessage};
use crate::conversation;
use crate::service::compile_bot;
use crate::wire::oauth::Credentials;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Set the welcome message of the bot's script; where it is set already, nothing is done.
    Set(ForAccounts),
    /// List the welcome messages that X has.
    List,
    /// Take away the welcome messages that Junco has set; others stay.
    Delete {
        #[command(flatten)]
        which: ForAccounts,
        #[command(flatten)]
        sure: Sure,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| match args.command {
        Command::Set(which) => set(desk, &which).await,
        Command::List => list(desk).await,
        Command::Delete { which, sure } => delete(desk, &which, &sure).await,
    })
    .await
}

async fn set(desk: &Desk, which: &ForAccounts) -> anyhow::Result<ExitCode> {
    let upload = upload(desk)?;
    let mut report = Report::default();
    for account in desk.accounts(which.account)? {
        match set_for(desk, &upload, &account, which).await.transpose() {
            Some(outcome) => report.note("account", account.user, outcome)?,
            None => report.line(format!("account {}: its bot has no welcome message", account.user)),
        }
    }
    Ok(report.tell(desk, "welcome_messages", json!({ "dry_run": which.changing.dry_run })))
}

/// Sets an account's welcome message. With several accounts, a bot may well have none.
async fn set_for(desk: &Desk, upload: &Client, account: &Account, which: &ForAccounts) -> anyhow::Result<Option<(Value, Vec<String>)>> {
    let dry_run = which.changing.dry_run;
    let bot = &desk.config.account.iter().find(|one| one.user_id == account.user).context("the account was just read")?.bot;
    let program = compile_bot(bot)?.program;
    if program.welcome.is_none() && which.account.is_none() && desk.config.account.len() > 1 {
        return Ok(None);
    }
    let message = conversation::welcome(&program, account.user)?;
    let file = File::on(&message, bot)?;
    let keys = keys(desk, account)?;
    let table = welcome::Desk { api: &desk.client, upload, account: credentials(&keys, account)? };
    let plan = table.standing().await?.plan(&message, file.as_ref());
    let done = match (plan.is_done(), dry_run) {
        (true, _) => "was set already",
        (false, true) => "would be set",
        (false, false) => "is set",
    };
    let id = if dry_run || plan.is_done() { plan.message } else { Some(table.carry_out(&plan, &message, file.as_ref()).await?) };
    let link = id.map(|id| deep_link(account.user, id));
    let mut lines =
        vec![format!("account {}: the welcome message {done}{}", account.user, id.map_or(String::new(), |id| format!(" ({id})")))];
    if !plan.rules.is_empty() {
        let lost = if dry_run { "would lose" } else { "lost" };
        lines.push(format!("  in place of the one before; X {lost} {} rule(s)", plan.rules.len()));
    }
    lines.extend(link.iter().map(|link| format!("  {link}")));
    let document = json!({
        "id": id.map(|id| id.to_string()),
        "changed": !plan.is_done(),
        "link": link.map(|link| link.to_string()),
        "replaced_rules": plan.rules.len(),
        "deleted_messages": plan.messages.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    Ok(Some((document, lines)))
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let upload = upload(desk)?;
    let mut report = Report::default();
    for account in desk.accounts(None)? {
        match standing(desk, &upload, &account).await {
            Ok(standing) if standing.messages.is_empty() => {
                report.line(format!("account {}: no welcome message; `junco welcome set` sets the bot's", account.user));
            }
            Ok(standing) => {
                for message in &standing.messages {
                    report.note("account", account.user, anyhow::Ok(listed(&account, &standing, message)))?;
                }
            }
            Err(error) => report.note("account", account.user, Err(error))?,
        }
    }
    Ok(report.tell(desk, "welcome_messages", json!({})))
}

async fn standing(desk: &Desk, upload: &Client, account: &Account) -> anyhow::Result<Standing> {
    let keys = keys(desk, account)?;
    Ok(welcome::Desk { api: &desk.client, upload, account: credentials(&keys, account)? }.standing().await?)
}

fn listed(account: &Account, standing: &Standing, message: &WelcomeMessage) -> (Value, Vec<String>) {
    let is_default = standing.is_default(message.id);
    let (is_ours, link) = (standing.ours().contains(&message.id), deep_link(account.user, message.id));
    let by = if is_ours { "set by Junco" } else { "not set by Junco" };
    let default = if is_default { "the default, " } else { "" };
    let first: String = message.message.text.lines().next().unwrap_or_default().chars().take(60).collect();
    let lines = vec![format!("account {}: {} ({default}{by}): {first}", account.user, message.id), format!("  {link}")];
    let document = json!({
        "id": message.id.to_string(),
        "name": message.name,
        "text": message.message.text,
        "default": is_default,
        "ours": is_ours,
        "link": link.to_string(),
    });
    (document, lines)
}

async fn delete(desk: &Desk, which: &ForAccounts, sure: &Sure) -> anyhow::Result<ExitCode> {
    let (upload, dry_run) = (upload(desk)?, which.changing.dry_run);
    let mut report = Report::default();
    for account in desk.accounts(which.account)? {
        report.note("account", account.user, delete_of(desk, &upload, &account, (!dry_run).then_some(sure)).await)?;
    }
    Ok(report.tell(desk, "accounts", json!({ "dry_run": dry_run })))
}

/// Takes an account's messages away once somebody is sure; a dry run is nobody's.
async fn delete_of(desk: &Desk, upload: &Client, account: &Account, sure: Option<&Sure>) -> anyhow::Result<(Value, Vec<String>)> {
    let keys = keys(desk, account)?;
    let table = welcome::Desk { api: &desk.client, upload, account: credentials(&keys, account)? };
    let standing = table.standing().await?;
    let ours = standing.ours();
    if let Some(sure) = sure.filter(|_| !ours.is_empty()) {
        sure.confirm(&format!("Delete {} welcome message(s) of {}?", ours.len(), account.user))?;
        table.delete(&standing).await?;
    }
    let what = if sure.is_some() { "deleted" } else { "would be deleted" };
    let ids: Vec<String> = ours.iter().map(ToString::to_string).collect();
    Ok((json!({ "deleted": ids }), vec![format!("account {}: {} welcome message(s) {what}", account.user, ours.len())]))
}

fn upload(desk: &Desk) -> anyhow::Result<Client> {
    Ok(Client::new(desk.config.x.upload.clone(), Timeouts::default(), desk.clock.clone())?)
}

fn keys(desk: &Desk, account: &Account) -> anyhow::Result<Keys> {
    desk.keys(desk.config.app(account.app).context("an account without its app is refused")?)
}

fn credentials<'a>(keys: &'a Keys, account: &'a Account) -> Result<Credentials<'a>, AccountError> {
    account.token.as_ref().map(|token| keys.user(token)).ok_or(AccountError::NoToken(account.user))
}
