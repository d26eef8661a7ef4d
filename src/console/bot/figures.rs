//! How people fare: messages over time, states, times to answer, late taps, rules.

use maud::{Markup, html};

use super::chart::{Bar, bars};
use super::{Seen, crowds};
use crate::bot::{Late, Rule};
use crate::console::Console;
use crate::console::ledger::{Figures, SPANS};
use crate::conversation::Lateness;
use crate::model::Timestamp;

/// Rows of a table; the rest is only counted.
const ROWS: usize = 60;

/// Days and hours that the charts of messages reach back.
const DAYS: i64 = 30;
const HOURS: i64 = 48;

const CLASSES: [(Lateness, &str, &str); 7] = [
    (Lateness::Current, "current", "the open prompt"),
    (Lateness::Early, "early", "before X confirmed the message"),
    (Lateness::Superseded, "superseded", "a newer prompt was asked since"),
    (Lateness::Consumed, "consumed", "answered before"),
    (Lateness::Expired, "expired", "older than its ttl"),
    (Lateness::Retired, "retired", "gone from the script"),
    (Lateness::Foreign, "foreign", "not ours"),
];

const POLICIES: [(Option<Late>, &str); 7] = [
    (None, "none needed"),
    (Some(Late::Follow), "follow"),
    (Some(Late::Rewind), "rewind"),
    (Some(Late::Apply), "apply"),
    (Some(Late::Ask), "ask"),
    (Some(Late::Reject), "reject"),
    (Some(Late::Ignore), "ignore"),
];

/// All figures of an account.
pub(super) fn show(console: &Console, seen: &Seen) -> Markup {
    let now = console.clock.now();
    let states = states(console, seen);
    console.ledger.figures(seen.account, |figures| {
        html! {
            @if !console.ledger.is_whole() { p.note { "The journal is still being read; figures grow for a moment." } }
            h2 { "Messages" }
            (messages(figures, now))
            h2 { "States" }
            (states)
            h2 { "Time to answer" }
            (times(figures))
            h2 { "Taps" }
            (taps(figures))
            h2 { "Rules" }
            (rules(figures, &seen.program.rules))
        }
    })
}

fn messages(figures: &Figures, now: Timestamp) -> Markup {
    let hour = now.as_seconds().div_euclid(3_600);
    let day = hour.div_euclid(24);
    let count = |hours: std::ops::Range<i64>| figures.heard.range(hours).map(|(_, count)| u64::from(*count)).sum::<u64>();
    let days: Vec<Bar> = (day - DAYS + 1..=day).map(|day| (told(day * 24, "%Y-%m-%d"), count(day * 24..day * 24 + 24))).collect();
    let hours: Vec<Bar> = (hour - HOURS + 1..=hour).map(|hour| (told(hour, "%Y-%m-%d %H:00 UTC"), count(hour..hour + 1))).collect();
    let most = |bars: &[Bar]| bars.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let (in_days, in_hours): (u64, u64) = (days.iter().map(|(_, count)| count).sum(), hours.iter().map(|(_, count)| count).sum());
    html! {
        p { (figures.heard_in_all()) " from people, " (figures.sent) " sent." }
        div.charts {
            figure {
                (bars(&days, 480, 80, &format!("{in_days} messages in {DAYS} days, at most {} on a day", most(&days))))
                figcaption { (in_days) " in " (DAYS) " days, at most " (most(&days)) " on one (UTC)" }
            }
            figure {
                (bars(&hours, 480, 80, &format!("{in_hours} messages in {HOURS} hours, at most {} in an hour", most(&hours))))
                figcaption { (in_hours) " in " (HOURS) " hours, at most " (most(&hours)) " in one" }
            }
        }
    }
}

fn told(hour: i64, format: &str) -> String {
    jiff::Timestamp::from_second(hour * 3_600).unwrap_or_default().strftime(format).to_string()
}

fn states(console: &Console, seen: &Seen) -> Markup {
    html! {
        p.soft { "Quiet are those who have been in a state for a day without a word: the state in which they gave up, or were content." }
        div.wide tabindex="0" role="region" aria-label="States" {
            table {
                thead { tr { th scope="col" { "State" } @for name in ["Here now", "Quiet", "Entered", "Drop-off"] { th.number scope="col" { (name) } } } }
                tbody {
                    @for (name, crowd) in crowds(console, seen) {
                        tr {
                            th scope="row" { a href={ "/?" (query(seen, &name)) } { (name) } }
                            td.number { (crowd.here) }
                            td.number { (crowd.quiet) }
                            td.number { (crowd.entered) }
                            td.number { (share(crowd.quiet, crowd.entered)) }
                        }
                    }
                }
            }
        }
    }
}

