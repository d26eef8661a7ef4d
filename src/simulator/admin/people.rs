//! People and what they do.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::super::error::Error;
use super::super::settings::Person;
use super::super::stage::Stage;
use super::super::world::{Choice, Tie};
use super::{Reply, done, id_of, message_id, number};
use crate::model::{AppId, MediaKind, MessageId, UserId};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/people", web::get().to(people))
        .route("/people", web::post().to(admit))
        .route("/say", web::post().to(say))
        .route("/open", web::post().to(open))
        .route("/tap", web::post().to(tap))
        .route("/send_as_human", web::post().to(send_as_human))
        .route("/transcript", web::get().to(transcript))
        .route("/media/{message}", web::get().to(media))
        .route("/typing", web::post().to(typing))
        .route("/read", web::post().to(read))
        .route("/signals", web::get().to(signals))
        .route("/tie", web::post().to(tie))
        .route("/post", web::post().to(post))
        .route("/delete_post", web::post().to(delete_post))
        .route("/like", web::post().to(like));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    id: String,
    name: String,
    screen_name: String,
    #[serde(default = "yes")]
    open_dms: bool,
    #[serde(default)]
    follows: Vec<String>,
    #[serde(default)]
    blocks: Vec<String>,
    #[serde(default)]
    mutes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    from: String,
    to: String,
    text: String,
    #[serde(default)]
    picture: Option<MediaKind>,
    /// A file in base64.
    #[serde(default)]
    file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    person: String,
    account: String,
    #[serde(default)]
    welcome: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tap {
    person: String,
    message: String,
    option: Choice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendAsHuman {
    account: String,
    to: String,
    text: String,
    #[serde(default)]
    app: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chat {
    a: String,
    b: String,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    wait_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typing {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    from: String,
    to: String,
    last: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTie {
    person: String,
    tie: Tie,
    other: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    author: String,
    text: String,
    #[serde(default)]
    reply_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPost {
    person: String,
    post: String,
}

async fn people(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.people())
}

async fn admit(stage: Data<Stage>, new: Json<NewPerson>) -> Reply {
    let ids = |names: &[String]| names.iter().map(|who| id_of(&stage, who)).collect::<Result<BTreeSet<UserId>, Error>>();
    let id = new.id.parse().map_err(|_| Error::UnknownPerson(new.id.clone()))?;
    let person = Person {
        id,
        name: new.name.clone(),
        screen_name: new.screen_name.clone(),
        open_dms: new.open_dms,
        follows: ids(&new.follows)?,
        blocks: ids(&new.blocks)?,
        mutes: ids(&new.mutes)?,
    };
    stage.admit(person)?;
    done(json!({}))
}

async fn say(stage: Data<Stage>, said: Json<Say>) -> Reply {
    let (from, to) = (id_of(&stage, &said.from)?, id_of(&stage, &said.to)?);
    let message = match (&said.file, said.picture) {
        (Some(file), _) => {
            let file = STANDARD.decode(file).map_err(|_| Error::World("`file` is not base64".to_owned()))?;
            stage.say_with_file(from, to, &said.text, file)?
        }
        (None, Some(kind)) => stage.say_with_media(from, to, &said.text, kind)?,
        (None, None) => stage.say(from, to, &said.text)?,
    };
    done(json!({ "message": message.to_string() }))
}

async fn open(stage: Data<Stage>, opened: Json<Open>) -> Reply {
    let welcome = opened.welcome.as_deref().map(number).transpose()?;
    let shown = stage.open_chat(id_of(&stage, &opened.person)?, id_of(&stage, &opened.account)?, welcome)?;
    done(json!({ "shown": shown }))
}

async fn tap(stage: Data<Stage>, tap: Json<Tap>) -> Reply {
    let message = stage.tap(id_of(&stage, &tap.person)?, message_id(&tap.message)?, &tap.option)?;
    done(json!({ "message": message.to_string() }))
}

async fn send_as_human(stage: Data<Stage>, sent: Json<SendAsHuman>) -> Reply {
    let app = sent.app.as_deref().map(|app| app.parse::<AppId>().map_err(|_| Error::World(format!("`{app}` is no app id")))).transpose()?;
    let message = stage.send_as_human(id_of(&stage, &sent.account)?, id_of(&stage, &sent.to)?, &sent.text, app)?;
    done(json!({ "message": message.to_string() }))
}

/// With `wait_ms` the answer comes as soon as there is anything new after `after`.
async fn transcript(stage: Data<Stage>, chat: Query<Chat>) -> Reply {
    let (a, b) = (id_of(&stage, &chat.a)?, id_of(&stage, &chat.b)?);
    let after = chat.after.as_deref().map_or(Ok(MessageId(0)), message_id)?;
    let new = |stage: &Stage| Some(stage.transcript_after(a, b, after)).filter(|messages| !messages.is_empty());
    let messages = stage.wait_for(Duration::from_millis(chat.wait_ms), new).await;
    Ok(HttpResponse::Ok().json(messages.unwrap_or_default()))
}

async fn signals(stage: Data<Stage>) -> HttpResponse {
    HttpResponse::Ok().json(stage.signals())
}

/// What hangs on a message, for those who look from outside.
async fn media(stage: Data<Stage>, message: Path<String>) -> Reply {
    let id = message_id(&message)?;
    let (kind, bytes) = stage.file(id).ok_or(Error::UnknownMessage(id))?;
    Ok(HttpResponse::Ok().content_type(kind.name()).body(bytes))
}

async fn typing(stage: Data<Stage>, typing: Json<Typing>) -> Reply {
    stage.show_typing(id_of(&stage, &typing.from)?, id_of(&stage, &typing.to)?);
    done(json!({}))
}

async fn read(stage: Data<Stage>, read: Json<Read>) -> Reply {
    stage.show_read(id_of(&stage, &read.from)?, id_of(&stage, &read.to)?, message_id(&read.last)?);
    done(json!({}))
}

async fn tie(stage: Data<Stage>, new: Json<NewTie>) -> Reply {
    stage.tie(id_of(&stage, &new.person)?, new.tie, id_of(&stage, &new.other)?)?;
    done(json!({}))
}

async fn post(stage: Data<Stage>, new: Json<NewPost>) -> Reply {
    let reply_to = new.reply_to.as_deref().map(number).transpose()?;
    let id = stage.post(id_of(&stage, &new.author)?, &new.text, reply_to)?;
    done(json!({ "post": id.to_string() }))
}

async fn delete_post(stage: Data<Stage>, of: Json<OfPost>) -> Reply {
    stage.delete_post(id_of(&stage, &of.person)?, number(&of.post)?)?;
    done(json!({}))
}

async fn like(stage: Data<Stage>, of: Json<OfPost>) -> Reply {
    stage.like(id_of(&stage, &of.person)?, number(&of.post)?)?;
    done(json!({}))
}

fn yes() -> bool {
    true
}
