//! A bot as a picture, with how people fare in it: where they are, where they give up, what is not understood.

mod chart;
mod figures;
mod propose;

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Path};
use maud::{Markup, PreEscaped, html};

use super::access::{Refusal, Visitor};
use super::frame::{Place, on_to};
use super::{Console, frame, live};
use crate::bot::Program;
use crate::graph::{Crowd, Graph, Look, Marks, Tally};
use crate::model::UserId;

/// Who says nothing for so long has given up, as far as anybody can tell.
const QUIET: Duration = Duration::from_secs(24 * 3600);

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/bot", web::get().to(first))
        .route("/bot/{account}", web::get().to(show))
        .route("/bot/{account}/picture", web::get().to(picture_part))
        .route("/bot/{account}/figures", web::get().to(figures_part))
        .route("/bot/{account}/live", web::get().to(follow))
        .route("/bot/{account}/propose", web::post().to(propose::show));
}

/// An account and its bot.
struct Seen {
    account: UserId,
    program: Arc<Program>,
}

impl Seen {
    fn of(console: &Console, account: &str) -> Result<Self, Refusal> {
        let missing = || Refusal::Missing(format!("no bot answers for `{account}`"));
        let account: UserId = account.parse().map_err(|_| missing())?;
        let program = console.turns.program_of(account).ok_or_else(missing)?;
        Ok(Seen { account, program })
    }

    fn path(&self) -> String {
        format!("/bot/{}", self.account)
    }
}

async fn first(console: Data<Console>, _: Visitor) -> Result<HttpResponse, Refusal> {
    let account = console.turns.accounts().next().ok_or_else(|| Refusal::Missing("no account is configured".to_owned()))?;
    Ok(on_to(&format!("/bot/{account}")))
}

async fn show(console: Data<Console>, visitor: Visitor, account: Path<String>) -> Result<HttpResponse, Refusal> {
    let seen = Seen::of(&console, &account)?;
    let accounts: Vec<UserId> = console.turns.accounts().collect();
    let path = seen.path();
    let content = html! {
        h1 { (seen.program.name) }
        @if accounts.len() > 1 {
            nav.row aria-label="Accounts" {
                @for account in &accounts {
                    a href={ "/bot/" (account) } aria-current=[(*account == seen.account).then_some("page")] { (account) }
                }
            }
        }
        p.soft {
            "Dots with an arrow are words by which one comes to a state from anywhere; the numbers tell how often each way was taken in the \
             last 30 days."
        }
        section #picture .wide.picture tabindex="0" aria-label="The states and the ways between them" data-live={ (path) "/live" } data-part={ (path) "/picture" } {
            (picture(&console, &seen))
        }
        section #figures data-live={ (path) "/live" } data-part={ (path) "/figures" } { (figures::show(&console, &seen)) }
        section { (propose::unmatched(&console, &visitor, &seen)) }
    };
    Ok(frame::page(&visitor, Place::Bot, &seen.program.name, &content))
}

async fn picture_part(console: Data<Console>, _: Visitor, account: Path<String>) -> Result<HttpResponse, Refusal> {
    let seen = Seen::of(&console, &account)?;
    Ok(frame::part(&picture(&console, &seen)))
}

async fn figures_part(console: Data<Console>, _: Visitor, account: Path<String>) -> Result<HttpResponse, Refusal> {
    let seen = Seen::of(&console, &account)?;
    Ok(frame::part(&figures::show(&console, &seen)))
}

async fn follow(console: Data<Console>, visitor: Visitor, account: Path<String>) -> Result<HttpResponse, Refusal> {
    let Seen { account, .. } = Seen::of(&console, &account)?;
    let news = console.ledger.changes();
    Ok(live::changes(console, visitor, news, move |entry| entry.key.account == account))
}

/// The picture with its figures; the graph escapes whatever the script says.
fn picture(console: &Console, seen: &Seen) -> Markup {
    let marks = marks(console, seen);
    PreEscaped(Graph::of(&seen.program).marked(&marks).svg(Look::Page))
}

fn marks(console: &Console, seen: &Seen) -> Marks {
    let here = crowds(console, seen);
    let mut marks = Marks::default();
    console.ledger.figures(seen.account, |figures| {
        let taken = figures.options.iter().map(|((prompt, option), count)| (Tally::Taken(prompt.clone(), option.clone()), *count));
        let asked = figures.asked.iter().map(|(prompt, count)| (Tally::Asked(prompt.clone()), *count));
        let fired = figures.rules.iter().map(|(rule, count)| (Tally::Fired(rule.clone()), *count));
        marks.tallies = taken.chain(asked).chain(fired).map(|(tally, count)| (tally, u64::from(count))).collect();
    });
    marks.crowds = here.into_iter().collect();
    marks
}

/// Who is in each state of the script, in its order.
fn crowds(console: &Console, seen: &Seen) -> Vec<(String, Crowd)> {
    let quiet_since = console.clock.now().minus(QUIET);
    let people = console.ledger.directory(|directory| directory.by_state(seen.account, quiet_since));
    let crowd = |name: &String| {
        let (here, quiet) = people.get(name).copied().unwrap_or_default();
        let entered = console.ledger.figures(seen.account, |figures| figures.entered.get(name).copied().unwrap_or_default());
        Crowd { here: here as u64, quiet: quiet as u64, entered: u64::from(entered) }
    };
    seen.program.states.iter().map(|state| (state.name.clone(), crowd(&state.name))).collect()
}

#[cfg(test)]
mod tests;
