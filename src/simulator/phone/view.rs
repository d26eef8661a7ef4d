//! What a page is about: some people, and the account that they chat with. It stands in the address.

use url::form_urlencoded;

use super::super::settings::{Person, Settings};
use super::super::stage::Stage;
use super::Sorry;

/// So many chats stand side by side at most.
const MOST: usize = 8;

/// Asks for chats from their beginning.
const WHOLE: &str = "&whole=yes";

/// Some people and an account.
pub(super) struct View {
    pub(super) people: Vec<Person>,
    pub(super) with: Person,
    /// Whether chats are shown from their beginning, however long they are.
    pub(super) whole: bool,
}

impl View {
    /// What an address asks for. Without `with` it is an account that an app has a token of, as a bot needs; without `people` somebody
    /// who is no such account.
    pub(super) fn read(query: &str, stage: &Stage, settings: &Settings) -> Result<Self, Sorry> {
        let mut asked: Vec<String> = Vec::new();
        let (mut with, mut whole) = (None, false);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "people" => asked.extend(value.split(',').map(str::trim).filter(|who| !who.is_empty()).map(str::to_owned)),
                "whole" => whole = true,
                "with" if !value.is_empty() => with = Some(stage.find(&value)?),
                _ => {}
            }
        }
        let all = stage.people();
        let has_token = |person: &&Person| settings.tokens.iter().any(|token| token.user == person.id);
        let owns = |person: &Person| settings.apps.iter().any(|app| app.owner == person.id);
        let bot = || all.iter().find(|person| has_token(person) && !owns(person)).or_else(|| all.iter().find(has_token)).or(all.first());
        let with = with.or_else(|| bot().cloned()).ok_or(Sorry::Missing("person"))?;
        let mut people: Vec<Person> = Vec::new();
        for who in &asked {
            let person = stage.find(who)?;
            if person.id != with.id && people.iter().all(|known| known.id != person.id) && people.len() < MOST {
                people.push(person);
            }
        }
        if people.is_empty() {
            let others = || all.iter().filter(|person| person.id != with.id);
            let person = others().find(|person| !has_token(person)).or_else(|| others().next());
            people.extend(person.cloned());
        }
        Ok(View { people, with, whole })
    }

    /// The query of an address that shows this.
    pub(super) fn query(&self) -> String {
        let names: Vec<&str> = self.people.iter().map(|person| person.screen_name.as_str()).collect();
        query(&names, &self.with.screen_name)
    }

    /// The address of the page that shows this.
    pub(super) fn address(&self) -> String {
        format!("/phone?{}{}", self.query(), if self.whole { WHOLE } else { "" })
    }

    /// The address of the page that shows the same chats from their beginning.
    pub(super) fn address_whole(&self) -> String {
        format!("/phone?{}{WHOLE}", self.query())
    }

    /// The address of the page that shows somebody more.
    pub(super) fn address_with(&self, screen_name: &str) -> String {
        let known = self.people.iter().map(|person| person.screen_name.as_str());
        let names: Vec<&str> = known.take(MOST - 1).chain([screen_name]).collect();
        format!("/phone?{}", query(&names, &self.with.screen_name))
    }
}

fn query(people: &[&str], with: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("people", &people.join(",")).append_pair("with", with).finish()
}
