//! Having X deliver again what it delivered before: ordered, followed, and ordered again where something is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};

use super::looks::Said;
use super::{App, Caretaker, may, written};
use crate::account::replay::{Done, Progress, Span, Unreplayable, moment, plan, replay};
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{mark, theirs, time};
use crate::console::{Console, frame, live};
use crate::conversation::{Act, Notice};
use crate::model::{AppId, EventsApi, Role, Timestamp, UserId};
use crate::turn::Turns;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route("/replay", web::post().to(order)).route("/replay/part", web::get().to(part)).route("/replay/live", web::get().to(follow));
}

/// The replays that were ordered here, the last of each app.
pub(super) struct Replays {
    runs: Mutex<BTreeMap<AppId, Run>>,
    changes: broadcast::Sender<()>,
}

/// One order, which X takes in jobs.
#[derive(Clone)]
struct Run {
    by: String,
    webhook: u64,
    whole: Span,
    jobs: usize,
    /// The job that is under way.
    job: Option<u64>,
    waits: bool,
    done: Vec<Done>,
    /// Why it ended before its time.
    failed: Option<String>,
    is_over: bool,
}

#[derive(Deserialize)]
struct Order {
    app: AppId,
    webhook: u64,
    from: String,
    to: String,
}

impl Replays {
    pub(super) fn new() -> Self {
        Replays { runs: Mutex::default(), changes: broadcast::Sender::new(64) }
    }

    /// Begins, unless something is under way for the app.
    fn begin(&self, app: AppId, run: Run) -> bool {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.get(&app).is_some_and(|run| !run.is_over) {
            return false;
        }
        runs.insert(app, run);
        true
    }

    fn change(&self, app: AppId, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&app) {
            change(run);
        }
        // An error says that no page is open.
        let _ = self.changes.send(());
    }

    fn of(&self, app: AppId) -> Option<Run> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&app).cloned()
    }
}

impl Run {
    fn take(&mut self, progress: Progress) {
        match progress {
            Progress::Ordered { job, .. } => (self.job, self.waits) = (Some(job), false),
            Progress::Busy { .. } => self.waits = true,
            Progress::Ended { .. } | Progress::Unfollowed { .. } => {}
        }
    }
}

pub(super) fn section(console: &Console, visitor: &Visitor) -> Markup {
    let caretaker = &console.caretaker;
    html! {
        section aria-labelledby="replay" {
            h2 #replay { "Replay" }
            p.soft { "X delivers again what it delivered in a span of time. What was taken before changes nothing; what was missed is answered now." }
            @if may(visitor) { @for app in &caretaker.upkeep.apps { (form(caretaker, app, visitor)) } }
            div #replays data-live="/account/replay/live" data-part="/account/replay/part" { (runs(caretaker, visitor)) }
        }
    }
}

fn form(caretaker: &Caretaker, app: &App, visitor: &Visitor) -> Markup {
    let reach = match app.registry.events().api() {
        EventsApi::Enterprise => "five days",
        EventsApi::V2 | EventsApi::Activity => "24 hours",
        EventsApi::Premium(_) => return html! { p.note { "This interface of X has no replay." } },
    };
    let now = caretaker.upkeep.clock.now();
    let (from, to) = (field(now.minus(Duration::from_secs(2 * 3600))), field(now.minus(Duration::from_secs(11 * 60))));
    let said = caretaker.looks.said(app.id);
    let webhooks = match &said {
        Some(Said { webhooks: Ok(webhooks), .. }) => webhooks,
        Some(_) => return html! { p.soft { "X did not tell which webhooks there are." } },
        None => return html! { p.soft { "X is being asked which webhooks there are: " a href="/account" { "load the page again" } "." } },
    };
    let Some(hook) = webhooks.first() else { return html! { p.soft { "There is no webhook to replay to yet." } } };
    html! {
        form.filter method="post" action="/account/replay" {
            (mark(visitor))
            input type="hidden" name="app" value=(app.id);
            @if webhooks.len() > 1 {
                label { "Webhook" select name="webhook" {
                    @for hook in webhooks { option value=(hook.webhook.id) { (hook.webhook.id) } }
                } }
            } @else { input type="hidden" name="webhook" value=(hook.webhook.id); }
            label { "From (UTC)" input type="datetime-local" name="from" value=(from) required; }
            label { "To (UTC)" input type="datetime-local" name="to" value=(to) required; }
            button { "Replay" }
        }
        p.soft { "Up to " (reach) " back. It must have begun 31 minutes ago or earlier, and ended 10 minutes ago or earlier. It is now "
                 (field(now).replace('T', " ")) " UTC." }
    }
}

