//! The calls, room by room, in an order in which each has what it needs.

use std::collections::BTreeMap;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use junco::client::{self, Among, Auth, Client, Events, OAuth2App, OAuth2Token, UserToken};
use junco::model::{Attachment, EventsApi, MediaType, MessageId, Outgoing, Secret, Timestamp};
use junco::simulator::{Settings, Simulator};
use junco::wire::signature::{crc_response, crc_token};
use reqwest::header::LOCATION;
use url::Url;

use super::Made;
use crate::Keys;

const ADA: junco::model::UserId = Settings::ADA;
const BOT: junco::model::UserId = Settings::BOT;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";
/// It has to be asked after until it is ready; a picture has not.
const FILM: &[u8] = b"\0\0\0\x18ftypmp42 and more";
const CALLBACK: &str = "http://127.0.0.1:9/back";

fn said(text: &str) -> Outgoing {
    Outgoing { text: text.to_owned(), ..Outgoing::default() }
}

pub(super) async fn messages(client: &Client, x: &Simulator, before: &Url, made: &mut Made) {
    let keys = Keys::of(BOT);
    let bot = keys.lend();
    made.call("account::verify_credentials", client.verify_credentials(bot)).await;
    let picture = made.call("media::upload_media", client.upload_media(bot, PNG, MediaType::Png, false)).await;
    made.call("media::upload_media", client.upload_media(bot, FILM, MediaType::Mp4, false)).await;
    let sent = made.call("messages::send_message", client.send_message(bot, ADA, &said("hello & goodbye ☃"), Some(picture.id))).await;
    made.call("messages::list_messages", client.list_messages(bot, None)).await;
    made.call("messages::indicate_typing", client.indicate_typing(bot, ADA)).await;
    made.call("messages::mark_read", client.mark_read(bot, ADA, sent)).await;
    let url = address_of_picture(client, &keys, sent, made).await;
    // X tells its own address; what is asked of the one that stands before it is checked.
    let url = url.replace(&x.url(), before.as_str().trim_end_matches('/'));
    let fetched = made.call("download::download", client.download(Auth::User(bot), &url, 1 << 20)).await;
    assert_eq!(fetched.bytes, PNG);
    made.call("messages::destroy_message", client.destroy_message(bot, sent)).await;
}

async fn address_of_picture(client: &Client, keys: &Keys, message: MessageId, made: &mut Made) -> String {
    let shown = made.call("messages::show_message", client.show_message(keys.lend(), message)).await;
    let Some(Attachment::Media { url, .. }) = shown.message.attachment else { panic!("{shown:?}") };
    url
}

pub(super) async fn newer_messages(client: &Client, x: &Simulator, made: &mut Made) {
    let keys = Keys::of(BOT);
    let bot = Auth::User(keys.lend());
    made.call("sign_in::me", client.me(bot)).await;
    let picture = made.call("media::upload_media_v2", client.upload_media_v2(bot, PNG, MediaType::Png, false)).await;
    let sent = made.call("newer::send_to", client.send_to(bot, ADA, "hello & goodbye ☃", Some(picture.id))).await;
    made.call("newer::send_into", client.send_into(bot, &sent.conversation, "again", None)).await;
    for among in [Among::All, Among::With(ADA), Among::Conversation(&sent.conversation)] {
        made.call("newer::list_messages_v2", client.list_messages_v2(bot, among, None)).await;
    }
    let address = address_of_picture(client, &keys, sent.id, made).await;
    let (id, name) = (picture.id.to_string(), address.rsplit('/').next().unwrap());
    let fetched = made.call("download::download_v2", client.download_v2(bot, sent.id, &id, name, 1 << 20)).await;
    assert_eq!(fetched.bytes, PNG);
    made.call("newer::delete_message", client.delete_message(bot, sent.id)).await;
    let group = made.call("newer::new_group", client.new_group(bot, &[ADA, Settings::BEN], "all of you", None)).await.conversation;
    made.call("newer::send_into", client.send_into(bot, &group, "and again", None)).await;
    assert_eq!(x.groups().remove(0).messages.len(), 2);
    // What the service reads is between two.
    let listed = made.call("newer::list_messages_v2", client.list_messages_v2(bot, Among::Conversation(&group), None)).await;
    assert!(listed.messages.is_empty(), "{listed:?}");
}

