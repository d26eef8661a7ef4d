//! Every call of the house's client, for real: each that signs is checked by `oauthlib`, and none may be forgotten here.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use junco::client::{Client, Timeouts};
use junco::clock::SystemClock;
use junco::model::{MediaType, Outgoing, Secret};
use junco::simulator::Settings;
use junco::wire::signature::{crc_response, crc_token};

use crate::verifier::Verifier;
use crate::workshop::Workshop;
use crate::{Keys, world};

/// The names of the calls that were made.
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
    let (bot, owner) = (Keys::of(Settings::BOT), Keys::of(Settings::OWNER));
    let mut made = Made::default();

    made.call("verify_credentials", client.verify_credentials(bot.lend())).await;
    let message = Outgoing { text: "hello & goodbye ☃".into(), ..Outgoing::default() };
    let sent = made.call("send_message", client.send_message(bot.lend(), Settings::ADA, &message, None)).await;
    made.call("list_messages", client.list_messages(bot.lend(), None)).await;
    made.call("indicate_typing", client.indicate_typing(bot.lend(), Settings::ADA)).await;
    made.call("mark_read", client.mark_read(bot.lend(), Settings::ADA, sent)).await;
    // A film has to be asked after, a picture has not.
    let film = b"\0\0\0\x18ftypmp42 and more";
    made.call("upload_media", client.upload_media(bot.lend(), film, MediaType::Mp4, false)).await;

    let hook = hook();
    let webhook = made.call("register_webhook", client.register_webhook(owner.lend(), &hook)).await.id;
    let app = made.call("bearer_token", client.bearer_token(&bot.key, &Secret::new(bot.secret.as_str()))).await;
    made.call("webhooks", client.webhooks(&app)).await;
    made.call("validate_webhook", client.validate_webhook(owner.lend(), webhook)).await;
    made.call("subscribe", client.subscribe(bot.lend(), webhook)).await;
    made.call("is_subscribed", client.is_subscribed(bot.lend(), webhook)).await;
    made.call("delete_webhook", client.delete_webhook(owner.lend(), webhook)).await;

    let kinds: BTreeSet<_> = verifier.all_accepted().await.into_iter().map(|verdict| verdict.kind).collect();
    assert_eq!(kinds, ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"].map(String::from).into());
    let known = calls_of_the_client();
    let known: BTreeSet<_> = known.iter().map(String::as_str).collect();
    assert_eq!(made.0, known, "calls of the client that are not made here, or the other way round");
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
            let text = std::fs::read_to_string(path).unwrap();
            let names = text.split("pub async fn ").skip(1).map(|rest| rest.split(['(', '<']).next().unwrap_or_default().to_owned());
            found.extend(names);
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
