//! The front page: what this is, and how to point a bot at it. HTML for browsers, plain text for everybody else.

mod sheet;

use actix_web::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::admin::{KINDS, VERBS, Verb};
use super::settings::{Person, Settings, Token};
use super::stage::Stage;
use super::{door, pages};
use sheet::{Item, Part, Sheet};

/// Puts the page at `/`.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/").wrap(from_fn(door::guard)).route(web::get().to(page)));
}

async fn page(request: HttpRequest, stage: Data<Stage>, settings: Data<Settings>) -> HttpResponse {
    let base = format!("http://{}", request.connection_info().host());
    let sheet = sheet(&base, &stage, &settings);
    let accepted = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let mut response = HttpResponse::Ok();
    if accepted.contains("text/html") {
        response.insert_header((CONTENT_SECURITY_POLICY, pages::POLICY));
        return response.content_type("text/html; charset=utf-8").body(sheet.html(&base));
    }
    response.content_type("text/plain; charset=utf-8").body(sheet.text(&base))
}

/// The secrets shown are those of the simulated world, which a bot needs to live in it.
fn sheet(base: &str, stage: &Stage, settings: &Settings) -> Sheet {
    let names = Names::of(stage, settings);
    Sheet {
        title: "X in a box",
        parts: vec![
            introduction(base),
            keys(stage, settings),
            people(stage),
            set_up(base, stage, settings),
            newer(base),
            sign_in(),
            be_a_person(base, &names),
            trouble(base),
            verbs(&names),
        ],
    }
}

/// Who stands in the examples: a bot's account and somebody who writes to it.
struct Names {
    bot: String,
    person: String,
}

impl Names {
    fn of(stage: &Stage, settings: &Settings) -> Self {
        let people = stage.people();
        let account = settings.tokens.iter().find(|token| !owns(stage, token)).or(settings.tokens.first()).map(|token| token.user);
        let is_account = |person: &&Person| Some(person.id) == account;
        let others = || people.iter().filter(|person| !settings.tokens.iter().any(|token| token.user == person.id));
        let name = |person: Option<&Person>| person.map(|person| format!("@{}", person.screen_name)).unwrap_or_default();
        Names { bot: name(people.iter().find(is_account)), person: name(others().next().or(people.first())) }
    }

    /// An example of the default world with these names in it.
    fn in_place(&self, example: &str) -> String {
        example.replace("@snowbot", &self.bot).replace("@ada", &self.person)
    }
}

fn introduction(base: &str) -> Part {
    let words = format!(
        "This is a simulator of X's Direct Messages and Account Activity webhooks; nothing here reaches X. Point a bot at {base} instead of \
         https://api.x.com, and instead of https://upload.x.com too. Signatures, limits and retries are those of X, and every secret below is \
         a made-up one."
    );
    Part { title: "What this is", items: vec![Item::Words(words)] }
}

fn keys(stage: &Stage, settings: &Settings) -> Part {
    let mut items = Vec::new();
    for app in stage.apps() {
        items.push(Item::Fact(format!("app {} ({})", app.id, app.name), "the app".to_owned()));
        items.push(Item::Copy(format!("consumer key     {}\nconsumer secret  {}", app.consumer_key, app.consumer_secret)));
        if let Some(secret) = &app.client_secret {
            items.push(Item::Copy(format!("client id        {}\nclient secret    {secret}", app.client_id)));
        }
    }
    for token in &settings.tokens {
        let owner = if owns(stage, token) { ", who owns the app and registers webhooks" } else { "" };
        items.push(Item::Fact(format!("@{}", name(stage, token)), format!("token of app {} for {}{owner}", token.app, token.user)));
        items.push(Item::Copy(format!("access token     {}\ntoken secret     {}", token.token, token.secret)));
    }
    Part { title: "Keys", items }
}

fn people(stage: &Stage) -> Part {
    let person = |person: Person| Item::Fact(format!("@{} {}", person.screen_name, person.id), person.name);
    Part { title: "People", items: stage.people().into_iter().map(person).collect() }
}

