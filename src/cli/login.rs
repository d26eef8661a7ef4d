//! `junco login`: lets the app in for a user, and keeps the tokens where the configuration wants them.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Asked;
use super::desk::{self, Changing, Common, Desk};
use crate::account::doctor::{Permission, permission};
use crate::account::sign_in::{self, Brought, Callback};
use crate::account::{AccountError, FileError, Kept, check_writable, keep_account, keep_owner, usual_files};
use crate::client::{Auth, Failure, Keys, OAuth2App, SignedIn, UserToken};
use crate::config;
use crate::model::{AppId, Profile, Secret, UserId};
use crate::wire::oauth2::SCOPES;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    changing: Changing,
    /// The app's owner signs in, whose token registers the webhook; without it an account that a bot answers for.
    #[arg(long, conflicts_with_all = ["account", "oauth2"])]
    owner: bool,
    /// Only this account is to sign in.
    #[arg(long, value_name = "USER_ID")]
    account: Option<UserId>,
    /// The app that is let in, where the configuration has several.
    #[arg(long, value_name = "APP_ID")]
    app: Option<AppId>,
    /// X sends the browser back to this machine instead of showing a PIN; the app's page must list http://127.0.0.1:PORT/callback.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8089")]
    callback: Option<u16>,
    /// Sign in by OAuth 2, for calls of the v2 interface; it always takes the way of --callback.
    #[arg(long, conflicts_with = "pin")]
    oauth2: bool,
    /// Read the PIN from standard input though it is no terminal.
    #[arg(long, conflicts_with = "callback")]
    pin: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, async |desk| sign_in_at(desk, &args).await).await
}

async fn sign_in_at(desk: &Desk, args: &Args) -> anyhow::Result<ExitCode> {
    let app = app(desk, args)?;
    if args.changing.dry_run {
        return Ok(dry_run(desk, app, args));
    }
    for file in files(desk, app, args) {
        // What X gives is not to be lost because it cannot be kept.
        check_writable(&file)?;
    }
    if args.oauth2 {
        return by_oauth2(desk, app, args).await;
    }
    let keys = desk.keys(app)?;
    let signed_in = by_oauth1(desk, &keys, args).await?;
    let user = desk.client.verify_credentials(keys.user(&signed_in.token)).await.map_err(AccountError::from)?;
    is_meant(desk, &user, app, args)?;
    let kept = match args.owner {
        true => {
            let named = app.owner_token_file.clone().zip(app.owner_token_secret_file.clone());
            keep_owner(desk.folder(), app.id, named, &signed_in.token)?
        }
        false => keep_token(desk, app, user.id, &signed_in.token)?,
    };
    // The token is kept already: what it may do is told, but does not undo it.
    let may = permission(&desk.client.apart(), keys.user(&signed_in.token), desk.is_newer()).await.ok();
    let told_may = may.map_or("unknown", Permission::name);
    let mut lines = told(&user, &kept);
    lines.insert(1, format!("permission: {told_may}"));
    if may.is_some_and(|may| may != Permission::Messages) && !args.owner {
        lines.push(
            "A bot needs the permission to read, write and send Direct Messages: set it on the app's page, then log in again.".into(),
        );
    }
    desk.tell(&document(&user, &kept, told_may), lines);
    Ok(ExitCode::SUCCESS)
}

/// The app that is let in.
fn app<'a>(desk: &'a Desk, args: &Args) -> anyhow::Result<&'a config::App> {
    let of_account = desk.config.account.iter().find(|account| Some(account.user_id) == args.account).map(|account| account.app);
    match desk.apps(args.app.or(of_account))?.as_slice() {
        [app] => Ok(app),
        _ => Err(Asked("the configuration has several apps: name one with --app".into()).into()),
    }
}

async fn by_oauth1(desk: &Desk, keys: &Keys, args: &Args) -> anyhow::Result<SignedIn> {
    if args.callback.is_none() && !args.pin && !std::io::stdin().is_terminal() {
        return Err(Asked("nobody can type the PIN here: add --pin to read it from standard input, or --callback".into()).into());
    }
    let callback = match args.callback {
        Some(port) => Some(open(port).await?),
        None => None,
    };
    let request = desk.client.request_token(keys, callback.as_ref().map(Callback::address)).await.map_err(AccountError::from)?;
    // Somebody else may be signed in at X in this browser: it asks for the name anew.
    let url = desk.client.authorize_url(&request, None, true);
    let who = if args.owner { "the app's owner" } else { "the bot's account" };
    desk.progress(&format!("Open this address, and sign in as {who}:\n  {url}"));
    let verifier = match callback {
        None => Secret::new(desk::answer("PIN: ")?),
        Some(callback) => come_back(desk, &callback, request.token.expose()).await?,
    };
    if verifier.expose().is_empty() {
        bail!("no PIN was typed: run `junco login` again, and type the number that the page at X shows");
    }
    match desk.client.access_token(keys, &request, verifier.expose()).await {
        Err(Failure::Refused(refusal)) => {
            bail!("X does not take this PIN or sign-in; each is good for once, and not for long: run `junco login` again ({refusal})")
        }
        outcome => Ok(outcome.map_err(AccountError::from)?),
    }
}

