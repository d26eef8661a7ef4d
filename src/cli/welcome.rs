//! `junco welcome`: the message that X shows before a person has written.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::desk::{self, Changing, Common, Desk};
use crate::account::welcome::{self, File, deep_link};
use crate::account::{Account, AccountError};
use crate::client::{Client, Keys, Timeouts};
use crate::conversation;
use crate::model::UserId;
use crate::service::compile_bot;
use crate::wire::oauth::Credentials;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Set the welcome message of the bot's script; where it is set already, nothing is done.
    Set {
        #[command(flatten)]
        changing: Changing,
        /// Only for this account; without it for each whose bot has one.
        #[arg(long, value_name = "USER_ID")]
        account: Option<UserId>,
    },
    /// List the welcome messages that X has.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Take away the welcome messages that Junco has set; others stay.
    Delete {
        #[command(flatten)]
        changing: Changing,
        /// Only of this account; without it of each.
        #[arg(long, value_name = "USER_ID")]
        account: Option<UserId>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Set { changing, account } => set(&Desk::open(&changing.common)?, account, changing.dry_run).await,
        Command::List { common } => list(&Desk::open(&common)?).await,
        Command::Delete { changing, account, yes } => delete(&Desk::open(&changing.common)?, account, yes, changing.dry_run).await,
    }
}

async fn set(desk: &Desk, named: Option<UserId>, dry_run: bool) -> anyhow::Result<ExitCode> {
    let upload = upload(desk)?;
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for account in desk.accounts(named)? {
        let bot = &desk.config.account.iter().find(|one| one.user_id == account.user).context("the account was just read")?.bot;
        let program = compile_bot(bot)?.program;
        // With several accounts, a bot may well have none.
        if program.welcome.is_none() && named.is_none() && desk.config.account.len() > 1 {
            lines.push(format!("account {}: its bot has no welcome message", account.user));
            continue;
        }
        let message = conversation::welcome(&program, account.user)?;
        let file = File::on(&message, bot)?;
        let keys = keys(desk, &account)?;
        let table = welcome::Desk { api: &desk.client, upload: &upload, account: credentials(&keys, &account)? };
        let standing = table.standing().await?;
        let plan = standing.plan(&message, file.as_ref());
        let done = if plan.is_done() {
            "was set already"
        } else if dry_run {
            "would be set"
        } else {
            "is set"
        };
        let id = if dry_run || plan.is_done() { plan.message } else { Some(table.carry_out(&plan, &message, file.as_ref()).await?) };
        let link = id.map(|id| deep_link(account.user, id));
        lines.push(format!("account {}: the welcome message {done}{}", account.user, id.map_or(String::new(), |id| format!(" ({id})"))));
        if !plan.rules.is_empty() {
            lines.push(format!(
                "  in place of the one before; X {} {} rule(s)",
                if dry_run { "would lose" } else { "lost" },
                plan.rules.len()
            ));
        }
        lines.extend(link.iter().map(|link| format!("  {link}")));
        documents.push(json!({
            "account": account.user.to_string(),
            "id": id.map(|id| id.to_string()),
            "changed": !plan.is_done(),
            "link": link.map(|link| link.to_string()),
            "replaced_rules": plan.rules.len(),
            "deleted_messages": plan.messages.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    desk.tell(&json!({ "dry_run": dry_run, "welcome_messages": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn list(desk: &Desk) -> anyhow::Result<ExitCode> {
    let upload = upload(desk)?;
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for account in desk.accounts(None)? {
        let keys = keys(desk, &account)?;
        let table = welcome::Desk { api: &desk.client, upload: &upload, account: credentials(&keys, &account)? };
        let standing = table.standing().await?;
        if standing.messages.is_empty() {
            lines.push(format!("account {}: no welcome message; `junco welcome set` sets the bot's", account.user));
        }
        let ours = standing.ours();
        for message in &standing.messages {
            let is_default = standing.is_default(message.id);
            let (is_ours, link) = (ours.contains(&message.id), deep_link(account.user, message.id));
            let by = if is_ours { "set by Junco" } else { "not set by Junco" };
            let default = if is_default { "the default, " } else { "" };
            let first: String = message.message.text.lines().next().unwrap_or_default().chars().take(60).collect();
            lines.push(format!("account {}: {} ({default}{by}): {first}", account.user, message.id));
            lines.push(format!("  {link}"));
            documents.push(json!({
                "account": account.user.to_string(),
                "id": message.id.to_string(),
                "name": message.name,
                "text": message.message.text,
                "default": is_default,
                "ours": is_ours,
                "link": link.to_string(),
            }));
        }
    }
    desk.tell(&json!({ "welcome_messages": documents }), lines);
    Ok(ExitCode::SUCCESS)
}

async fn delete(desk: &Desk, named: Option<UserId>, yes: bool, dry_run: bool) -> anyhow::Result<ExitCode> {
    let upload = upload(desk)?;
    let (mut documents, mut lines) = (Vec::new(), Vec::new());
    for account in desk.accounts(named)? {
        let keys = keys(desk, &account)?;
        let table = welcome::Desk { api: &desk.client, upload: &upload, account: credentials(&keys, &account)? };
        let standing = table.standing().await?;
        let ours = standing.ours();
        let question = format!("Delete {} welcome message(s) of {}?", ours.len(), account.user);
        if !dry_run && !ours.is_empty() {
            if !desk::confirm(&question, yes)? {
                return Ok(ExitCode::FAILURE);
            }
            table.delete(&standing).await?;
        }
        let what = if dry_run { "would be deleted" } else { "deleted" };
        lines.push(format!("account {}: {} welcome message(s) {what}", account.user, ours.len()));
        let ids: Vec<String> = ours.iter().map(ToString::to_string).collect();
        documents.push(json!({ "account": account.user.to_string(), "deleted": ids }));
    }
    desk.tell(&json!({ "dry_run": dry_run, "accounts": Value::from(documents) }), lines);
    Ok(ExitCode::SUCCESS)
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
