//! The body of a delivery, in parts until it leaves: so that faults can gather, nest and pad what would else be right.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::json;
use crate::model::UserId;

/// What is to be delivered.
#[derive(Debug, Clone)]
pub(in crate::simulator) enum Content {
    /// Events for a user, in lists by their kind.
    Events(Body),
    /// A body that is of no such form: `user_event`, the end of a replay, or anything at all.
    Raw { kind: &'static str, body: String },
}

/// Events for a user, with what goes beside them (contract §2.4). Every part is JSON already.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Body {
    for_user: UserId,
    kinds: Vec<(&'static str, Vec<String>)>,
    apps: BTreeMap<String, String>,
    users: Option<BTreeMap<String, String>>,
    /// What stands between the user and the events.
    others: Vec<(&'static str, String)>,
}

/// How a body is written: as it should be, unless a fault says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::simulator) struct Shape {
    pub(in crate::simulator) without_users: bool,
    /// The users stand inside `apps`, as in an old sample.
    pub(in crate::simulator) users_in_apps: bool,
    /// A kind and a member come along that nobody knows.
    pub(in crate::simulator) unknown_kind: bool,
    pub(in crate::simulator) padded_to: usize,
}

impl Content {
    /// The name of what it tells.
    pub(in crate::simulator) fn kind(&self) -> &'static str {
        match self {
            Content::Events(body) => body.kinds.first().map_or("nothing", |(kind, _)| kind),
            Content::Raw { kind, .. } => kind,
        }
    }

    /// The text of the body.
    pub(in crate::simulator) fn written(&self, shape: Shape) -> String {
        match self {
            Content::Events(body) => padded(body.written(shape), shape.padded_to),
            Content::Raw { body, .. } => padded(body.clone(), shape.padded_to),
        }
    }
}

impl Body {
    /// One event.
    pub(super) fn new(for_user: UserId, kind: &'static str, event: String) -> Self {
        Body { for_user, kinds: vec![(kind, vec![event])], apps: BTreeMap::new(), users: None, others: vec![] }
    }

    pub(super) fn with_apps(self, apps: BTreeMap<String, String>) -> Self {
        Body { apps, ..self }
    }

    pub(super) fn with_users(self, users: BTreeMap<String, String>) -> Self {
        Body { users: Some(users), ..self }
    }

    pub(super) fn with_other(mut self, name: &'static str, value: String) -> Self {
        self.others.push((name, value));
        self
    }

    /// How many events it has.
    pub(in crate::simulator) fn len(&self) -> usize {
        self.kinds.iter().map(|(_, events)| events.len()).sum()
    }

    /// Puts the events of another body, for the same user, behind these.
    pub(in crate::simulator) fn append(&mut self, other: Body) {
        for (kind, events) in other.kinds {
            match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, known)) => known.extend(events),
                None => self.kinds.push((kind, events)),
            }
        }
        self.apps.extend(other.apps);
        if let Some(users) = other.users {
            self.users.get_or_insert_default().extend(users);
        }
        for (name, value) in other.others {
            if self.others.iter().all(|(known, _)| *known != name) {
                self.others.push((name, value));
            }
        }
    }

    /// Compact JSON with the keys in the order of contract §1.4.
    fn written(&self, shape: Shape) -> String {
        let mut written = format!(r#"{{"for_user_id":"{}""#, self.for_user);
        let mut member = |name: &str, value: &str| write!(written, r#","{name}":{value}"#).expect("a string takes all that is written");
        for (name, value) in &self.others {
            member(name, value);
        }
        for (kind, events) in &self.kinds {
            member(kind, &format!("[{}]", events.join(",")));
        }
        if shape.unknown_kind {
            member("direct_message_reaction_events", r#"[{"type":"reaction_create","reaction":{"of":[1,[2,{"three":null}]]}}]"#);
            member("schema_revision", "7");
        }
        let users = self.users.as_ref().filter(|_| !shape.without_users).map(object);
        let mut apps = self.apps.clone();
        if shape.users_in_apps {
            apps.insert("users".to_owned(), users.clone().unwrap_or_else(|| "{}".to_owned()));
        }
        if !apps.is_empty() {
            member("apps", &object(&apps));
        }
        if let Some(users) = users.filter(|_| !shape.users_in_apps) {
            member("users", &users);
        }
        written.push('}');
        written
    }
}

fn object(members: &BTreeMap<String, String>) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", json::compact(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// Makes a body at least `bytes` long, by a key that nobody knows.
fn padded(body: String, bytes: usize) -> String {
    let key = r#","padding":""#;
    let missing = bytes.saturating_sub(body.len() + key.len() + 1);
    match body.strip_suffix('}') {
        Some(open) if missing > 0 => format!("{open}{key}{}\"}}", "x".repeat(missing)),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(kind: &'static str, event: &str) -> Body {
        Body::new(UserId(7), kind, event.to_owned())
    }

    #[test]
    fn bodies_are_gathered_by_kind() {
        let mut all = body("a_events", "1").with_users(BTreeMap::from([("8".to_owned(), "{}".to_owned())]));
        for (kind, event) in [("b_events", "2"), ("a_events", "3")] {
            all.append(body(kind, event));
        }
        assert_eq!(all.len(), 3);
        assert_eq!(all.written(Shape::default()), r#"{"for_user_id":"7","a_events":[1,3],"b_events":[2],"users":{"8":{}}}"#);
        let nested = all.written(Shape { users_in_apps: true, ..Shape::default() });
        assert_eq!(nested, r#"{"for_user_id":"7","a_events":[1,3],"b_events":[2],"apps":{"users":{"8":{}}}}"#);
    }

    #[test]
    fn every_shape_is_json() {
        let content = Content::Events(body("a_events", "1").with_apps(BTreeMap::from([("9".to_owned(), "{}".to_owned())])));
        for bits in 0..8_u8 {
            let shape = Shape {
                without_users: bits & 1 != 0,
                users_in_apps: bits & 2 != 0,
                unknown_kind: bits & 4 != 0,
                padded_to: usize::from(bits) * 100,
            };
            let written = content.written(shape);
            assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok(), "{written}");
            assert!(written.len() >= shape.padded_to);
        }
    }
}
