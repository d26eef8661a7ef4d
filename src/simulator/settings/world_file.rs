//! A world in a file: people, apps, tokens and rules as JSON, for worlds that are not the default one.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::Deserialize;
use serde_json::Value;

use super::super::error::Error;
use super::{App, Permission, Person, Settings, Token};
use crate::model::{AppId, UserId};

/// What a file may hold; what it leaves out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    #[serde(default)]
    people: Option<Vec<PersonEntry>>,
    #[serde(default)]
    apps: Option<Vec<AppEntry>>,
    #[serde(default)]
    tokens: Option<Vec<TokenEntry>>,
    #[serde(default)]
    rules: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonEntry {
    id: String,
    screen_name: String,
    name: String,
    #[serde(default)]
    open_dms: Option<bool>,
    #[serde(default)]
    follows: Vec<String>,
    #[serde(default)]
    blocks: Vec<String>,
    #[serde(default)]
    mutes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppEntry {
    id: String,
    name: String,
    owner: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    consumer_key: Option<String>,
    #[serde(default)]
    consumer_secret: Option<String>,
    #[serde(default)]
    permission: Option<Permission>,
    #[serde(default)]
    callbacks: Option<Vec<String>>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenEntry {
    user: String,
    app: String,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    permission: Option<Permission>,
}

impl Settings {
    /// These settings with the world that `text` describes, a JSON object of `people`, `apps`, `tokens` and `rules`; ids are strings, and
    /// wherever a person is meant `@screen_name` will do.
    pub fn with_world(mut self, text: &str) -> Result<Self, Error> {
        let file: WorldFile = serde_json::from_str(text).map_err(|error| Error::World(error.to_string()))?;
        if let Some(people) = file.people {
            self.people = people.iter().map(|entry| person(entry, &people)).collect::<Result<_, _>>()?;
        }
        if let Some(apps) = file.apps {
            self.apps = apps.into_iter().map(|entry| app(entry, &self.people)).collect::<Result<_, _>>()?;
        }
        if let Some(tokens) = file.tokens {
            self.tokens = tokens.into_iter().map(|entry| token(entry, &self.people)).collect::<Result<_, _>>()?;
        }
        if let Some(rules) = file.rules {
            self.rules = self.rules.changed(&rules)?;
        }
        Ok(self)
    }
}

fn person(entry: &PersonEntry, all: &[PersonEntry]) -> Result<Person, Error> {
    let named = |who: &String| {
        let known = all.iter().find(|other| who.strip_prefix('@') == Some(&other.screen_name));
        parsed::<UserId>(known.map_or(who, |other| &other.id))
    };
    let ids = |names: &[String]| names.iter().map(named).collect::<Result<BTreeSet<_>, _>>();
    let id: UserId = parsed(&entry.id)?;
    Ok(Person {
        open_dms: entry.open_dms.unwrap_or(true),
        follows: ids(&entry.follows)?,
        blocks: ids(&entry.blocks)?,
        mutes: ids(&entry.mutes)?,
        ..Person::new(id.0, &entry.screen_name, &entry.name)
    })
}

fn app(entry: AppEntry, people: &[Person]) -> Result<App, Error> {
    let usual = App::new(parsed::<AppId>(&entry.id)?, &entry.name, user(&entry.owner, people)?);
    Ok(App {
        url: entry.url.unwrap_or(usual.url),
        consumer_key: entry.consumer_key.unwrap_or(usual.consumer_key),
        consumer_secret: entry.consumer_secret.unwrap_or(usual.consumer_secret),
        permission: entry.permission.unwrap_or(usual.permission),
        callbacks: entry.callbacks.or(usual.callbacks),
        client_id: entry.client_id.unwrap_or(usual.client_id),
        client_secret: entry.client_secret.or(usual.client_secret),
        ..usual
    })
}

fn token(entry: TokenEntry, people: &[Person]) -> Result<Token, Error> {
    let usual = Token::for_user(user(&entry.user, people)?, parsed(&entry.app)?);
    Ok(Token {
        token: entry.token.unwrap_or(usual.token),
        secret: entry.secret.unwrap_or(usual.secret),
        permission: entry.permission.unwrap_or(usual.permission),
        ..usual
    })
}

fn user(who: &str, people: &[Person]) -> Result<UserId, Error> {
    let known = people.iter().find(|person| who.strip_prefix('@') == Some(&person.screen_name));
    known.map_or_else(|| parsed(who), |person| Ok(person.id))
}

fn parsed<T: std::str::FromStr<Err: Display>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|error| Error::World(format!("{error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_replaces_what_it_names() {
        let text = r#"{
            "people": [
                { "id": "7", "screen_name": "shop", "name": "The shop" },
                { "id": "8", "screen_name": "eve", "name": "Eve", "open_dms": false, "follows": ["@shop"], "blocks": ["9"] }
            ],
            "apps": [{ "id": "5", "name": "shop-bot", "owner": "@shop", "consumer_key": "k", "permission": "read_write", "callbacks": [] }],
            "tokens": [{ "user": "@shop", "app": "5", "token": "7-t" }],
            "rules": { "strict_urls": true }
        }"#;
        let settings = Settings::default().with_world(text).expect("a world");
        let eve = &settings.people[1];
        assert_eq!((eve.open_dms, eve.follows.contains(&UserId(7)), eve.blocks.contains(&UserId(9))), (false, true, true));
        let app = &settings.apps[0];
        assert_eq!((app.owner, app.consumer_key.as_str(), app.permission), (UserId(7), "k", Permission::ReadWrite));
        assert_eq!((app.callbacks.as_deref(), app.consumer_secret.as_str()), (Some(&[][..]), "shop-bot-consumer-secret"));
        assert_eq!((settings.tokens[0].token.as_str(), settings.tokens[0].secret.as_str()), ("7-t", "7-sim-token-secret"));
        assert!(settings.rules.strict_urls);
        assert_eq!(Settings::default().with_world("{}").expect("a world").people, Settings::default().people);
    }

    #[test]
    fn a_file_that_makes_no_sense_is_told_so() {
        for (text, part) in [
            ("{", "EOF"),
            (r#"{ "poeple": [] }"#, "unknown field `poeple`"),
            (r#"{ "apps": [{ "id": "5", "name": "a", "owner": "@nobody" }] }"#, "@nobody"),
            (r#"{ "rules": { "answer_limit": "soon" } }"#, "`soon` is no span"),
        ] {
            let error = Settings::default().with_world(text).expect_err("no world").to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
