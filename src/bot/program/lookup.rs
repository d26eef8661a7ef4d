//! Lookups: what a script asks of a server.

use std::time::Duration;

use super::Body;
use crate::bot::template::Template;
use crate::model::LookupMethod;

/// A question to a server, with a branch for its answer and one for none.
#[derive(Debug)]
pub struct Lookup {
    /// What templates, stubs and tests call its answer.
    pub name: String,
    /// Its name within the program: the body's name and its own, counted where that comes twice.
    pub id: String,
    /// The body.
    pub body: Body,
    /// The index of its [`Op::LookUp`](super::Op::LookUp) in the body's steps. Behind it the `ok` branch begins.
    pub at: usize,
    /// The index of the first step of the `fail` branch.
    pub fail: usize,
    /// How it asks.
    pub method: LookupMethod,
    /// Where; values are percent-encoded (see [`Template::url`]).
    pub url: Template,
    /// What a post sends, by name; values keep their types (see [`Template::json`]).
    pub fields: Vec<(String, Template)>,
    /// The pictures that a post sends, by name: each text is the address that a slot keeps.
    pub pictures: Vec<(String, Template)>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often it is tried again.
    pub retry: u32,
    /// How old an answer may be to serve again.
    pub cache: Option<Duration>,
    /// The key under which a post counts once, however often it is sent.
    pub idempotency: Option<Template>,
    /// What of the answer is kept, since some text reads it.
    pub reads: Reads,
}

/// What texts read of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// These paths: `["order", "number"]`.
    Paths(Vec<Vec<String>>),
    /// All of it, since somewhere it is read as a whole.
    All,
}
