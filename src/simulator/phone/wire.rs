//! The wire: every delivery, challenge and call as it went, newest first, each to be opened.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::stage::Stage;
use super::super::world::wire::{Answer, Body, Exchange, Way};
use super::chat::size;
use super::view::View;
use super::{Sorry, part, time};

/// So many lines are shown; a filter finds older ones.
const MOST: usize = 60;

/// Which exchanges are looked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    way: String,
    #[serde(default)]
    q: String,
}

const WAYS: [(&str, &str); 4] = [("", "Everything"), ("delivery", "Deliveries"), ("call", "Calls"), ("challenge", "Challenges")];

impl Filter {
    fn takes(&self, exchange: &Exchange) -> bool {
        let way = self.way.is_empty() || self.way == name(exchange.way);
        let texts = [exchange.method.as_str(), &exchange.target, status(exchange.answers.last()).0];
        let bodies = std::iter::once(&exchange.body).chain(exchange.answers.iter().map(|answer| &answer.body));
        let bodies = bodies.filter_map(|body| if let Body::Text(text) = body { Some(text.as_str()) } else { None });
        let code = exchange.answers.last().and_then(|answer| answer.status).map(|code| code.to_string()).unwrap_or_default();
        let wanted = self.q.trim().to_lowercase();
        way && (wanted.is_empty() || code == wanted || texts.into_iter().chain(bodies).any(|text| text.to_lowercase().contains(&wanted)))
    }
}

/// The section of the page.
pub(super) fn section(stage: &Stage, view: &View, filter: &Filter) -> Markup {
    let people: Vec<&str> = view.people.iter().map(|person| person.screen_name.as_str()).collect();
    html! {
        section aria-labelledby="wire-name" {
            h2 #wire-name { "Over the wire" }
            form.filter method="get" action="/phone" data-filter="/phone/wire" {
                input type="hidden" name="people" value=(people.join(","));
                input type="hidden" name="with" value=(view.with.screen_name);
                label { "Show" select name="way" {
                    @for (way, label) in WAYS { option value=(way) selected[way == filter.way] { (label) } }
                } }
                label { "with" input type="search" name="q" value=(filter.q) placeholder="text, path, status" autocomplete="off"; }
                button.quiet { "Filter" }
            }
            div #wire data-part="/phone/wire" { (lines(stage, filter)) }
        }
    }
}

/// The list, for the script.
pub(super) async fn list(stage: Data<Stage>, filter: Query<Filter>) -> HttpResponse {
    part(&lines(&stage, &filter))
}

/// One exchange with all that is known of it.
pub(super) async fn one(stage: Data<Stage>, number: Path<u64>) -> Result<HttpResponse, Sorry> {
    let wanted = |exchange: &Exchange| (exchange.number == *number).then(|| whole(exchange));
    stage.wire(wanted, 1).first().map(part).ok_or(Sorry::Missing("exchange: only the newest are kept"))
}

fn lines(stage: &Stage, filter: &Filter) -> Markup {
    let lines = stage.wire(|exchange| filter.takes(exchange).then(|| line(exchange)), MOST);
    html! {
        @if lines.is_empty() { p.empty { "Nothing yet." } }
        @for line in &lines { (line) }
        @if lines.len() == MOST { p.soft { "The newest " (MOST) " of them." } }
    }
}

fn line(exchange: &Exchange) -> Markup {
    let (told, class) = status(exchange.answers.last());
    let latency = exchange.answers.last().map(|answer| format!("{} ms", answer.latency.as_millis()));
    html! {
        details.exchange id=(format!("w{}", exchange.number)) data-more=(format!("/phone/wire/{}", exchange.number)) data-version=(exchange.version) {
            summary {
                span.way { (label(exchange.way)) }
                code.target { (exchange.method) " " (path_of(exchange)) }
                span class=(class) { @match exchange.answers.last().and_then(|answer| answer.status) { Some(code) => { (code) }, None => { (told) } } }
                @if let Some(gist) = gist(exchange) { span.soft { (gist) } }
                @if exchange.answers.len() > 1 { span.soft { (exchange.answers.len()) " attempts" } }
                span.soft { (time(exchange.at)) @if let Some(latency) = latency { ", " (latency) } }
            }
            div.more { a href=(format!("/phone/wire/{}", exchange.number)) { "Headers and bodies" } }
        }
    }
}

/// What a delivery tells, by the first kind of event in it: the addresses of all are the same.
fn gist(exchange: &Exchange) -> Option<&str> {
    let Body::Text(text) = &exchange.body else { return None };
    let kind = text.split('"').find(|word| word.ends_with("_events") || *word == "user_event")?;
    matches!(exchange.way, Way::Delivery(_)).then_some(kind)
}