pub(super) async fn welcome_messages(client: &Client, made: &mut Made) {
    let bot = Keys::of(BOT);
    let bot = bot.lend();
    let welcome = made.call("welcome::new_welcome", client.new_welcome(bot, Some("first #1"), &said("Welcome & hello"), None)).await;
    made.call("welcome::show_welcome", client.show_welcome(bot, welcome.id)).await;
    made.call("welcome::update_welcome", client.update_welcome(bot, welcome.id, &said("Hello again"), None)).await;
    made.call("welcome::list_welcomes", client.list_welcomes(bot)).await;
    let rule = made.call("welcome::new_welcome_rule", client.new_welcome_rule(bot, welcome.id)).await;
    made.call("welcome::show_welcome_rule", client.show_welcome_rule(bot, rule.id)).await;
    made.call("welcome::list_welcome_rules", client.list_welcome_rules(bot)).await;
    made.call("welcome::destroy_welcome_rule", client.destroy_welcome_rule(bot, rule.id)).await;
    made.call("welcome::destroy_welcome", client.destroy_welcome(bot, welcome.id)).await;
    let picture = made.call("media::upload_media", client.upload_media(bot, PNG, MediaType::Png, true)).await;
    let profile = made.call("welcome::new_profile", client.new_profile(bot, "Snow & Ice", picture.id)).await;
    made.call("welcome::show_profile", client.show_profile(bot, profile.id)).await;
    made.call("welcome::list_profiles", client.list_profiles(bot)).await;
    made.call("welcome::destroy_profile", client.destroy_profile(bot, profile.id)).await;
}

pub(super) async fn posts(client: &Client, x: &Simulator, made: &mut Made) {
    let bot = Keys::of(BOT);
    let bot = bot.lend();
    let post = x.post(ADA, "Snow & ice", None).unwrap();
    made.call("posts::posts", client.posts(bot, ADA)).await;
    made.call("posts::like", client.like(bot, post)).await;
    made.call("posts::unlike", client.unlike(bot, post)).await;
    made.call("posts::posts_v2", client.posts_v2(Auth::User(bot), ADA)).await;
    made.call("posts::like_v2", client.like_v2(Auth::User(bot), BOT, post)).await;
    made.call("posts::unlike_v2", client.unlike_v2(Auth::User(bot), BOT, post)).await;
}

pub(super) async fn sign_in(client: &Client, made: &mut Made) {
    let keys = app_keys();
    let callback = Url::parse(CALLBACK).unwrap();
    for callback in [None, Some(&callback)] {
        let request = made.call("sign_in::request_token", client.request_token(&keys, callback)).await;
        let verifier = allowed(&client.authorize_url(&request, Some("ada"), true)).await;
        let signed_in = made.call("sign_in::access_token", client.access_token(&keys, &request, &verifier)).await;
        assert_eq!(signed_in.user.id, ADA);
        made.call("sign_in::invalidate_token", client.invalidate_token(keys.user(&signed_in.token))).await;
    }
    let (app, token) = let_in(client, made).await;
    let anew = made.call("sign_in::refresh_oauth2", client.refresh_oauth2(&app, &token.refresh.unwrap())).await;
    made.call("sign_in::revoke_oauth2", client.revoke_oauth2(&app, &anew.access)).await;
}

/// The app, and a token of OAuth 2 for Ada.
async fn let_in(client: &Client, made: &mut Made) -> (OAuth2App, OAuth2Token) {
    let settings = Settings::default();
    let (id, secret) = (settings.apps[0].client_id.clone(), settings.apps[0].client_secret.clone());
    let app = OAuth2App { client_id: id, client_secret: secret.map(|secret| Secret::new(secret.as_str())) };
    let callback = Url::parse(CALLBACK).unwrap();
    let question = client.ask_oauth2(&app, &callback, &["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"]);
    let code = Secret::new(allowed(&question.url).await.as_str());
    let token = client.exchange_code(&app, &callback, &code, &question.verifier);
    let token = made.call("sign_in::exchange_code", token).await;
    (app, token)
}

