//! One conversation: what was said and why, how it stood at any time, and a person of the house taking over.

mod desk;
mod inspect;
mod once;
mod show;
mod transcript;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{Refusal, Visitor};
use super::frame::{Place, theirs};
use super::{Console, frame, live};
use crate::conversation::State;
use crate::model::{Key, Role, UserId};
use crate::store::Entry;

/// Turns of a page; older ones are a page further back.
const TURNS: u64 = 240;

pub(super) use desk::Desk;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/conversation/{account}/{peer}")
            .route("", web::get().to(show))
            .route("/part", web::get().to(part))
            .route("/live", web::get().to(follow))
            .configure(desk::configure),
    );
}

/// The conversation of an address.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Whose {
    account: UserIdText,
    peer: UserIdText,
}

/// An id in an address. Nobody has the id 0: under it stand the records of accounts and of what was done here.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct UserIdText(UserId);

impl TryFrom<String> for UserIdText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let id = text.parse().ok().filter(|id| *id != UserId(0));
        id.map(UserIdText).ok_or_else(|| format!("`{text}` is nobody's id"))
    }
}

impl Whose {
    pub(super) fn key(self) -> Key {
        Key::new(self.account.0, self.peer.0)
    }

    fn path(self) -> String {
        format!("/conversation/{}/{}", self.account.0, self.peer.0)
    }
}

/// Which turns are shown, and which one is looked into.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// The turn that is looked into; the newest where none is named.
    turn: Option<u64>,
    /// The newest turn of the page; the newest there is where none is named.
    until: Option<u64>,
}

/// What is shown of a conversation.
struct View {
    whose: Whose,
    /// The page's turns, oldest first, and the one before them if there is one.
    entries: Vec<Entry>,
    newest: u64,
    /// How it stands now, whichever turns are shown.
    now: State,
    wanted: Wanted,
}

async fn show(console: Data<Console>, visitor: Visitor, whose: Path<Whose>, wanted: Query<Wanted>) -> Result<HttpResponse, Refusal> {
    let view = load(&console, *whose, *wanted).await?;
    let title = title(&console, &view);
    let content = html! {
        nav.crumbs aria-label="Where this is" { a href="/" { "Conversations" } }
        div.talk {
            section.said aria-labelledby="who" {
                h1 #who { (theirs(&title)) }
                div #talk data-live={ (whose.path()) "/live" } data-part={ (whose.path()) "/part?" (wanted.query()) } {
                    (body(&view, &visitor, &console))
                }
                @if visitor.may(Role::Reply) { (desk::forms(&view, &visitor)) }
            }
        }
    };
    Ok(frame::page(&visitor, Place::Conversations, &title, &content))
}

async fn part(console: Data<Console>, visitor: Visitor, whose: Path<Whose>, wanted: Query<Wanted>) -> Result<HttpResponse, Refusal> {
    let view = load(&console, *whose, *wanted).await?;
    Ok(frame::part(&body(&view, &visitor, &console)))
}

async fn follow(console: Data<Console>, visitor: Visitor, whose: Path<Whose>) -> HttpResponse {
    let key = whose.key();
    let news = console.ledger.changes();
    live::changes(console, visitor, news, move |entry| entry.key == key)
}

async fn load(console: &Console, whose: Whose, wanted: Wanted) -> Result<View, Refusal> {
    let failed = |error: crate::store::StoreError| Refusal::Failed(error.to_string());
    let store = console.turns.store();
    let record = store.load(whose.key()).await.map_err(failed)?;
    let record = record.ok_or_else(|| Refusal::Missing("nobody of that id has written to this account".to_owned()))?;
    let newest = record.revision;
    let until = wanted.last_of_page(newest);
    // One more, so that the first one's changes can be told.
    let since = until.saturating_sub(TURNS).max(1);
    let entries = store.journal(whose.key(), since..=until).await.map_err(failed)?;
    Ok(View { whose, entries, newest, now: record.state, wanted })
}

/// Transcript and the turn that is looked into, side by side.
fn body(view: &View, visitor: &Visitor, console: &Console) -> Markup {
    html! {
        div.sides {
            (show::transcript(view, visitor))
            (inspect::turn(view, visitor, console))
        }
    }
}

fn title(console: &Console, view: &View) -> String {
    let key = view.whose.key();
    console.ledger.directory(|directory| directory.line(key).map(|line| line.title())).unwrap_or_else(|| key.peer.to_string())
}

impl View {
    /// The entry that is looked into, and the one before it.
    fn chosen(&self) -> Option<(Option<&Entry>, &Entry)> {
        let newest = self.entries.last()?.revision();
        let wanted = self.wanted.turn.unwrap_or(newest);
        let place = self.entries.iter().rposition(|entry| entry.revision() <= wanted)?;
        Some((place.checked_sub(1).map(|before| &self.entries[before]), &self.entries[place]))
    }

    /// Whether the page shows the conversation as it stands now.
    fn is_newest(&self) -> bool {
        self.wanted.until.is_none() && self.wanted.turn.is_none()
    }
}

impl Wanted {
    /// The newest turn of the page: the turn that is looked into always stands on it.
    fn last_of_page(self, newest: u64) -> u64 {
        let until = self.until.unwrap_or(newest).clamp(1, newest);
        match self.turn {
            Some(turn) if turn > until => turn.min(newest),
            Some(turn) if turn <= until.saturating_sub(TURNS) => turn + TURNS / 2,
            _ => until,
        }
    }

    fn query(self) -> String {
        let pairs = [("turn", self.turn), ("until", self.until)];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?.to_string())));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
}
