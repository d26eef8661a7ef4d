//! Switches for what goes wrong, buttons for what is done once, and the levers of whoever started the simulator.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use maud::{Markup, html};

use super::super::stage::{Order, Stage};
use super::super::world::{Copies, Failure, Fault, FaultKind, Outcome};
use super::part as as_part;

/// How long a swap waits for its second message.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What can go wrong for as long as its switch is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    Duplicate,
    Delay,
    LoseAnswer,
    RateLimit,
    Outage,
}

impl Switch {
    const ALL: [Switch; 5] = [Switch::Duplicate, Switch::Delay, Switch::LoseAnswer, Switch::RateLimit, Switch::Outage];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|switch| switch.name() == name)
    }

    /// Its name, and its fault's.
    fn name(self) -> &'static str {
        match self {
            Switch::Duplicate => "duplicate",
            Switch::Delay => "delay",
            Switch::LoseAnswer => "lose_answer",
            Switch::RateLimit => "refuse",
            Switch::Outage => "outage",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Switch::Duplicate => "Deliver twice",
            Switch::Delay => "Deliver 3 s late",
            Switch::LoseAnswer => "Drop the answer to sends",
            Switch::RateLimit => "Refuse sends with 429",
            Switch::Outage => "Webhook down",
        }
    }

    fn kind(self) -> FaultKind {
        match self {
            Switch::Duplicate => FaultKind::Duplicate { copies: 2 },
            Switch::Delay => FaultKind::Delay { millis: 3_000 },
            Switch::LoseAnswer => FaultKind::LoseAnswer { with: Failure::Close },
            Switch::RateLimit => FaultKind::Refuse { with: Failure::RateLimited { seconds: 10 } },
            Switch::Outage => FaultKind::Outage,
        }
    }

    pub(super) fn turn(self, stage: &Stage, on: bool) {
        // Never twice: what is turned off then is off.
        stage.clear_faults_of(self.name());
        if on {
            stage.fault(Fault { kind: self.kind(), of: Copies::All, times: None });
        }
    }
}

/// How everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Which switches are on, and how often each has struck.
    on: Vec<(Switch, u32)>,
    swapping: bool,
    held: usize,
    /// Each webhook's address, and whether it is valid.
    webhooks: Vec<(String, bool)>,
    levers: Vec<(&'static str, &'static str)>,
}

impl Standing {
    pub(super) fn of(stage: &Stage) -> Self {
        let faults = stage.faults();
        let lasting = |kind: &FaultKind| faults.iter().find(|count| count.fault.kind == *kind && count.fault.times.is_none());
        Standing {
            on: Switch::ALL.into_iter().filter_map(|switch| Some((switch, lasting(&switch.kind())?.struck))).collect(),
            swapping: lasting(&FaultKind::Hold).is_some(),
            held: stage.held().len(),
            webhooks: stage.webhooks().into_iter().map(|hook| (hook.url, hook.valid)).collect(),
            levers: stage.levers().iter().map(|lever| (lever.name(), lever.label())).collect(),
        }
    }

    pub(super) fn show(&self, back: &str) -> Markup {
        html! {
            div.row {
                @for switch in Switch::ALL { (self.switch(switch, back)) }
            }
            div.row {
                (once("swap", if self.swapping { "Waiting for two to swap" } else { "Swap the next two messages" }, self.swapping, back))
                @if self.held > 0 { (once("release", &format!("Release what is held ({})", self.held), false, back)) }
                (once("redeliver", "Deliver everything again", false, back))
                (once("check", "Challenge the webhook", self.webhooks.is_empty(), back))
                @for (name, label) in &self.levers {
                    form method="post" action="/phone/lever" {
                        (hidden("back", back))
                        button.quiet id=(format!("lever-{name}")) name="lever" value=(name) { (label) }
                    }
                }
            }
            @for (url, valid) in &self.webhooks {
                p.hook { "Webhook " code { (url) } @if !valid { " " strong.bad { "invalid: it gets nothing until it is validated again" } } }
            }
            @if self.webhooks.is_empty() { p.hook { "No webhook is registered: nobody hears what is said." } }
        }
    }

    fn switch(&self, switch: Switch, back: &str) -> Markup {
        let struck = self.on.iter().find(|(on, _)| *on == switch).map(|(_, struck)| *struck);
        html! {
            form method="post" action="/phone/switch" {
                (hidden("back", back))
                (hidden("switch", switch.name()))
                button.switch id=(format!("switch-{}", switch.name())) name="on" value=(struck.is_none()) aria-pressed=(struck.is_some()) {
                    (switch.label())
                    @if let Some(struck) = struck { small { " " (struck) "×" } }
                }
            }
        }
    }
}

fn once(name: &str, label: &str, disabled: bool, back: &str) -> Markup {
    html! {
        form method="post" action="/phone/once" {
            (hidden("back", back))
            button.quiet id=(format!("once-{name}")) name="once" value=(name) disabled[disabled] { (label) }
        }
    }
}

fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// How everything stands, for the script.
pub(super) async fn part(stage: Data<Stage>) -> HttpResponse {
    as_part(&Standing::of(&stage).show("/phone"))
}

/// Holds what is delivered until there are two messages, and lets the later one go first.
pub(super) fn swap(stage: &Stage) {
    let before: Vec<u64> = stage.held();
    stage.clear_faults_of("hold");
    stage.fault(Fault { kind: FaultKind::Hold, of: Copies::Inbound, times: None });
    let stage = stage.clone();
    actix_web::rt::spawn(async move {
        let two = stage.wait_for(PATIENCE, |stage| held_messages(stage, &before)).await;
        if two.is_some_and(|messages| messages >= 2) {
            stage.clear_faults_of("hold");
            let mut held: Vec<u64> = stage.held().into_iter().filter(|number| !before.contains(number)).collect();
            held.reverse();
            stage.release(Order::Chosen(held)).await;
        }
    });
}

/// How many messages are held, once they are two or nothing is held any more.
fn held_messages(stage: &Stage, before: &[u64]) -> Option<usize> {
    // Looked at first: what was held until then is counted below.
    let goes_on = stage.faults().iter().any(|count| count.fault.kind == FaultKind::Hold && count.fault.times.is_none());
    let deliveries = stage.deliveries();
    let held = deliveries.iter().filter(|delivery| delivery.outcome == Outcome::Held && delivery.message.is_some());
    let messages = held.filter(|delivery| !before.contains(&delivery.number)).count();
    (messages >= 2 || !goes_on).then_some(messages)
}