/// How far the replays are.
fn runs(caretaker: &Caretaker, visitor: &Visitor) -> Markup {
    let runs = caretaker.upkeep.apps.iter().filter_map(|app| caretaker.replays.of(app.id).map(|run| (app, run)));
    html! { @for (app, run) in runs { (shown(app, &run, visitor)) } }
}

fn shown(app: &App, run: &Run, visitor: &Visitor) -> Markup {
    let ended = run.done.len();
    html! {
        div.card {
            p { b { "Ordered by " (run.by) } ": " (time(run.whole.from)) " to " (time(run.whole.to)) }
            label.bar { (ended) " of " (run.jobs) @if run.jobs == 1 { " job" } @else { " jobs" } progress max=(run.jobs) value=(ended) {} }
            p {
                @if let Some(failed) = &run.failed { span.mark.bad { "stopped" } " " (theirs(failed)) }
                @else if run.is_over { span.mark.good { "ended" } }
                @else if run.waits { span.mark.warm { "waiting" } " X takes no job at the moment; it is asked again" }
                @else if let Some(job) = run.job { span.mark { "under way" } " job " (job) }
                @else { span.mark { "being ordered" } }
            }
            @if ended > 0 { ul { @for done in &run.done { (one(app, run, done, visitor)) } } }
        }
    }
}

fn one(app: &App, run: &Run, done: &Done, visitor: &Visitor) -> Markup {
    html! {
        li {
            "Job " (done.job) ", " (time(done.span.from)) " to " (time(done.span.to)) ": "
            @match done.complete {
                Some(true) => { span.mark.good { "complete" } }
                None => { span.mark.warm { "nobody tells whether it has ended" } }
                Some(false) => {
                    span.mark.bad { "incomplete" }
                    @if run.is_over && may(visitor) {
                        form.row method="post" action="/account/replay" {
                            (mark(visitor))
                            input type="hidden" name="app" value=(app.id);
                            input type="hidden" name="webhook" value=(run.webhook);
                            input type="hidden" name="from" value=(field(done.span.from));
                            input type="hidden" name="to" value=(field(done.span.to));
                            button.quiet { "Order it again" }
                        }
                    }
                }
            }
        }
    }
}

async fn part(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    frame::part(&runs(&console.caretaker, &visitor))
}

async fn follow(console: Data<Console>, visitor: Visitor) -> HttpResponse {
    let news = console.caretaker.replays.changes.subscribe();
    live::changes(console, visitor, news, |()| true)
}

async fn order(console: Data<Console>, asked: Asked<Order>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: Order { app, webhook, from, to } } = asked;
    visitor.wants(Role::Admin)?;
    let caretaker = &console.caretaker;
    let (api, now) = (caretaker.app(app)?.registry.events().api().clone(), caretaker.upkeep.clock.now());
    let read =
        |text: &str| moment(text, now).ok_or_else(|| Refusal::Unreadable(format!("`{text}` is no time: write 2026-01-02 03:04 (UTC)")));
    let whole = Span { from: read(&from)?, to: read(&to)? };
    let spans = match plan(&api, whole, now) {
        Ok(spans) => spans,
        Err(error) => {
            caretaker.tell(&visitor, false, plainly(error));
            return Ok(frame::on_to("/account"));
        }
    };
    let what = format!("replay {from} to {to} (UTC) of the webhook {webhook}, app {app}");
    written(&console, &visitor, Act::Upkeep { what: what.clone() }).await?;
    let by = visitor.0.name.clone();
    let run = Run { by, webhook, whole, jobs: spans.len(), job: None, waits: false, done: Vec::new(), failed: None, is_over: false };
    if !caretaker.replays.begin(app, run) {
        caretaker.tell(&visitor, false, "A replay is under way; X takes one at a time. Order the next when it has ended.".to_owned());
        return Ok(frame::on_to("/account"));
    }
    let (carrying, turns, admin) = (caretaker.clone(), console.turns.clone(), visitor.clone());
    caretaker.go_about(async move {
        carry_out(&carrying, &turns, app, webhook, spans).await;
        let Some(why) = carrying.replays.of(app).and_then(|run| run.failed) else { return };
        if let Err(error) = turns.did(admin.did(Act::Failed { what, why })).await {
            tracing::error!(%error, "it is not written down why a replay stopped");
        }
    });
    caretaker.tell(&visitor, true, "The replay is ordered.".to_owned());
    Ok(frame::on_to("/account#replay"))
}

