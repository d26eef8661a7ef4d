//! Whose events X delivers.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;

use super::looks::{Hook, Said};
use super::{App, Caretaker, ask, carry_out, may, wrong};
use crate::account::{Account, AccountError, Registry};
use crate::console::Console;
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{mark, theirs};
use crate::conversation::{Notice, Standing};
use crate::model::{AppId, Profile, Role, UserId};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/subscription/add", web::post().to(add)).route("/subscription/remove", web::post().to(remove));
}

#[derive(Deserialize)]
struct Which {
    app: AppId,
    webhook: u64,
    user: UserId,
    #[serde(default)]
    sure: String,
}

pub(super) fn section(caretaker: &Caretaker, app: &App, said: &Said, visitor: &Visitor) -> Markup {
    html! {
        h2 { "Subscriptions" }
        @match &said.count {
            Ok(count) => p.count {
                (count.all) " subscribed"
                @if let Some(most) = count.provisioned { " of " (most) " that may be" } @else { "; X does not tell how many may be" }
            },
            Err(told) => { (wrong(told)) }
        }
        @if let Ok(hooks) = &said.webhooks {
            @if hooks.is_empty() { p.soft { "There is no webhook to be subscribed on." } }
            @for hook in hooks { (on(caretaker, app, hook, said, visitor)) }
        }
    }
}

/// Who is subscribed on a webhook, and who of the configuration is not.
fn on(caretaker: &Caretaker, app: &App, hook: &Hook, said: &Said, visitor: &Visitor) -> Markup {
    let Ok(users) = &hook.users else {
        return html! { @if let Err(told) = &hook.users { (wrong(told)) } };
    };
    let missing = app.accounts.iter().map(|served| served.account.user).filter(|user| !users.contains(user));
    let label = format!("Subscribed on webhook {}", hook.webhook.id);
    html! {
        div.wide tabindex="0" role="region" aria-label=(label) { table {
            caption { (label) }
            thead { tr { th { "User" } th { "Who" } th { "Stands" } @if may(visitor) { th { "Change" } } } }
            tbody {
                @for user in users {
                    @let ours = caretaker.served(*user).is_some();
                    (row(app, hook.webhook.id, *user, said, visitor, html! {
                        @if ours { span.mark.good { "subscribed" } } @else { span.mark.warm { "subscribed, not in the configuration" } }
                    }, ("remove", "Remove…", "button quiet")))
                }
                @for user in missing {
                    (row(app, hook.webhook.id, user, said, visitor, html! { span.mark.bad { "not subscribed" } }, ("add", "Subscribe", "button")))
                }
            }
        } }
        @if may(visitor) {
            form.row method="post" action="/account/let-in" {
                (mark(visitor))
                input type="hidden" name="app" value=(app.id);
                input type="hidden" name="webhook" value=(hook.webhook.id);
                button.quiet { "Add an account by signing in with X" }
            }
        }
    }
}

fn row(
    app: &App,
    webhook: u64,
    user: UserId,
    said: &Said,
    visitor: &Visitor,
    stands: Markup,
    (action, label, class): (&str, &str, &str),
) -> Markup {
    let profile = said.accounts.get(&user).and_then(|account| account.profile.as_ref().ok());
    html! {
        tr {
            td { (user) }
            td { @if let Some(profile) = profile { (named(profile)) } @else { span.soft { "–" } } }
            td { (stands) }
            @if may(visitor) {
                td {
                    form method="post" action={ "/account/subscription/" (action) } {
                        (mark(visitor))
                        input type="hidden" name="app" value=(app.id);
                        input type="hidden" name="webhook" value=(webhook);
                        input type="hidden" name="user" value=(user);
                        button class=(class) aria-label={ (label) " " (user) } { (label) }
                    }
                }
            }
        }
    }
}

