//! What templates can read: slots, the person, the account, the time, captures and the tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Enumerator, Object, Serde};

use super::program::Program;
use crate::model::{Profile, Timestamp, UserId};

/// Names of every scope. A slot may not be called so, nor like a word of the language.
pub(super) const RESERVED: [&str; 13] =
    ["state", "at", "as", "goto", "value", "ok", "count", "late", "prompt", "user", "account", "now", "transcript"];

/// What templates can read. Cheap to clone; the tables are shared.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Names>);

#[derive(Debug, Clone)]
struct Names {
    tables: Arc<BTreeMap<String, Value>>,
    values: BTreeMap<String, Value>,
}

impl Scope {
    /// A scope with the program's tables and nothing else.
    pub fn new(program: &Program) -> Self {
        Scope::over(program.table_values.clone())
    }

    /// A scope with nothing in it.
    pub fn empty() -> Self {
        Scope::over(Arc::default())
    }

    pub(super) fn over(tables: Arc<BTreeMap<String, Value>>) -> Self {
        Scope(Arc::new(Names { tables, values: BTreeMap::new() }))
    }

    /// Sets a slot, or any other name, to a text.
    pub fn set_text(&mut self, name: &str, value: &str) {
        self.set(name, Value::from(value));
    }

    /// Sets a slot to a whole number.
    pub fn set_int(&mut self, name: &str, value: i64) {
        self.set(name, Value::from(value));
    }

    /// Sets a slot to a number.
    pub fn set_number(&mut self, name: &str, value: f64) {
        self.set(name, Value::from(value));
    }

    /// Sets a name to what a lookup was answered.
    pub fn set_json(&mut self, name: &str, value: &serde_json::Value) {
        self.set(name, Value::from(Serde(value)));
    }

    /// Forgets a slot.
    pub fn unset(&mut self, name: &str) {
        Arc::make_mut(&mut self.0).values.remove(name);
    }

    /// What a rule's pattern captured; read like slots, and hides slots of the same name.
    pub fn set_captures(&mut self, captures: &BTreeMap<String, String>) {
        for (name, text) in captures {
            self.set_text(name, text);
        }
    }

    /// The person: `user.id`, `user.name`, `user.screen_name`.
    pub fn set_user(&mut self, user: &Profile) {
        let fields = [
            ("id", Value::from(user.id.0)),
            ("name", Value::from(user.name.as_str())),
            ("screen_name", Value::from(user.screen_name.as_str())),
        ];
        self.set("user", Value::from_pairs(fields));
    }

    /// The account that answers: `account.id`.
    pub fn set_account(&mut self, id: UserId) {
        self.set("account", Value::from_pairs([("id", id.0)]));
    }

    /// The time: `now`, in milliseconds since the Unix epoch.
    pub fn set_now(&mut self, now: Timestamp) {
        self.set("now", Value::from(now.as_millis()));
    }

    /// The prompt at hand: `prompt.id`.
    pub fn set_prompt(&mut self, id: &str) {
        self.set("prompt", Value::from_pairs([("id", id)]));
    }

    fn set(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.0).values.insert(name.to_owned(), value);
    }

    pub(super) fn context(&self) -> Value {
        Value::from_dyn_object(DynObject::new(Arc::clone(&self.0)))
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.values.get(key).or_else(|| self.tables.get(key)).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.tables.keys().chain(self.values.keys()).map(Value::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::Template;

    #[test]
    fn a_scope_tells_who_writes_and_where() {
        let mut scope = Scope::empty();
        scope.set_user(&Profile { id: UserId(u64::MAX), name: "Ada".into(), screen_name: "ada".into() });
        scope.set_account(UserId(7));
        scope.set_now(Timestamp::from_millis(5));
        let text = Template::text("{{ user.name }} @{{ user.screen_name }} {{ user.id }} {{ account.id }} {{ now }}").unwrap();
        assert_eq!(text.render(&scope).unwrap(), "Ada @ada 18446744073709551615 7 5");
    }

    #[test]
    fn a_clone_keeps_its_own_slots() {
        let mut one = Scope::empty();
        one.set_text("a", "1");
        let mut two = one.clone();
        two.set_text("a", "2");
        two.unset("b");
        let text = Template::text("{{ a }}").unwrap();
        assert_eq!((text.render(&one).unwrap(), text.render(&two).unwrap()), ("1".into(), "2".into()));
    }
}
