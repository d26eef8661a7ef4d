//! Account Activity, premium: the same in named environments, each a sandbox (contract §4.7).

use serde_json::{Value, json};

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{SANDBOX_SUBSCRIPTIONS, WebhookId};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::{counted, hooks};

/// Everything below `account_activity/all`.
pub(super) async fn route(shared: &Shared, call: &Call, caller: Caller, path: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), path) {
        ("GET", ["webhooks.json"]) => all(shared, caller),
        ("GET", ["subscriptions", "count.json"]) => count(shared, caller),
        (_, [environment, rest @ ..]) if shared.see(|world| world.rules.environments.iter().any(|known| known == environment)) => {
            within(shared, call, caller, environment, rest).await
        }
        _ => Err(Refusal::no_such_page()),
    }
}

async fn within(shared: &Shared, call: &Call, caller: Caller, environment: &str, path: &[&str]) -> Result<Answer, Refusal> {
    let here = Some(environment);
    let hook = || hook(shared, caller, environment);
    match (call.method.as_str(), path) {
        ("POST", ["webhooks.json"]) => hooks::register(shared, call, caller, here).await,
        ("GET", ["webhooks.json"]) => hooks::list(shared, caller, here),
        ("PUT", ["webhooks", id]) => hooks::revalidate(shared, caller, here, hooks::id(id)?).await,
        ("DELETE", ["webhooks", id]) => hooks::delete(shared, caller, here, hooks::id(id)?),
        ("POST", ["subscriptions.json"]) => hooks::subscribe(shared, caller, here, hook()?),
        ("GET", ["subscriptions.json"]) => hooks::subscribed(shared, caller, here, hook()?),
        ("DELETE", ["subscriptions.json"]) => hooks::leave(shared, caller, here, hook()?),
        ("GET", ["subscriptions", "list.json"]) => list(shared, caller, environment),
        ("DELETE", ["subscriptions", user]) => hooks::unsubscribe(shared, caller, here, hook()?, user.trim_end_matches(".json")),
        _ => Err(Refusal::no_such_page()),
    }
}

/// The webhook of an environment, without which there is nothing to subscribe to.
fn hook(shared: &Shared, caller: Caller, environment: &str) -> Result<WebhookId, Refusal> {
    let app = match caller {
        Caller::User { app, .. } | Caller::App(app) => app,
    };
    let hook = shared.see(|world| world.hooks.of_environment(app, environment).map(|hook| hook.id));
    hook.ok_or_else(|| Refusal::new(403, 170, "Webhook URL must be defined to create subscriptions."))
}

fn list(shared: &Shared, caller: Caller, environment: &str) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/all/subscriptions/list", 50)?;
    let users: Vec<Value> = shared.see(|world| {
        let hook = world.hooks.of_environment(app, environment);
        let users = hook.map(|hook| world.hooks.subscribers(hook.id)).unwrap_or_default();
        users.iter().map(|user| json!({ "user_id": user.to_string() })).collect()
    });
    let view = json!({ "environment": environment, "application_id": app.to_string(), "subscriptions": users });
    Ok(Answer::json(&view).within(quota))
}

fn all(shared: &Shared, caller: Caller) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/all/webhooks", 15)?;
    let environments: Vec<Value> = shared.see(|world| {
        let view = |name: &String| {
            let hooks: Vec<Value> = world.hooks.of_environment(app, name).map(hooks::shown).into_iter().collect();
            json!({ "environment_name": name, "webhooks": hooks })
        };
        world.rules.environments.iter().map(view).collect()
    });
    Ok(Answer::json(&json!({ "environments": environments })).within(quota))
}

fn count(shared: &Shared, caller: Caller) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/all/subscriptions/count", 15)?;
    let view = shared.see(|world| {
        json!({
            "account_name": world.keys.app(app).map(|app| app.name.clone()),
            "subscriptions_count": world.hooks.count(app, true).to_string(),
            "provisioned_count": SANDBOX_SUBSCRIPTIONS.to_string(),
        })
    });
    Ok(Answer::json(&view).within(quota))
}
