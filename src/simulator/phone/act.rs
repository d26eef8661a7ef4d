//! What is done on the page: forms, which work without script too.

use actix_web::web::{self, Data, Form, FormConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::super::settings::{Person, Settings};
use super::super::stage::{Order, Stage};
use super::super::world::Choice;
use super::Sorry;
use super::switches::{Switch, swap};
use super::view::View;
use crate::model::{MediaKind, MessageId};

type Reply = Result<HttpResponse, Sorry>;

/// The longest text that somebody may send, with room for its encoding and for what stands beside it.
const LARGEST_FORM: usize = 256 << 10;

pub(super) fn configure(config: &mut ServiceConfig) {
    let forms = FormConfig::default().limit(LARGEST_FORM).error_handler(|error, _| Sorry::Unfit(error.to_string()).into());
    config
        .app_data(forms)
        .route("/say", web::post().to(say))
        .route("/tap", web::post().to(tap))
        .route("/person", web::post().to(admit))
        .route("/switch", web::post().to(switch))
        .route("/once", web::post().to(once))
        .route("/lever", web::post().to(pull));
}

#[derive(Deserialize)]
struct Say {
    person: String,
    with: String,
    text: String,
    #[serde(default)]
    picture: Option<MediaKind>,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
struct Tap {
    person: String,
    message: String,
    option: usize,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
struct Admit {
    name: String,
    screen_name: String,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
struct Turn {
    switch: String,
    on: bool,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
struct Once {
    once: String,
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
struct Pull {
    lever: String,
    #[serde(default)]
    back: String,
}

async fn say(request: HttpRequest, stage: Data<Stage>, said: Form<Say>) -> Reply {
    let (from, to) = (stage.find(&said.person)?.id, stage.find(&said.with)?.id);
    // Browsers send line ends as two characters, and nobody types the first.
    let text = said.text.replace("\r\n", "\n");
    match said.picture {
        Some(kind) => drop(stage.say_with_media(from, to, text.trim(), kind)?),
        None if text.trim().is_empty() => return Err(Sorry::Unfit("write something first".to_owned())),
        None => drop(stage.say(from, to, &text)?),
    }
    Ok(done(&request, &said.back, ""))
}

async fn tap(request: HttpRequest, stage: Data<Stage>, tap: Form<Tap>) -> Reply {
    let person = stage.find(&tap.person)?.id;
    let message: MessageId = tap.message.parse().map_err(|_| Sorry::Missing("message"))?;
    stage.tap(person, message, &Choice::Index(tap.option))?;
    Ok(done(&request, &tap.back, ""))
}

/// Takes somebody in, and shows their chat beside the others.
async fn admit(stage: Data<Stage>, settings: Data<Settings>, new: Form<Admit>) -> Reply {
    let (name, screen_name) = (new.name.trim(), new.screen_name.trim().trim_start_matches('@'));
    let is_handle =
        !screen_name.is_empty() && screen_name.len() <= 15 && screen_name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_handle {
        return Err(Sorry::Unfit("a handle has 1 to 15 letters, digits and underscores".to_owned()));
    }
    let name = if name.is_empty() { screen_name } else { name };
    stage.admit(Person::new(free_id(&stage.people())?, screen_name, name))?;
    let (_, query) = new.back.split_once('?').unwrap_or_default();
    let view = View::read(query, &stage, &settings)?;
    Ok(HttpResponse::SeeOther().insert_header(("location", view.address_with(screen_name))).finish())
}

/// The first free id after somebody's, the newest if there is one after theirs.
fn free_id(people: &[Person]) -> Result<u64, Sorry> {
    let after = people.iter().rev().filter_map(|person| person.id.0.checked_add(1));
    let mut free = after.filter(|id| people.iter().all(|person| person.id.0 != *id));
    free.next().ok_or_else(|| Sorry::Unfit("nobody can be taken in any more".to_owned()))
}

async fn switch(request: HttpRequest, stage: Data<Stage>, turn: Form<Turn>) -> Reply {
    Switch::named(&turn.switch).ok_or(Sorry::Missing("switch"))?.turn(&stage, turn.on);
    Ok(done(&request, &turn.back, ""))
}

async fn once(request: HttpRequest, stage: Data<Stage>, once: Form<Once>) -> Reply {
    let told = match once.once.as_str() {
        "redeliver" => format!("{} deliveries are made again.", stage.redeliver_all()),
        "swap" => {
            swap(&stage);
            "The next two messages to the bot wait for one another; then the later one goes first.".to_owned()
        }
        "release" => {
            stage.clear_faults_of("hold");
            stage.release(Order::Forward).await;
            "What was held is delivered.".to_owned()
        }
        "check" => {
            let failures = stage.check_webhooks().await.into_iter().filter_map(|(_, result)| result.err());
            let failures: Vec<String> = failures.map(|failure| failure.to_string()).collect();
            if failures.is_empty() { "The webhook answers rightly.".to_owned() } else { failures.join(" ") }
        }
        _ => return Err(Sorry::Missing("button")),
    };
    Ok(done(&request, &once.back, &told))
}

async fn pull(request: HttpRequest, stage: Data<Stage>, pull: Form<Pull>) -> Reply {
    let told = stage.pull(&pull.lever).await.ok_or(Sorry::Missing("lever"))?.map_err(Sorry::Broken)?;
    Ok(done(&request, &pull.back, &told))
}

/// A word for the script; a browser without it goes back to the page that it came from.
fn done(request: &HttpRequest, back: &str, told: &str) -> HttpResponse {
    let navigates = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    if !navigates {
        return HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(told.to_owned());
    }
    let back = if back == "/phone" || back.starts_with("/phone?") { back } else { "/phone" };
    HttpResponse::SeeOther().insert_header(("location", back)).finish()
}
