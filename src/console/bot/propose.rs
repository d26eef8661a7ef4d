//! What nothing took, and the line of script by which it would be.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use maud::{Markup, html};
use serde::Deserialize;

use super::Seen;
use crate::bot::{Amendment, Pattern, Reach, RuleIx, Taker, amend, compile};
use crate::console::access::{Asked, Refusal, Visitor};
use crate::console::frame::{Place, mark, theirs, time};
use crate::console::{Console, frame};

/// Texts that are listed.
const TEXTS: usize = 30;

/// A text, and what is to take it.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    text: String,
    /// `rule N` or `state NAME`; where it is empty, the nearest rule.
    #[serde(default)]
    taker: String,
}

/// What nothing took, the most frequent first.
pub(super) fn unmatched(console: &Console, visitor: &Visitor, seen: &Seen) -> Markup {
    let nearest = |text: &str| seen.program.matcher.nearest(text).map(|rule| seen.program.rule(rule).name.clone());
    console.ledger.figures(seen.account, |figures| {
        let texts = figures.unmatched.ranked(TEXTS);
        html! {
            h2 { "Not understood" }
            @if texts.is_empty() {
                p.empty { "Everything was understood so far." }
            } @else if !visitor.0.texts {
                p.empty { "What people write is not shown to you." }
            } @else {
                div.wide tabindex="0" role="region" aria-label="What was not understood" {
                    table {
                        thead { tr {
                            th scope="col" { "What they wrote" }
                            th.number scope="col" { "Times" }
                            th scope="col" { "Last" }
                            th scope="col" { "Nearest rule" }
                            th scope="col" { "A rule for it" }
                        } }
                        tbody { @for text in texts {
                            tr {
                                td { a href={ "/conversation/" (text.example.account) "/" (text.example.peer) } { (theirs(&text.text)) } }
                                td.number { (text.count) }
                                td { (time(text.last)) }
                                td { @if let Some(rule) = nearest(&text.text) { code { (rule) } } @else { "–" } }
                                td {
                                    form method="post" action={ (seen.path()) "/propose" } {
                                        (mark(visitor))
                                        input type="hidden" name="text" value=(text.text);
                                        button.quiet { "Propose" }
                                    }
                                }
                            }
                        } }
                    }
                }
            }
        }
    })
}

/// The proposal for a text. The text comes in a form, since addresses stand in other people's logs.
pub(super) async fn show(console: Data<Console>, account: Path<String>, asked: Asked<Wanted>) -> Result<HttpResponse, Refusal> {
    let Asked { visitor, fields: wanted } = asked;
    if !visitor.0.texts {
        return Err(Refusal::Unreadable("what people write is not shown to you".to_owned()));
    }
    let seen = Seen::of(&console, &account)?;
    let taker = wanted.taker(&seen);
    let sources = console.scripts.get(&seen.account).ok_or_else(|| Refusal::Missing("the files of this bot".to_owned()))?;
    let proposal = taker.as_ref().and_then(|taker| amend(sources, taker, &wanted.text));
    let content = html! {
        nav.crumbs aria-label="Where this is" { a href=(seen.path()) { (seen.program.name) } }
        h1 { "A rule for “" (theirs(&wanted.text)) "”" }
        (form(&visitor, &seen, &wanted, taker.as_ref()))
        @match (&taker, proposal) {
            (None, _) => p { "Nothing comes near it. Choose what shall take it." },
            (Some(_), None) => p.wrong { "There is no word in it that a rule could take." },
            (Some(_), Some(proposal)) => (propose(&proposal, &wanted.text)),
        }
    };
    Ok(frame::page(&visitor, Place::Bot, "A rule", &content))
}

fn form(visitor: &Visitor, seen: &Seen, wanted: &Wanted, taker: Option<&Taker>) -> Markup {
    let program = &seen.program;
    // A rule for an event takes no words.
    let takes_words = |rule: &RuleIx| !matches!(program.rule(*rule).patterns.first(), None | Some(Pattern::Event(_)));
    let rules = (0..program.rules.len()).map(RuleIx).filter(takes_words);
    html! {
        form.filter method="post" action={ (seen.path()) "/propose" } {
            (mark(visitor))
            input type="hidden" name="text" value=(wanted.text);
            label { "What shall take it" select name="taker" {
                @if taker.is_none() { option value="" selected { "Choose …" } }
                optgroup label="A rule that is there" {
                    @for rule in rules {
                        option value={ "rule " (rule.0) } selected[taker == Some(&Taker::Rule(rule))] { (program.rule(rule).name) }
                    }
                }
                optgroup label="A new rule that leads to" {
                    @for state in &program.states {
                        option value={ "state " (state.name) } selected[taker == Some(&Taker::State(state.name.clone()))] { (state.name) }
                    }
                }
            } }
            button { "Show" }
        }
    }
}

fn propose(proposal: &Amendment, text: &str) -> Markup {
    let Amendment { file, line, old, new, sources } = proposal;
    let checked = compile(sources);
    let (found, program) = match &checked {
        Ok(compiled) => (&compiled.warnings, Some(&compiled.program)),
        Err(found) => (found, None),
    };
    // Another rule may be more specific, or come before it.
    let takes = program.is_some_and(|program| program.matcher.find(text, None, Reach::All).is_some());
    html! {
        h2 { (file) ", line " (line) }
        @if let Some(old) = old { p { "There is:" } pre { (old) } p { "Put in its place:" } } @else { p { "Add at the end:" } }
        pre #proposal { (new) }
        p { button.quiet type="button" data-copy="proposal" { "Copy" } }
        h2 { "What junco check says of it" }
        @if found.is_empty() { p.right { "Nothing: the script is good with it." } } @else {
            @for finding in found { pre { (finding.render(sources, false)) } }
        }
        @if program.is_some() && !takes { p.note { "It is taken only in certain states, since the rule holds only there." } }
    }
}

impl Wanted {
    fn taker(&self, seen: &Seen) -> Option<Taker> {
        let program = &seen.program;
        match self.taker.split_once(' ') {
            Some(("rule", rule)) => rule.parse().ok().filter(|rule| *rule < program.rules.len()).map(|rule| Taker::Rule(RuleIx(rule))),
            Some(("state", name)) => program.state_named(name).map(|state| Taker::State(program.state(state).name.clone())),
            _ => program.matcher.nearest(&self.text).map(Taker::Rule),
        }
    }
}