/// Somebody by handle and name.
pub(super) fn named(profile: &Profile) -> Markup {
    html! { "@" (theirs(&profile.screen_name)) @if !profile.name.is_empty() { " " small { (theirs(&profile.name)) } } }
}

async fn add(console: Data<Console>, asked: Asked<Which>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Which { app, webhook, user, .. } } = asked;
    visitor.wants(Role::Admin)?;
    let Some((of, served)) = console.caretaker.served(user).filter(|(of, _)| of.id == app) else {
        return Err(Refusal::Unreadable(format!("{user} does not stand in the configuration of this app: let them sign in with X")));
    };
    let act = async {
        Ok(if subscribe(&console, &visitor, &of.registry, webhook, &served.account).await? {
            format!("{user} is subscribed. Its events may take ten seconds to begin.")
        } else {
            format!("{user} was subscribed already.")
        })
    };
    carry_out(&console, &visitor, format!("subscribe the account {user} on the webhook {webhook}"), act).await
}

async fn remove(console: Data<Console>, asked: Asked<Which>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Which { app, webhook, user, sure } } = asked;
    visitor.wants(Role::Admin)?;
    let registry = &console.caretaker.app(app)?.registry;
    if sure.is_empty() {
        let is_ours = console.caretaker.served(user).is_some();
        let text = html! {
            p { "X will deliver no events of this account any more; its bot will hear nothing." }
            @if is_ours {
                p { "It stays so until it is subscribed again, here or by a command: the watchdog, which subscribes what was lost, leaves it out." }
            } @else {
                p { "To add it again, its owner has to sign in with X again." }
            }
        };
        let fields = [("app", app.to_string()), ("webhook", webhook.to_string()), ("user", user.to_string())];
        let title = format!("End the subscription of {user}?");
        return Ok(ask(&visitor, &title, &text, "/account/subscription/remove", &fields, "End it"));
    }
    let act = async {
        let by = visitor.0.name.clone();
        // Before it is done, or the watchdog might find it lost.
        note(&console, user, |standing| standing.taken_out.is_none(), Notice::TakenOut { by: by.clone() }).await?;
        let was = match registry.unsubscribe(webhook, user).await {
            Ok(was) => was,
            Err(error) => {
                note(&console, user, |standing| standing.taken_out.is_some(), Notice::LetIn { by }).await?;
                return Err(error);
            }
        };
        Ok(if was { format!("{user} is no longer subscribed.") } else { format!("{user} was not subscribed.") })
    };
    carry_out(&console, &visitor, format!("end the subscription of {user} on the webhook {webhook}"), act).await
}

/// Subscribes an account, and writes down that a person wants its events: before it is done, or the watchdog might leave it out. Whether it
/// was not subscribed before.
pub(super) async fn subscribe(
    console: &Console,
    visitor: &Visitor,
    registry: &Registry,
    webhook: u64,
    account: &Account,
) -> Result<bool, AccountError> {
    let by = visitor.0.name.clone();
    let was_out = console.turns.standing(account.user).await.is_ok_and(|standing| standing.taken_out.is_some());
    note(console, account.user, |standing| standing.taken_out.is_some(), Notice::LetIn { by: by.clone() }).await?;
    let outcome = registry.subscribe(webhook, account).await;
    if outcome.is_err() && was_out {
        note(console, account.user, |standing| standing.taken_out.is_none(), Notice::TakenOut { by }).await?;
    }
    outcome
}

/// Writes down in an account's own record whether a person wants its events, where that is `news`; of others nothing is kept.
pub(super) async fn note(console: &Console, user: UserId, news: fn(&Standing) -> bool, notice: Notice) -> Result<(), AccountError> {
    if console.turns.has_account(user) {
        let noted = console.turns.notice(user, |standing| if news(standing) { vec![notice.clone()] } else { Vec::new() });
        noted.await.map_err(|error| AccountError::Odd(format!("nothing was done, since it cannot be written down: {error}")))?;
    }
    Ok(())
}
