//! The front page: what this is, and how to point a bot at it.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::settings::Settings;
use super::stage::Stage;

/// Puts the page at `/`.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/", web::get().to(page));
}

async fn page(request: HttpRequest, stage: Data<Stage>, settings: Data<Settings>) -> HttpResponse {
    let base = format!("http://{}", request.connection_info().host());
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text(&base, &stage, &settings))
}

/// The secrets shown are those of the simulated world, which a bot needs to live in it.
fn text(base: &str, stage: &Stage, settings: &Settings) -> String {
    let mut page = format!(
        "X in a box: a simulator of X's Direct Messages and Account Activity webhooks.\n\
         Nothing here reaches X. Point a bot at it instead of https://api.x.com: {base}\n\nApps\n"
    );
    for app in &settings.apps {
        page += &format!("  {} (id {}): consumer key {}, consumer secret {}\n", app.name, app.id, app.consumer_key, app.consumer_secret);
    }
    page += "\nAccess tokens\n";
    for token in &settings.tokens {
        let owner = if settings.apps.iter().any(|app| app.id == token.app && app.owner == token.user) { ", owner of the app" } else { "" };
        page += &format!("  for {} with app {}{owner}: {}, secret {}\n", token.user, token.app, token.token, token.secret);
    }
    page += "\nPeople\n";
    for person in stage.people() {
        page += &format!("  @{} ({}): {}\n", person.screen_name, person.name, person.id);
    }
    page += &format!(
        "\nSet-up, every call signed with OAuth 1.0a\n  \
           POST {base}/1.1/account_activity/webhooks.json?url=http%3A%2F%2F127.0.0.1%3A8080%2Fwebhook%2Ftwitter  (owner's token; answers the webhook's id)\n  \
           POST {base}/1.1/account_activity/webhooks/ID/subscriptions/all.json  (the bot's token)\n  \
           POST {base}/1.1/direct_messages/events/new.json  (the bot's token)\n  \
           POST {base}/1.1/media/upload.json  (the bot's token; photos, GIFs and videos in pieces)\n\n\
         Be a person\n  \
           curl {base}/sim/say -H 'content-type: application/json' -d '{{\"from\":\"@ada\",\"to\":\"@snowbot\",\"text\":\"hello\"}}'\n  \
           curl '{base}/sim/transcript?a=@ada&b=@snowbot'\n  \
           curl {base}/sim/tap -H 'content-type: application/json' -d '{{\"person\":\"@ada\",\"message\":\"ID\",\"option\":0}}'\n\n\
         Let things go wrong\n  \
           curl {base}/sim/faults -H 'content-type: application/json' -d '{{\"kind\":\"lose_answer\",\"times\":3}}'\n  \
           kinds: duplicate (copies), delay (millis), hold, wrong_signature, no_signature, oversize (bytes), without_users,\n  \
           refuse, lose_answer (with: {{\"failure\": close | internal_error | over_capacity | already_said | rate_limited, which has seconds}}),\n  \
           slow_answer (millis), echo_first, spoil_media; of: all | inbound | echo\n  \
           POST /sim/release {{\"order\":\"forward\" | \"reverse\" | {{\"chosen\":[numbers]}}}}, /sim/redeliver {{}}, /sim/check, /sim/advance {{\"seconds\":3600}}\n\n\
         See what happened\n  \
           GET /sim/deliveries, /sim/calls, /sim/signals, /sim/webhooks, /sim/held, /sim/faults, /sim/people\n\n\
         Be a server that the bot asks\n  \
           curl -X PUT {base}/sim/feed/snow -H 'content-type: application/json' -d '{{\"status\":200,\"body\":{{\"new\":4}},\"delay_ms\":0}}'\n  \
           then GET or POST {base}/feed/snow answers so, and GET /sim/feed tells what was asked\n"
    );
    page
}