/// The path, which tells more than the address before it.
fn path_of(exchange: &Exchange) -> &str {
    let bare = exchange.target.split('?').next().unwrap_or_default();
    match exchange.way {
        Way::Call => bare,
        Way::Delivery(_) | Way::Challenge => {
            bare.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(bare)
        }
    }
}

fn whole(exchange: &Exchange) -> Markup {
    html! {
        pre.head tabindex="0" {
            (exchange.method) " " (exchange.target) "\n"
            @for (header, value) in &exchange.proofs { (header) ": " (value) "\n" }
            @if exchange.proofs.is_empty() { "no signature" }
        }
        (body("Body", &exchange.body))
        @if exchange.answers.is_empty() { p { "No answer yet." } }
        @for answer in &exchange.answers {
            @let (told, class) = status(Some(answer));
            p.answer {
                @match answer.status { Some(code) => { span class=(class) { (code) " " (told) } }, None => { span class=(class) { (told) } } }
                " after " (answer.latency.as_millis()) " ms, " (time(answer.at))
            }
            (body("Answer", &answer.body))
        }
    }
}

fn body(what: &str, body: &Body) -> Markup {
    html! {
        @match body {
            Body::Empty => {},
            Body::Text(text) => { pre tabindex="0" aria-label=(what) { (pretty(text)) } },
            Body::Unshown(bytes) => { p.soft { (what) ": " (size(*bytes as u64)) ", not shown" } },
        }
    }
}

/// What an answer comes to, and how it looks.
fn status(answer: Option<&Answer>) -> (&'static str, &'static str) {
    match answer.map(|answer| answer.status) {
        None => ("under way", "mark"),
        Some(None) => ("no answer", "mark bad"),
        Some(Some(code)) => match code {
            200..=299 => ("done", "mark good"),
            429 => ("too many", "mark warm"),
            _ => ("refused", "mark bad"),
        },
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Delivery(_) => "delivery",
        Way::Challenge => "challenge",
        Way::Call => "call",
    }
}

fn label(way: Way) -> &'static str {
    match way {
        Way::Delivery(_) => "X → bot",
        Way::Challenge => "X ? bot",
        Way::Call => "bot → X",
    }
}

/// JSON on lines of its own, member by member in the order in which they came; anything else as it is.
fn pretty(text: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut letters = text
        .chars()
        .filter({
            let (mut quoted, mut escaped) = (false, false);
            move |letter| {
                let keep = quoted || !letter.is_ascii_whitespace();
                step(*letter, &mut quoted, &mut escaped);
                keep
            }
        })
        .peekable();
    while let Some(letter) = letters.next() {
        let inside = quoted;
        step(letter, &mut quoted, &mut escaped);
        match letter {
            _ if inside => shown.push(letter),
            '{' | '[' => {
                shown.push(letter);
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth += 1;
                    new_line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut shown, depth);
                shown.push(letter);
            }
            ',' => {
                shown.push(letter);
                new_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            _ => shown.push(letter),
        }
    }
    shown
}

/// Whether what follows a letter of JSON stands in a text.
fn step(letter: char, quoted: &mut bool, escaped: &mut bool) {
    match letter {
        _ if *escaped => *escaped = false,
        '\\' if *quoted => *escaped = true,
        '"' => *quoted = !*quoted,
        _ => {}
    }
}

fn new_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    // Bodies may nest without end; whoever looks at them has no such wide screen.
    shown.extend(std::iter::repeat_n("  ", depth.min(20)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_stands_on_lines_in_its_own_order() {
        let text = r#"{"b":[1,{}, [] ],"a":{"c : ,":"{\"x\"}"}}"#;
        assert_eq!(pretty(text), "{\n  \"b\": [\n    1,\n    {},\n    []\n  ],\n  \"a\": {\n    \"c : ,\": \"{\\\"x\\\"}\"\n  }\n}");
        assert_eq!(pretty("a=b&c=d"), "a=b&c=d");
    }

    proptest! {
        #[test]
        fn what_is_made_pretty_says_the_same(texts in proptest::collection::vec(any::<String>(), 0..4), depth in 0..40_usize) {
            let value = (0..depth).fold(serde_json::json!({ "texts": texts }), |inner, _| serde_json::json!([inner, "\\\""]));
            let read: serde_json::Value = serde_json::from_str(&pretty(&value.to_string())).unwrap();
            prop_assert_eq!(read, value);
        }
    }
}
