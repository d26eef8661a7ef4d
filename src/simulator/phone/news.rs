//! Server-sent events: new messages as they come, and which other parts of the page are to be loaded again.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use super::super::settings::Settings;
use super::super::stage::Stage;
use super::Sorry;
use super::chat::{Status, bubble};
use super::switches::Standing;
use super::view::View;
use crate::model::MessageId;

/// So often a page that hears nothing is told that the line still stands.
const BEAT: Duration = Duration::from_secs(15);

/// What happens within this time is told at once.
const REST: Duration = Duration::from_millis(60);

/// How far a page is: the newest message of each chat, and the count of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    after: Vec<MessageId>,
    wire: u64,
}

impl Cursor {
    pub(super) fn now(stage: &Stage, view: &View) -> Self {
        let newest = |person| stage.newest(person, view.with.id).max(stage.newest(view.with.id, person)).unwrap_or(MessageId(0));
        Cursor { after: view.people.iter().map(|person| newest(person.id)).collect(), wire: stage.wire_version() }
    }

    fn read(text: &str, chats: usize) -> Option<Self> {
        let (after, wire) = text.split_once('.')?;
        let after: Vec<MessageId> = after.split(',').map(|id| id.parse().ok()).collect::<Option<_>>()?;
        (after.len() == chats).then_some(Cursor { after, wire: wire.parse().ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after: Vec<String> = self.after.iter().map(ToString::to_string).collect();
        write!(f, "from={}.{}", after.join(","), self.wire)
    }
}

#[derive(Deserialize)]
pub(super) struct From {
    from: String,
}

/// One page that listens.
struct Listener {
    stage: Stage,
    view: View,
    cursor: Cursor,
    statuses: Vec<Status>,
    standing: Option<Standing>,
}

/// `GET /phone/news`: goes on from where the page is, or was when its connection broke.
pub(super) async fn news(
    request: HttpRequest,
    stage: Data<Stage>,
    settings: Data<Settings>,
    from: Query<From>,
) -> Result<HttpResponse, Sorry> {
    let view = View::read(request.query_string(), &stage, &settings)?;
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let cursor = Cursor::read(last.unwrap_or(&from.from), view.people.len()).ok_or_else(|| Sorry::Unfit("no such place".to_owned()))?;
    let stage = stage.get_ref().clone();
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, "text/event-stream")).insert_header(("x-accel-buffering", "no"));
    if cursor.wire > stage.wire_version() {
        // The page is of another world, which ended.
        return Ok(response.body("event: anew\ndata:\n\n"));
    }
    let statuses = view.people.iter().map(|person| Status::of(&stage, person.id, view.with.id)).collect();
    let listener = Listener { stage, view, cursor, statuses, standing: None };
    let told = stream::unfold(listener, |mut listener| async move {
        let stage = listener.stage.clone();
        let told = stage.wait_for(BEAT, |_| listener.look()).await;
        if told.is_some() {
            sleep(REST).await;
        }
        let told = told.unwrap_or_else(|| ": still here\n\n".to_owned());
        Some((Ok::<_, Infallible>(Bytes::from(told)), listener))
    });
    Ok(response.streaming(told))
}

impl Listener {
    /// What is new, written as events; nothing if nothing is.
    fn look(&mut self) -> Option<String> {
        let mut told = String::new();
        for place in 0..self.view.people.len() {
            self.look_at_chat(place, &mut told);
        }
        let wire = self.stage.wire_version();
        if wire > self.cursor.wire {
            self.cursor.wire = wire;
            told.push_str("event: wire\ndata:\n\n");
        }
        let standing = Some(Standing::of(&self.stage));
        if standing != self.standing {
            self.standing = standing;
            told.push_str("event: switches\ndata:\n\n");
        }
        if told.is_empty() {
            return None;
        }
        let place = self.cursor.to_string();
        Some(format!("{told}id: {}\nevent: place\ndata:\n\n", place.trim_start_matches("from=")))
    }

    fn look_at_chat(&mut self, place: usize, told: &mut String) {
        let (person, with) = (&self.view.people[place], &self.view.with);
        for message in self.stage.transcript_after(person.id, with.id, self.cursor.after[place]) {
            let html = bubble(&self.stage, &message, person, &self.view).0;
            told.push_str(&event("message", &json!({ "chat": person.id.to_string(), "html": html })));
            self.cursor.after[place] = message.id;
        }
        let status = Status::of(&self.stage, person.id, with.id);
        if status != self.statuses[place] {
            self.statuses[place] = status;
            let html = status.show(with, self.stage.now()).0;
            told.push_str(&event("status", &json!({ "chat": person.id.to_string(), "html": html })));
        }
    }
}

/// An event; JSON has no line ends of its own.
fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