/// Ada lets the app in, as her browser would: what the app is told, or the number that it is to be told.
async fn allowed(page: &Url) -> String {
    let mut form: BTreeMap<String, String> = page.query_pairs().into_owned().collect();
    form.extend([("person", ADA.to_string()), ("decision", "allow".to_owned())].map(|(name, value)| (name.to_owned(), value)));
    let browser = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.post(page[..url::Position::AfterPath].to_owned()).form(&form).send().await.unwrap();
    let Some(back) = answer.headers().get(LOCATION) else {
        let page = answer.text().await.unwrap();
        return page.split(['<', '>']).find(|text| text.len() == 7 && text.parse::<u32>().is_ok()).unwrap().to_owned();
    };
    let back = Url::parse(back.to_str().unwrap()).unwrap();
    back.query_pairs().find(|(name, _)| name == "code" || name == "oauth_verifier").unwrap().1.into_owned()
}

/// Sets up a webhook through one of the interfaces, and takes it away.
pub(super) async fn events(client: &Client, api: EventsApi, made: &mut Made) {
    let bot = Keys::of(BOT);
    let keys = app_keys();
    made.call("account::bearer_token", client.bearer_token(&keys.consumer_key, &keys.consumer_secret)).await;
    let events = Events::new(client.clone(), api, keys);
    let webhook = made.call("events::register", events.register(&hook())).await.id;
    made.call("events::list", events.list()).await;
    made.call("events::list_everywhere", events.list_everywhere()).await;
    made.call("events::validate", events.validate(webhook)).await;
    made.call("events::subscribe", events.subscribe(webhook, BOT, Auth::User(bot.lend()))).await;
    assert!(made.call("events::is_subscribed", events.is_subscribed(webhook, BOT, Auth::User(bot.lend()))).await);
    made.call("events::subscriptions", events.subscriptions(webhook)).await;
    made.call("events::count", events.count()).await;
    let span = (Timestamp::from_millis(0), Timestamp::from_millis(60_000));
    made.asked("events::replay", events.replay(webhook, span.0, span.1)).await;
    made.call("events::unsubscribe", events.unsubscribe(webhook, BOT)).await;
    made.call("events::delete", events.delete(webhook)).await;
}

/// X Activity, for which a user lets the app in by OAuth 2. The stream never ends, so it is opened `straight`.
pub(super) async fn activity(client: &Client, straight: &Client, x: &Simulator, made: &mut Made) {
    let (_, token) = let_in(client, made).await;
    let keys = app_keys();
    let events = Events::new(client.clone(), EventsApi::Activity, keys.clone());
    let webhook = made.call("events::register", events.register(&hook())).await.id;
    let ada = Auth::OAuth2(&token.access);
    made.call("events::subscribe", events.subscribe(webhook, ADA, ada)).await;
    made.call("events::count", events.count()).await;
    made.call("events::unsubscribe", events.unsubscribe(webhook, ADA)).await;
    let read = made.call("activity::subscribe_to_activity", client.subscribe_to_activity(ada, "dm.read", ADA, None, Some("read"))).await;
    made.call("activity::change_activity", client.change_activity(ada, read.id, Some(webhook), None)).await;
    let bearer = made.call("account::bearer_token", client.bearer_token(&keys.consumer_key, &keys.consumer_secret)).await;
    let mut stream = made.call("activity::activity_stream", straight.activity_stream(&bearer)).await;
    x.show_read(BOT, ADA, MessageId(1));
    let told = made.call("activity::next", stream.next()).await.unwrap();
    assert!(String::from_utf8(told).unwrap().contains("dm.read"));
}

/// The app of the default world, with its owner's token.
fn app_keys() -> client::Keys {
    let Keys { key, secret, token } = Keys::of(Settings::OWNER);
    let owner = UserToken { token: Secret::new(token.token.as_str()), secret: Secret::new(token.secret.as_str()) };
    client::Keys { consumer_key: key, consumer_secret: Secret::new(secret.as_str()), owner: Some(owner) }
}

/// A webhook that answers challenges.
fn hook() -> String {
    async fn answer(request: HttpRequest) -> HttpResponse {
        let token = crc_token(request.query_string()).unwrap();
        let secret = Keys::of(BOT).secret;
        HttpResponse::Ok().content_type("application/json").body(crc_response(secret.as_bytes(), &token))
    }
    let server = HttpServer::new(|| App::new().route("/hook", web::get().to(answer)));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}