/// The conversations in a state.
fn query(seen: &Seen, state: &str) -> String {
    let account = seen.account.to_string();
    url::form_urlencoded::Serializer::new(String::new()).append_pair("account", &account).append_pair("state", state).finish()
}

fn share(part: u64, whole: u64) -> String {
    // Some came in before figures begin.
    (100 * part).checked_div(whole).map_or_else(|| "–".to_owned(), |share| format!("{} %", share.min(100)))
}

fn times(figures: &Figures) -> Markup {
    if figures.asked.is_empty() {
        return html! { p.empty { "Nothing was asked yet." } };
    }
    html! {
        div.wide tabindex="0" role="region" aria-label="Time to answer" {
            table {
                thead { tr {
                    th scope="col" { "Prompt" }
                    th.number scope="col" { "Asked" }
                    th.number scope="col" { "Answered" }
                    th scope="col" { "Half within" }
                    th scope="col" { "How long it took" }
                } }
                tbody {
                    @for (prompt, asked) in figures.asked.iter().take(ROWS) {
                        @let spans = figures.answered_in.get(prompt).copied().unwrap_or_default();
                        @let answered: u32 = spans.iter().sum();
                        tr {
                            th scope="row" { (prompt) }
                            td.number { (asked) }
                            td.number { (answered) }
                            td { (half(&spans)) }
                            td { @if answered > 0 { (histogram(&spans)) } }
                        }
                    }
                }
            }
        }
        @if let Some(more) = figures.asked.len().checked_sub(ROWS).filter(|more| *more > 0) { p.soft { "And " (more) " prompts more." } }
    }
}

fn histogram(spans: &[u32]) -> Markup {
    let named: Vec<Bar> = spans.iter().enumerate().map(|(ix, count)| (span(ix), u64::from(*count))).collect();
    let told: Vec<String> = named.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name}: {count}")).collect();
    bars(&named, 144, 28, &told.join(", "))
}

/// The span within which half of the answers came.
fn half(spans: &[u32]) -> String {
    let all: u32 = spans.iter().sum();
    let mut seen = 0;
    let middle = spans.iter().position(|count| {
        seen += count;
        all > 0 && 2 * seen >= all
    });
    middle.map(span).unwrap_or_else(|| "–".to_owned())
}

fn span(ix: usize) -> String {
    let told = |seconds: u64| match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    };
    SPANS.get(ix).map_or_else(|| "longer".to_owned(), |seconds| told(*seconds))
}

fn taps(figures: &Figures) -> Markup {
    if figures.lateness.is_empty() {
        return html! { p.empty { "Nobody has tapped yet." } };
    }
    let used: Vec<_> = POLICIES.into_iter().filter(|(policy, _)| figures.lateness.keys().any(|(_, known)| known == policy)).collect();
    html! {
        div.wide tabindex="0" role="region" aria-label="Taps by lateness and policy" {
            table {
                thead { tr { th scope="col" { "Lateness" } @for (_, name) in &used { th.number scope="col" { (name) } } } }
                tbody {
                    @for (class, name, what) in CLASSES {
                        tr {
                            th scope="row" { (name) " " small { (what) } }
                            @for (policy, _) in &used { td.number { (figures.lateness.get(&(class, *policy)).copied().unwrap_or_default()) } }
                        }
                    }
                }
            }
        }
    }
}

fn rules(figures: &Figures, rules: &[Rule]) -> Markup {
    let mut used: Vec<(&str, u32)> =
        rules.iter().map(|rule| (rule.name.as_str(), figures.rules.get(&rule.name).copied().unwrap_or_default())).collect();
    used.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    used.dedup();
    let never = used.iter().filter(|(_, count)| *count == 0).count();
    html! {
        @if used.is_empty() { p.empty { "The script has no rules." } } @else {
            p.soft { (used.len()) " rules, " (never) " of them never used." }
            div.wide tabindex="0" role="region" aria-label="Rules by use" {
                table {
                    thead { tr { th scope="col" { "Rule" } th.number scope="col" { "Used" } } }
                    tbody { @for (name, count) in used.iter().take(ROWS) { tr { th scope="row" { code { (name) } } td.number { (count) } } } }
                }
            }
        }
    }
}
