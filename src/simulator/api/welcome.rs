//! Welcome messages and the rules that make one of them the default (contract §4.2).

use serde_json::{Map, Value, json};

use super::super::draft::{self, Node};
use super::super::event::{self, DataView};
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Welcome, WelcomeRule, World};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::messages::misshapen;
use super::{counted, paged};
use crate::model::UserId;

/// Everything below `direct_messages/welcome_messages`.
pub(super) fn route(shared: &Shared, call: &Call, caller: Caller, path: &[&str]) -> Result<Answer, Refusal> {
    let (owner, _) = caller.messenger()?;
    match (call.method.as_str(), path) {
        ("POST", ["new.json"]) => new(shared, call, caller),
        ("GET", ["show.json"]) => {
            let quota = counted(shared, caller, "welcome_messages/show", 15)?;
            let id = id(call)?;
            shared.see(|world| Ok(one(world, world.welcomes.get(owner, id)?).within(quota)))
        }
        ("GET", ["list.json"]) => list(shared, call, caller, owner),
        ("PUT", ["update.json"]) => update(shared, call, owner),
        ("DELETE", ["destroy.json"]) => {
            let id = id(call)?;
            shared.change(|world, _| world.welcomes.destroy(owner, id)).map(|()| Answer::empty(204))
        }
        ("POST", ["rules", "new.json"]) => new_rule(shared, call, owner),
        ("GET", ["rules", "show.json"]) => {
            let quota = counted(shared, caller, "welcome_messages/rules/show", 15)?;
            let id = id(call)?;
            let rule = shared.see(|world| world.welcomes.rule(owner, id))?;
            Ok(Answer::json(&json!({ "welcome_message_rule": rule_view(rule) })).within(quota))
        }
        ("GET", ["rules", "list.json"]) => list_rules(shared, call, caller, owner),
        ("DELETE", ["rules", "destroy.json"]) => {
            let id = id(call)?;
            shared.change(|world, _| world.welcomes.destroy_rule(owner, id)).map(|()| Answer::empty(204))
        }
        _ => Err(Refusal::no_such_page()),
    }
}

fn new(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (owner, app) = caller.messenger()?;
    if !call.is_json() {
        return Ok(Answer::empty(415));
    }
    let (name, draft) = draft::parse_welcome(&call.body).map_err(|refusal| misshapen(shared, refusal))?;
    shared.change(|world, now| {
        draft::check_welcome(&draft, &world.rules)?;
        let id = world.new_welcome(owner, app, name, draft, now)?;
        Ok(one(world, world.welcomes.get(owner, id)?))
    })
}

fn update(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    let id = id(call)?;
    if !call.is_json() {
        return Ok(Answer::empty(415));
    }
    let draft = draft::parse_data(&call.body).map_err(|refusal| misshapen(shared, refusal))?;
    shared.change(|world, now| {
        draft::check_welcome(&draft, &world.rules)?;
        world.update_welcome(owner, id, draft, now)?;
        Ok(one(world, world.welcomes.get(owner, id)?))
    })
}

fn list(shared: &Shared, call: &Call, caller: Caller, owner: UserId) -> Result<Answer, Refusal> {
    let quota = counted(shared, caller, "welcome_messages/list", 15)?;
    shared.see(|world| {
        let (page, next) = paged(call, world.welcomes.of(owner), |welcome| welcome.id)?;
        let apps: Map<String, Value> = page.iter().map(|welcome| app(world, welcome)).collect();
        let views: Vec<Value> = page.into_iter().map(view).collect();
        Ok(listed("welcome_messages", views, Some(apps), next).within(quota))
    })
}

fn new_rule(shared: &Shared, call: &Call, owner: UserId) -> Result<Answer, Refusal> {
    if !call.is_json() {
        return Ok(Answer::empty(415));
    }
    let body = draft::json(&call.body)?;
    let named = Node::root(&body).required("welcome_message_rule").and_then(|rule| rule.required("welcome_message_id")?.id());
    let welcome = named.map_err(|refusal| misshapen(shared, refusal))?;
    let rule = shared.change(|world, now| world.new_welcome_rule(owner, welcome, now))?;
    Ok(Answer::json(&json!({ "welcome_message_rule": rule_view(rule) })))
}

fn list_rules(shared: &Shared, call: &Call, caller: Caller, owner: UserId) -> Result<Answer, Refusal> {
    let quota = counted(shared, caller, "welcome_messages/rules/list", 15)?;
    shared.see(|world| {
        let (page, next) = paged(call, world.welcomes.rules_of(owner), |rule| rule.id)?;
        let views = page.into_iter().map(rule_view).collect();
        Ok(listed("welcome_message_rules", views, None, next).within(quota))
    })
}

fn one(world: &World, welcome: &Welcome) -> Answer {
    Answer::json(&json!({ "welcome_message": view(welcome), "apps": Map::from_iter([app(world, welcome)]) }))
}

/// A list as the platform has it: an empty one is an empty object.
fn listed(name: &str, views: Vec<Value>, apps: Option<Map<String, Value>>, next: Option<String>) -> Answer {
    let mut page = Map::new();
    if !views.is_empty() {
        page.insert(name.to_owned(), views.into());
        page.extend(apps.map(|apps| ("apps".to_owned(), apps.into())));
        page.extend(next.map(|next| ("next_cursor".to_owned(), next.into())));
    }
    Answer::json(&page)
}

fn view(welcome: &Welcome) -> Value {
    let shown = &welcome.message.shown;
    let mut view = json!({
        "id": welcome.id.to_string(),
        "created_timestamp": crate::model::MessageId(welcome.id).minted_at().to_string(),
        "message_data": DataView::new(&welcome.message, true),
        "source_app_id": shown.app.to_string(),
    });
    if let Some(name) = &welcome.name {
        view["name"] = name.as_str().into();
    }
    view
}

fn rule_view(rule: WelcomeRule) -> Value {
    json!({
        "id": rule.id.to_string(),
        "created_timestamp": crate::model::MessageId(rule.id).minted_at().to_string(),
        "welcome_message_id": rule.welcome.to_string(),
    })
}

fn app(world: &World, welcome: &Welcome) -> (String, Value) {
    let id = welcome.message.shown.app;
    (id.to_string(), event::app(world, id))
}

fn id(call: &Call) -> Result<u64, Refusal> {
    call.required("id")?.parse().map_err(|_| Refusal::no_such_page())
}