async fn carry_out(caretaker: &Caretaker, turns: &Turns, id: AppId, webhook: u64, spans: Vec<Span>) {
    let Ok(app) = caretaker.app(id) else { return };
    let (replays, upkeep) = (&caretaker.replays, &caretaker.upkeep);
    let (tell, mut told) = mpsc::unbounded_channel();
    let heard = Some(upkeep.heard.as_ref());
    let ordering = async move {
        let progress = |progress: Progress| {
            replays.change(id, |run| run.take(progress));
            // The other end is below, and listens until this one goes.
            let _ = tell.send(progress);
        };
        // Each job for itself, so that what has ended shows while the next one runs.
        for span in &spans {
            let outcome = replay(&app.registry, webhook, std::slice::from_ref(span), heard, upkeep.clock.as_ref(), &progress).await;
            match outcome {
                Ok(done) => replays.change(id, |run| {
                    run.done.extend(done);
                    run.job = None;
                }),
                Err(error) => {
                    replays.change(id, |run| run.failed = Some(error.to_string()));
                    break;
                }
            }
        }
    };
    let noticing = async {
        let mut untold = BTreeSet::new();
        while let Some(progress) = told.recv().await {
            notice(turns, app, progress, &mut untold).await;
        }
    };
    tokio::join!(ordering, noticing);
    replays.change(id, |run| run.is_over = true);
}

/// Tells the accounts' journals how far a replay is, as the watchdog does of its own. Where it covers a gap, the door tells of its end.
async fn notice(turns: &Turns, app: &App, progress: Progress, untold: &mut BTreeSet<UserId>) {
    for served in &app.accounts {
        let account = served.account.user;
        let noticed = match progress {
            Progress::Ordered { job, span } => {
                let ordered = Notice::ReplayOrdered { job, from: span.from, until: span.to };
                let noticed = turns.notice(account, |_| vec![ordered.clone()]).await;
                if noticed.as_ref().is_ok_and(|standing| !standing.waits_for(job)) {
                    untold.insert(account);
                }
                noticed
            }
            Progress::Ended { job, complete } if untold.remove(&account) => {
                turns.notice(account, |_| vec![Notice::ReplayEnded { job, complete }]).await
            }
            Progress::Ended { .. } | Progress::Busy { .. } | Progress::Unfollowed { .. } => continue,
        };
        if let Err(error) = noticed {
            tracing::error!(%account, %error, "it is not written down how far a replay is");
        }
    }
}

/// What X would refuse, in words for a form.
fn plainly(error: Unreplayable) -> String {
    match error {
        Unreplayable::Empty => "The span is empty: let it begin before it ends, by a minute at least.".to_owned(),
        Unreplayable::TooOld(hours) => format!("X keeps events for {hours} hours only: let the span begin later."),
        Unreplayable::TooYoung => "X replays only what began 31 minutes ago or earlier: let the span begin earlier, or wait.".to_owned(),
        Unreplayable::NotOver => "X replays only what ended 10 minutes ago or earlier: let the span end earlier, or wait.".to_owned(),
        Unreplayable::Lacking => "This interface of X has no replay.".to_owned(),
    }
}

/// A time as a form has it.
fn field(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default().strftime("%Y-%m-%dT%H:%M").to_string()
}
