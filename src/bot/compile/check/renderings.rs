//! Texts of options and links for every answer that is known beforehand, against the limits of the platform (contract §5).

use std::collections::{BTreeMap, BTreeSet};

use super::Places;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Body, Op, Program, PromptIx, PromptKind};
use crate::bot::scope::Scope;
use crate::bot::syntax::Findings;
use crate::bot::template::{Template, base};

/// Most renderings of one text that are tried.
const RENDERINGS: usize = 1_000;
/// Most links under one message.
const LINKS: usize = 3;

/// What a text must not become.
#[derive(Clone, Copy)]
enum Kind {
    Label,
    Description,
    Address,
}

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let known = known(program);
    let look = |template: &Template, kind, at: &Place| look(program, &known, template, kind, at, found);
    for (prompt, (_, options_at)) in program.prompts.iter().zip(&places.notes.prompts) {
        for (option, at) in prompt.options.iter().zip(options_at) {
            look(&option.label, Kind::Label, at);
            option.description.iter().for_each(|text| look(text, Kind::Description, at));
        }
    }
    for (site, at) in &places.notes.steps {
        if let Some(Op::Link { label, url }) = program.steps(site.0).get(site.1) {
            look(label, Kind::Label, at);
            look(url, Kind::Address, at);
        }
    }
    let bodies: BTreeSet<Body> = places.notes.steps.keys().map(|(body, _)| *body).collect();
    bodies.into_iter().for_each(|body| links(program, body, places, found));
}

/// Slots whose answers are known beforehand: rows of a table and values of options.
fn known(program: &Program) -> BTreeMap<&str, Vec<String>> {
    let mut known: BTreeMap<&str, Option<Vec<String>>> = BTreeMap::new();
    for prompt in &program.prompts {
        let PromptKind::Question(question) = &prompt.kind else { continue };
        let table = prompt.from.as_ref().and_then(|from| program.tables.get(&from.table));
        let rows = table.iter().flat_map(|table| &table.rows).map(|row| row.key.clone());
        let values = rows.chain(prompt.options.iter().filter_map(|option| option.value.clone()));
        let place = known.entry(&question.slot).or_insert_with(|| Some(Vec::new()));
        match (&question.answer, place) {
            (crate::bot::program::Answer::Choice, Some(known)) => known.extend(values),
            (_, place) => *place = None,
        }
    }
    known.into_iter().filter_map(|(slot, values)| Some((slot, values?))).collect()
}

/// Renders a text with everything it may read, if that is known, and reports the first that X would refuse.
fn look(program: &Program, known: &BTreeMap<&str, Vec<String>>, template: &Template, kind: Kind, at: &Place, found: &Findings) {
    // What is the same for everybody is looked at where it is read.
    if template.as_literal().is_some() {
        return;
    }
    let reads: BTreeSet<String> = template.reads().iter().map(|path| base(path).to_owned()).collect();
    let mut scopes = vec![(Scope::new(program), String::new())];
    for name in reads.iter().filter(|name| !program.tables.contains_key(*name)) {
        let Some(values) = known.get(name.as_str()).filter(|values| values.len() * scopes.len() <= RENDERINGS) else { return };
        let with = |(scope, told): &(Scope, String), value: &String| {
            let mut scope = scope.clone();
            scope.set_text(name, value);
            (scope, format!("{told}, `{name}` is `{value}`"))
        };
        scopes = scopes.iter().flat_map(|scope| values.iter().map(move |value| with(scope, value))).collect();
    }
    for (scope, told) in scopes {
        let Ok(text) = template.render(&scope) else { continue };
        if let Some(message) = refused(&text, kind) {
            let when = told.strip_prefix(", ").map(|told| format!(" when {told}")).unwrap_or_default();
            found.add(Diagnostic::error("rendering", at, format!("this becomes `{}`{when}: {message}", shortened(&text))));
            return;
        }
    }
}

/// Why X would refuse the text.
fn refused(text: &str, kind: Kind) -> Option<String> {
    let length = limits::length(text);
    let too_long = |limit| (length > limit).then(|| format!("{length} characters, of which X takes at most {limit}"));
    match kind {
        Kind::Label if text.trim().is_empty() => Some("a label needs a text".to_owned()),
        Kind::Label if limits::contains_url(text) => Some("X refuses labels with a link in them".to_owned()),
        Kind::Label => too_long(limits::LABEL),
        Kind::Description => too_long(limits::DESCRIPTION),
        Kind::Address => {
            let good = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            (!good).then(|| "no http or https address".to_owned())
        }
    }
}

fn shortened(text: &str) -> String {
    if limits::length(text) > 60 { format!("{} …", text.chars().take(60).collect::<String>()) } else { text.to_owned() }
}

/// The links that may gather under one message. Steps jump onwards only, so that one look at each is enough.
fn links(program: &Program, body: Body, places: &Places, found: &Findings) {
    let steps = program.steps(body);
    let mut most = vec![0_usize; steps.len() + 1];
    for (ix, op) in steps.iter().enumerate() {
        let count = most[ix];
        let mut lead = |to: usize, count: usize| most[to] = most[to].max(count);
        match op {
            Op::Link { .. } => {
                lead(ix + 1, count + 1);
                if let (true, Some(at)) = (count == LINKS, places.notes.steps.get(&(body, ix))) {
                    let finding = Diagnostic::error("links", at, format!("a message has at most {LINKS} links"));
                    found.add(finding.help("say something with break=#true before this one"));
                }
            }
            Op::Say { breaks: true, .. } | Op::Media(_) => lead(ix + 1, 0),
            Op::Prompt(prompt) => {
                lead(ix + 1, 0);
                no_branch(program, *prompt).into_iter().for_each(|no| lead(no, 0));
            }
            Op::LookUp(lookup) => {
                lead(ix + 1, 0);
                lead(program.lookup(*lookup).fail, 0);
            }
            Op::HandOver(_) => lead(ix + 1, 0),
            Op::JumpUnless { to, .. } => {
                lead(ix + 1, count);
                lead(*to, count);
            }
            Op::Jump { to } => lead(*to, count),
            Op::Goto(_) | Op::End => {}
            _ => lead(ix + 1, count),
        }
    }
}

fn no_branch(program: &Program, prompt: PromptIx) -> Option<usize> {
    match &program.prompt(prompt).kind {
        PromptKind::Confirm(confirm) => Some(confirm.no),
        PromptKind::Menu | PromptKind::Question(_) => None,
    }
}
