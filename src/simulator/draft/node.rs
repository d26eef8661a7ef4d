//! A body part by part: what is not there or of the wrong type is 214, with the path of the field.

use serde_json::{Map, Value};

use super::super::refusal::Refusal;

/// The JSON of a body.
pub(in crate::simulator) fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new(400, 214, format!("Bad request: {error}")))
}

/// A part of the body that knows where it is.
pub(in crate::simulator) struct Node<'a> {
    pub(super) path: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// The whole of a body.
    pub(in crate::simulator) fn root(value: &'a Value) -> Self {
        Node { path: String::new(), value }
    }

    pub(in crate::simulator) fn optional(&self, name: &str) -> Result<Option<Node<'a>>, Refusal> {
        let found = self.object()?.get(name).filter(|value| !value.is_null());
        Ok(found.map(|value| Node { path: self.below(name), value }))
    }

    pub(in crate::simulator) fn required(&self, name: &str) -> Result<Node<'a>, Refusal> {
        self.optional(name)?.ok_or_else(|| Refusal::shape(&self.below(name), "is missing"))
    }

    pub(in crate::simulator) fn text(&self) -> Result<String, Refusal> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.not_a("String"))
    }

    /// Ids are strings, but numbers are understood.
    pub(in crate::simulator) fn id(&self) -> Result<u64, Refusal> {
        let id = self.value.as_u64().or_else(|| self.value.as_str()?.parse().ok());
        id.ok_or_else(|| self.not_a("Long"))
    }

    pub(super) fn list(&self) -> Result<Vec<Node<'a>>, Refusal> {
        let list = self.value.as_array().ok_or_else(|| self.not_a("Seq"))?;
        Ok(list.iter().enumerate().map(|(at, value)| Node { path: format!("{}[{at}]", self.path), value }).collect())
    }

    fn object(&self) -> Result<&'a Map<String, Value>, Refusal> {
        self.value.as_object().ok_or_else(|| self.not_a("Object"))
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn not_a(&self, kind: &str) -> Refusal {
        let shown = self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned);
        Refusal::shape(&self.path, format_args!("'{shown}' is not a valid {kind}"))
    }
}
