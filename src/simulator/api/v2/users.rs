//! Who people are (contract §6).

use serde_json::{Value, json};

use super::super::super::event::NewerUser;
use super::super::super::settings::{Permission, Person};
use super::super::super::shared::Shared;
use super::super::answer::Answer;
use super::super::call::Call;
use super::auth::Caller;
use super::body;
use super::problem::{Problem, missing};
use crate::model::UserId;

const SCOPES: &[&str] = &["users.read", "tweet.read"];

/// `GET /2/users/me`.
pub(super) fn me(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let (user, _) = caller.user(Permission::Read, SCOPES)?;
    let quota = caller.counted(shared, "2/users/me", 75)?;
    let view = shared.see(|world| world.people.get(user).map(|person| view(person, call)));
    Ok(Answer::json(&json!({ "data": view })).within(quota))
}

/// `GET /2/users/:id`.
pub(super) fn by_id(shared: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let quota = looking(shared, caller, "2/users/id")?;
    let known = UserId(body::id("id", id)?);
    let view = shared.see(|world| world.people.get(known).map(|person| view(person, call)));
    Ok(found(view, "id", id).within(quota))
}

/// `GET /2/users/by/username/:username`.
pub(super) fn by_name(shared: &Shared, call: &Call, caller: &Caller, name: &str) -> Result<Answer, Problem> {
    let quota = looking(shared, caller, "2/users/by")?;
    let matches = |person: &&Person| person.screen_name.eq_ignore_ascii_case(name);
    let view = shared.see(|world| world.people.iter().find(matches).map(|person| view(person, call)));
    Ok(found(view, "username", name).within(quota))
}

/// Apps may look people up for themselves too.
fn looking(shared: &Shared, caller: &Caller, endpoint: &'static str) -> Result<Option<super::super::super::world::Quota>, Problem> {
    if caller.acting_user().is_some() {
        caller.user(Permission::Read, SCOPES)?;
    }
    caller.counted(shared, endpoint, 300)
}

/// What is not there is told of in an answer of 200.
fn found(view: Option<Value>, parameter: &str, value: &str) -> Answer {
    match view {
        Some(view) => Answer::json(&json!({ "data": view })),
        None => Answer::json(&json!({ "errors": [missing("user", parameter, value)] })),
    }
}

fn view(person: &Person, call: &Call) -> Value {
    let fields = call.parameter("user.fields").unwrap_or_default();
    NewerUser::new(person).with_fields(&fields)
}
