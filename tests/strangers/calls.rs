//! Every call of the house's client, for real: each that signs is checked by `oauthlib`, and none may be forgotten here.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use junco::client::{self, Auth, Client, Events, Timeouts};
use junco::clock::SystemClock;
use junco::model::{EventsApi, MediaType, Outgoing, Secret};
use junco::simulator::Settings;
use junco::wire::rest::UserToken;
use junco::wire::signature::{crc_response, crc_token};

use crate::verifier::Verifier;
use crate::workshop::Workshop;
use crate::{Keys, world};

/// The calls that were made, as `file::function`.
#[derive(Default)]
struct Made(BTreeSet<&'static str>);

impl Made {
    /// Makes a call, which must succeed.
    async fn call<T, E: std::fmt::Debug>(&mut self, name: &'static str, call: impl Future<Output = Result<T, E>>) -> T {
        self.0.insert(name);
        call.await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }
}

#[tokio::test]
async fn every_call_that_we_sign_is_accepted_by_oauthlib() {
    let Some(python) = Workshop::python() else { return };
    let x = world().await;
    let verifier = Verifier::before(&x, &python);
    let client = Client::new(verifier.url.clone(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
    let mut made = Made::default();
    messages(&client, &mut made).await;
    for api in [EventsApi::Enterprise, EventsApi::V2] {
        events(&client, api, &mut made).await;
    }

    let kinds: BTreeSet<_> = verifier.all_accepted().await.into_iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds, ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"].map(String::from).into());
    let known = calls_of_the_client();
    let known: BTreeSet<_> = known.iter().map(String::as_str).collect();
    assert_eq!(made.0, known, "calls of the client that are not made here, or the other way round");
}

async fn messages(client: &Client, made: &mut Made) {
    let bot = Keys::of(Settings::BOT);
    made.call("account::verify_credentials", client.verify_credentials(bot.lend())).await;
    let message = Outgoing { text: "hello & goodbye ☃".into(), ..Outgoing::default() };
    let sent = made.call("messages::send_message", client.send_message(bot.lend(), Settings::ADA, &message, None)).await;
    made.call("messages::list_messages", client.list_messages(bot.lend(), None)).await;
    made.call("messages::indicate_typing", client.indicate_typing(bot.lend(), Settings::ADA)).await;
    made.call("messages::mark_read", client.mark_read(bot.lend(), Settings::ADA, sent)).await;
    // A film has to be asked after, a picture has not.
    let film = b"\0\0\0\x18ftypmp42 and more";
    made.call("media::upload_media", client.upload_media(bot.lend(), film, MediaType::Mp4, false)).await;
}

/// Sets up a webhook through one of the interfaces, and takes it away.
async fn events(client: &Client, api: EventsApi, made: &mut Made) {
    let (bot, owner) = (Keys::of(Settings::BOT), Keys::of(Settings::OWNER));
    let keys = client::Keys {
        consumer_key: owner.key.clone(),
        consumer_secret: Secret::new(owner.secret.as_str()),
        owner: Some(UserToken { token: Secret::new(owner.token.token.as_str()), secret: Secret::new(owner.token.secret.as_str()) }),
    };
    made.call("account::bearer_token", client.bearer_token(&owner.key, &keys.consumer_secret)).await;
    let events = Events::new(client.clone(), api, keys);
    let webhook = made.call("events::register", events.register(&hook())).await.id;
    made.call("events::list", events.list()).await;
    made.call("events::validate", events.validate(webhook)).await;
    made.call("events::subscribe", events.subscribe(webhook, Settings::BOT, Auth::User(bot.lend()))).await;
    assert!(made.call("events::is_subscribed", events.is_subscribed(webhook, Settings::BOT, Auth::User(bot.lend()))).await);
    made.call("events::subscriptions", events.subscriptions(webhook)).await;
    made.call("events::count", events.count()).await;
    made.call("events::unsubscribe", events.unsubscribe(webhook, Settings::BOT)).await;
    made.call("events::delete", events.delete(webhook)).await;
}

/// The names of all calls, as they stand in the source.
fn calls_of_the_client() -> Vec<String> {
    fn read(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_stem().unwrap().to_string_lossy();
            let names = text.split("pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(|name| format!("{file}::{name}")));
        }
    }
    let mut found = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/client"), &mut found);
    found
}

/// A webhook that answers challenges.
fn hook() -> String {
    async fn answer(request: HttpRequest) -> HttpResponse {
        let token = crc_token(request.query_string()).unwrap();
        let secret = Keys::of(Settings::BOT).secret;
        HttpResponse::Ok().content_type("application/json").body(crc_response(secret.as_bytes(), &token))
    }
    let server = HttpServer::new(|| App::new().route("/hook", web::get().to(answer)));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}
