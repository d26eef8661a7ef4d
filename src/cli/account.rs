//! `junco account`: who the tokens belong to, what they may do, and what X leaves of its limits.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::desk::{self, Common, Desk};
use crate::account::AccountError;
use crate::account::doctor::permission;
use crate::client::{Keys, Limits, UserToken};
use crate::clock::Clock;
use crate::model::{AppId, UserId};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

/// One token, as X knows it.
struct Known {
    document: Value,
    lines: Vec<String>,
    good: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    desk::at(&args.common, tell).await
}

async fn tell(desk: &Desk) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for app in desk.apps(None)? {
        let keys = desk.keys(app)?;
        let what = format!("app {}, its owner", app.id);
        match keys.owner.clone() {
            Some(owner) => all.push(known(desk, &keys, &owner, app.id, None, &what).await),
            None => all.push(none(app.id, &what, "junco login --owner", true)),
        }
    }
    for config in &desk.config.account {
        let account = desk.accounts(Some(config.user_id))?.remove(0);
        let what = format!("account {}", account.user);
        let Some(app) = desk.config.app(account.app) else { continue };
        match &account.token {
            Some(token) => all.push(known(desk, &desk.keys(app)?, token, account.app, Some(account.user), &what).await),
            None => all.push(none(account.app, &what, &format!("junco login --account {}", account.user), false)),
        }
    }
    let good = all.iter().all(|known| known.good);
    let limits = &desk.config.limits;
    let closing = format!("sends in 24 hours, replies apart: {} an account, {} an app", limits.account_sends, limits.app_sends);
    let documents: Vec<Value> = all.iter().map(|known| known.document.clone()).collect();
    let daily = json!({ "account": limits.account_sends, "app": limits.app_sends });
    desk.tell(&json!({ "tokens": documents, "sends_in_24_hours": daily }), all.into_iter().flat_map(|known| known.lines).chain([closing]));
    Ok(desk::code(good))
}

async fn known(desk: &Desk, keys: &Keys, token: &UserToken, app: AppId, meant: Option<UserId>, what: &str) -> Known {
    // What one token is told of limits holds for that one alone.
    let client = desk.client.apart();
    let user = match client.verify_credentials(keys.user(token)).await {
        Ok(user) => user,
        Err(failure) => {
            let told = AccountError::from(failure).to_string();
            let document = json!({ "for": what, "app": app.to_string(), "error": told });
            return Known { document, lines: vec![format!("{what}: {told}")], good: false };
        }
    };
    let may = permission(&client, keys.user(token), desk.is_newer())
        .await
        .map_or_else(|failure| failure.to_string(), |may| may.name().to_owned());
    let limits = client.limits();
    let mut lines = vec![format!("{what}: @{} ({}), app {app}", user.screen_name, user.id), format!("  permission: {may}")];
    lines.extend(limits.iter().filter_map(|(call, limits)| left(desk.clock.as_ref(), call, limits)));
    let strange =
        meant.filter(|meant| *meant != user.id).map(|meant| format!("this is another user's token: junco login --account {meant}"));
    lines.extend(strange.iter().map(|strange| format!("  {strange}")));
    let good = strange.is_none();
    let document = json!({
        "for": what,
        "app": app.to_string(),
        "error": strange,
        "user_id": user.id.to_string(),
        "screen_name": user.screen_name,
        "permission": may,
        "limits": limits.iter().map(|(call, limits)| (call.clone(), remaining(limits))).collect::<serde_json::Map<_, _>>(),
    });
    Known { document, lines, good }
}

fn none(app: AppId, what: &str, login: &str, good: bool) -> Known {
    let document = json!({ "for": what, "app": app.to_string(), "error": "there is no token yet", "mend": login });
    Known { document, lines: vec![format!("{what}: there is no token yet: {login}")], good }
}

/// What is left of one call's limits, where X tells.
fn left(clock: &dyn Clock, call: &str, limits: &Limits) -> Option<String> {
    let window = limits.window?;
    let minutes = window.reset.since(clock.now()).as_secs().div_ceil(60);
    let of = window.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    Some(format!("  {call}: {}{of} calls left for {minutes} min", window.remaining?))
}

fn remaining(limits: &Limits) -> Value {
    let one = |limit: Option<crate::client::RateLimit>| {
        limit.map(|limit| json!({ "limit": limit.limit, "remaining": limit.remaining, "reset": limit.reset.as_seconds() }))
    };
    json!({ "window": one(limits.window), "user_24_hours": one(limits.user_day), "app_24_hours": one(limits.app_day) })
}
