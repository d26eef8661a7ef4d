//! Custom profiles (contract §4.3).

use serde_json::{Value, json};

use super::super::draft::{self, Node};
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Limit, Profile};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::messages::misshapen;
use super::{counted, limited, paged};
use crate::model::{MessageId, UserId};

const LONGEST_NAME: usize = 48;

/// Everything below `custom_profiles`.
pub(super) fn route(shared: &Shared, call: &Call, caller: Caller, path: &[&str]) -> Result<Answer, Refusal> {
    let (owner, _) = caller.messenger()?;
    if !shared.see(|world| world.rules.custom_profiles) {
        return Err(Refusal::forbidden());
    }
    match (call.method.as_str(), path) {
        ("POST", ["new.json"]) => new(shared, call, caller, owner),
        ("GET", ["list.json"]) => {
            let quota = counted(shared, caller, "custom_profiles/list", 180)?;
            shared.see(|world| {
                let (page, next) = paged(call, world.profiles.of(owner), |profile| profile.id)?;
                let mut view = json!({ "custom_profiles": page.into_iter().map(view).collect::<Vec<Value>>() });
                if let Some(next) = next {
                    view["next_cursor"] = next.into();
                }
                Ok(Answer::json(&view).within(quota))
            })
        }
        ("GET", [id]) => {
            let quota = counted(shared, caller, "custom_profiles/show", 180)?;
            let id = number(id.trim_end_matches(".json"))?;
            let view = shared.see(|world| world.profiles.get(owner, id).map(view))?;
            Ok(Answer::json(&json!({ "custom_profile": view })).within(quota))
        }
        ("DELETE", ["destroy.json"]) => {
            limited(shared, caller, "custom_profiles/destroy", Limit::per_day(1_000))?;
            let id = number(&call.required("id")?)?;
            shared.change(|world, _| world.profiles.destroy(owner, id)).map(|()| Answer::empty(204))
        }
        _ => Err(Refusal::no_such_page()),
    }
}

fn new(shared: &Shared, call: &Call, caller: Caller, owner: UserId) -> Result<Answer, Refusal> {
    limited(shared, caller, "custom_profiles/new", Limit::per_day(1_000))?;
    if !call.is_json() {
        return Ok(Answer::empty(415));
    }
    let (name, avatar) = parse(&call.body).map_err(|refusal| misshapen(shared, refusal))?;
    let profile = shared.change(|world, now| world.new_profile(owner, name, avatar, now))?;
    Ok(Answer::json(&json!({ "custom_profile": view(&profile) })))
}

fn parse(body: &[u8]) -> Result<(String, u64), Refusal> {
    let body = draft::json(body)?;
    let profile = Node::root(&body).required("custom_profile")?;
    let name = profile.required("name")?.text()?;
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Refusal::shape("custom_profile.name", format_args!("may have 1 to {LONGEST_NAME} characters")));
    }
    Ok((name, profile.required("avatar")?.required("media")?.required("id")?.id()?))
}

fn view(profile: &Profile) -> Value {
    json!({
        "id": profile.id.to_string(),
        "created_timestamp": MessageId(profile.id).minted_at().to_string(),
        "name": profile.name,
        "avatar": { "media": { "id": profile.avatar.to_string(), "url": format!("https://pbs.twimg.com/media/{}.jpg", profile.avatar) } },
    })
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::no_such_page())
}