async fn by_oauth2(desk: &Desk, app: &config::App, args: &Args) -> anyhow::Result<ExitCode> {
    let lacking = || Asked(format!("[[app]] {} has no client_id: copy it (and client_secret) from the app's page", app.id));
    let client_id = app.client_id.clone().ok_or_else(lacking)?;
    let oauth2 = OAuth2App { client_id, client_secret: app.client_secret.clone() };
    let callback = open(args.callback.unwrap_or(8089)).await?;
    let question = desk.client.ask_oauth2(&oauth2, callback.address(), &SCOPES);
    desk.progress(&format!("Open this address, and sign in as the bot's account:\n  {}", question.url));
    let code = come_back(desk, &callback, &question.state).await?;
    let exchanged = desk.client.exchange_code(&oauth2, callback.address(), &code, &question.verifier).await;
    let token = exchanged.map_err(AccountError::from)?;
    let user = desk.client.me(Auth::OAuth2(&token.access)).await.map_err(AccountError::from)?;
    is_meant(desk, &user, app, args)?;
    let configured = desk.config.account.iter().find(|account| account.user_id == user.id);
    let (path, line) = match configured.and_then(|account| account.oauth2_file.clone()) {
        Some(path) => (path, None),
        None => {
            let name = usual_oauth2_file(&user.id.to_string());
            (desk.folder().join(&name), Some(format!("# in [[account]] {}:\noauth2_file = \"{name}\"", user.id)))
        }
    };
    sign_in::keep(&path, &token)?;
    let kept = Kept { files: vec![path], add: line };
    desk.tell(&document(&user, &kept, &token.scopes.join(" ")), told(&user, &kept));
    Ok(ExitCode::SUCCESS)
}

async fn open(port: u16) -> anyhow::Result<Callback> {
    Callback::open(port).await.with_context(|| format!("cannot listen on 127.0.0.1:{port}: name another port, --callback PORT"))
}

async fn come_back(desk: &Desk, callback: &Callback, expected: &str) -> anyhow::Result<Secret> {
    desk.progress(&format!("waiting for the browser at {}", callback.address()));
    match callback.wait(expected).await? {
        Brought::Yes(secret) => Ok(secret),
        Brought::No => bail!("the user said no at X"),
    }
}

/// Whoever signs in as somebody else, or for another app, is told before anything is written.
fn is_meant(desk: &Desk, user: &Profile, app: &config::App, args: &Args) -> anyhow::Result<()> {
    let who = format!("{} ({})", user.screen_name, user.id);
    if let Some(meant) = args.account.filter(|meant| *meant != user.id) {
        bail!("signed in was @{who}, and not {meant}; nothing was written: sign out at X, or use a private window");
    }
    let configured = desk.config.account.iter().find(|account| account.user_id == user.id);
    if let Some(other) = configured.map(|account| account.app).filter(|other| *other != app.id && !args.owner) {
        bail!("@{who} is an account of app {other}, and signed in for app {}; nothing was written: add --app {other}", app.id);
    }
    Ok(())
}

fn keep_token(desk: &Desk, app: &config::App, user: UserId, token: &UserToken) -> Result<Kept, FileError> {
    let configured = desk.config.account.iter().find(|account| account.user_id == user);
    let named = configured.and_then(|account| account.access_token_file.clone().zip(account.access_token_secret_file.clone()));
    keep_account(desk.folder(), (user, app.id), configured.is_some(), named, token)
}

fn dry_run(desk: &Desk, app: &config::App, args: &Args) -> ExitCode {
    let files: Vec<String> = files(desk, app, args).iter().map(|file| shown(file)).collect();
    let line = format!("would ask {} to let the app {} in, and write {}", desk.config.x.api, app.id, files.join(" and "));
    desk.tell(&json!({ "dry_run": true, "app": app.id.to_string(), "files": files }), [line]);
    ExitCode::SUCCESS
}

/// The files that are to be written, as far as that is known before anybody has signed in.
fn files(desk: &Desk, app: &config::App, args: &Args) -> Vec<PathBuf> {
    let configured = desk.config.account.iter().find(|account| Some(account.user_id) == args.account);
    let id = args.account.map_or("USER_ID".to_owned(), |id| id.to_string());
    let (named, usual) = match (args.owner, args.oauth2) {
        (true, _) => (owner_files(app), usual_files(&format!("{}.owner", app.id)).to_vec()),
        (_, true) => (configured.and_then(|account| Some(vec![account.oauth2_file.clone()?])), vec![usual_oauth2_file(&id)]),
        _ => (configured.and_then(account_files), usual_files(&id).to_vec()),
    };
    named.unwrap_or_else(|| usual.iter().map(|name| desk.folder().join(name)).collect())
}

fn owner_files(app: &config::App) -> Option<Vec<PathBuf>> {
    Some(vec![app.owner_token_file.clone()?, app.owner_token_secret_file.clone()?])
}

fn account_files(account: &config::Account) -> Option<Vec<PathBuf>> {
    Some(vec![account.access_token_file.clone()?, account.access_token_secret_file.clone()?])
}

fn usual_oauth2_file(user: &str) -> String {
    format!("secrets/{user}.oauth2.json")
}

fn told(user: &Profile, kept: &Kept) -> Vec<String> {
    let files: Vec<String> = kept.files.iter().map(|file| shown(file)).collect();
    let mut lines = vec![format!("signed in: @{} ({})", user.screen_name, user.id), format!("written: {}", files.join(", "))];
    if let Some(add) = &kept.add {
        lines.push(format!("Add to the configuration:\n\n{add}\n"));
    }
    lines
}

fn document(user: &Profile, kept: &Kept, may: &str) -> serde_json::Value {
    json!({
        "user_id": user.id.to_string(),
        "screen_name": user.screen_name,
        "permission": may,
        "files": kept.files.iter().map(|file| shown(file)).collect::<Vec<_>>(),
        "add_to_configuration": kept.add,
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