fn set_up(base: &str, stage: &Stage, settings: &Settings) -> Part {
    let calls = format!(
        "POST {base}/1.1/account_activity/webhooks.json?url=http%3A%2F%2F127.0.0.1%3A8080%2Fwebhook%2Ftwitter\n\
         POST {base}/1.1/account_activity/webhooks/ID/subscriptions/all.json\n\
         POST {base}/1.1/direct_messages/events/new.json\n\
         POST {base}/1.1/media/upload.json"
    );
    let words = "Every call is signed with OAuth 1.0a: the first with the owner's token, the others with the bot's. The webhook is challenged \
        before it is stored, so the bot must be running.";
    let mut items = vec![Item::Words(words.to_owned()), Item::Copy(calls)];
    if let Some(app) = stage.apps().first() {
        let bearer = format!("curl {base}/oauth2/token -u '{}:{}' -d grant_type=client_credentials", app.consumer_key, app.consumer_secret);
        items.extend([Item::Words("Lists and replay want the app's bearer:".to_owned()), Item::Copy(bearer)]);
        let of = |owner: bool| settings.tokens.iter().find(|token| token.app == app.id && owns(stage, token) == owner);
        if let (Some(owner), Some(bot)) = (of(true), of(false)) {
            let toml = format!(
                "[x]\napi = \"{base}\"\nupload = \"{base}\"\n\n[[app]]\nid = \"{}\"\nconsumer_key = \"{}\"\nconsumer_secret = \"{}\"\n\
                 owner_token = \"{}\"\nowner_token_secret = \"{}\"\n\n[[account]]\nuser_id = \"{}\"\napp = \"{}\"\nbot = \"bots/snowbot\"\n\
                 access_token = \"{}\"\naccess_token_secret = \"{}\"",
                app.id, app.consumer_key, app.consumer_secret, owner.token, owner.secret, bot.user, app.id, bot.token, bot.secret
            );
            items.extend([Item::Words("For Junco, in junco.toml:".to_owned()), Item::Copy(toml)]);
        }
    }
    Part { title: "Set up a bot", items }
}

fn newer(base: &str) -> Part {
    let words = "The newer API has the same world: webhooks, subscriptions and the X Activity API with the app's bearer, messages, files and \
        users with OAuth 1.0a or a token of OAuth 2. A message has a text and one file, and no quick replies.";
    let calls = format!(
        "POST {base}/2/webhooks\n\
         POST {base}/2/account_activity/webhooks/ID/subscriptions/all\n\
         POST {base}/2/activity/subscriptions\n\
         GET  {base}/2/activity/stream\n\
         POST {base}/2/dm_conversations/with/USER/messages\n\
         GET  {base}/2/dm_events"
    );
    Part { title: "Or set it up by the newer API", items: vec![Item::Words(words.to_owned()), Item::Copy(calls)] }
}

fn sign_in() -> Part {
    let words = "An app asks for a request token at /oauth/request_token and sends people to /oauth/authorize?oauth_token=TOKEN (or \
        /oauth/authenticate); with OAuth 2 it sends them to /i/oauth2/authorize. Both pages ask who one is, for there are no passwords here.";
    let apps = Item::Link { path: "/settings/connected_apps", words: "whom people let act for them, and where they take that back" };
    Part { title: "Sign in", items: vec![Item::Words(words.to_owned()), apps] }
}

fn be_a_person(base: &str, names: &Names) -> Part {
    let json = "-H 'content-type: application/json'";
    let commands = [
        format!("curl {base}/sim/say {json} -d '{{\"from\":\"@ada\",\"to\":\"@snowbot\",\"text\":\"hello\"}}'"),
        format!("curl '{base}/sim/transcript?a=@ada&b=@snowbot'"),
        format!("curl {base}/sim/tap {json} -d '{{\"person\":\"@ada\",\"message\":\"ID\",\"option\":0}}'"),
    ];
    let words = "People are named by id or @screen_name. A tap may be on any message, however old.";
    let phone = Item::Link { path: "/phone", words: "chat in the browser, let things go wrong, and see what goes over the wire" };
    let items =
        [phone, Item::Words(words.to_owned())].into_iter().chain(commands.map(|command| Item::Copy(names.in_place(&command)))).collect();
    Part { title: "Be a person", items }
}

fn trouble(base: &str) -> Part {
    let command = format!("curl {base}/sim/faults -H 'content-type: application/json' -d '{{\"kind\":\"lose_answer\",\"times\":3}}'");
    let words =
        "A fault strikes `times` times, or until it is cleared; of deliveries only those `of` inbound, echo or all (which is usual).";
    let mut items = vec![Item::Words(words.to_owned()), Item::Copy(command)];
    items.extend(KINDS.iter().map(|(kind, words)| Item::Fact((*kind).to_owned(), (*words).to_owned())));
    Part { title: "Let things go wrong", items }
}

fn verbs(names: &Names) -> Part {
    let words = "Bodies are JSON and must be declared so; ids are texts. A rule is changed by its name, as GET /sim/rules shows them.";
    let verb = |verb: &Verb| {
        let call = format!("{} {} {}", verb.method, verb.path, verb.body);
        Item::Fact(names.in_place(call.trim_end()), verb.does.to_owned())
    };
    Part { title: "All verbs", items: std::iter::once(Item::Words(words.to_owned())).chain(VERBS.iter().map(verb)).collect() }
}

fn owns(stage: &Stage, token: &Token) -> bool {
    stage.apps().iter().any(|app| app.id == token.app && app.owner == token.user)
}

fn name(stage: &Stage, token: &Token) -> String {
    stage.find(&token.user.to_string()).map(|person| person.screen_name).unwrap_or_default()
}
