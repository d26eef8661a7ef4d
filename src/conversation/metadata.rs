//! The identity of a tap: what Junco writes into the metadata of each option, since X tells nothing else (contract §3.3).
//!
//! Readable, at most a few hundred characters: `j1;report/area;Aspen;5;1a2b3c4d;1767225600123;12345678` says that the option
//! `Aspen` of the prompt `area` in the state `report` was shown in asking 5, by script revision `1a2b3c4d`, in the conversation
//! that began at that time; the last field is a tag of the account and the peer.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::model::{Key, Timestamp};

/// Every metadata of ours begins so; a later form would count up.
const MARK: &str = "j1";

/// What an option's metadata says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The prompt's state.
    pub state: String,
    /// The prompt's name within the state.
    pub prompt: String,
    /// The option's id within the prompt.
    pub option: String,
    /// Which showing of the prompt it was.
    pub asking: AskingRef,
    /// The script's revision.
    pub revision: String,
    /// When the conversation began.
    pub started: Timestamp,
}

/// Which showing of a prompt a tap answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskingRef {
    /// A numbered asking of the conversation.
    Number(u32),
    /// The menu of the welcome message, which X shows before the conversation exists.
    Welcome,
}

impl Metadata {
    /// The text that goes out with the option.
    pub fn write(&self, key: Key) -> String {
        self.showing(key).option(&self.option)
    }

    /// What the options of one showing of a prompt have in common, whichever option this is.
    pub(super) fn showing(&self, key: Key) -> Showing {
        let asking = match self.asking {
            AskingRef::Number(number) => number.to_string(),
            AskingRef::Welcome => "welcome".to_owned(),
        };
        Showing {
            before: format!("{MARK};{}/{};", escape(&self.state), escape(&self.prompt)),
            behind: format!(";{asking};{};{};{}", escape(&self.revision), self.started, tag(shown_to(key, self.asking))),
        }
    }

    /// Reads [`Metadata::write`]'s text; `None` when it is not ours or belongs to another conversation.
    pub fn read(text: &str, key: Key) -> Option<Self> {
        let mut fields = text.split(';');
        if fields.next()? != MARK {
            return None;
        }
        let (state, prompt) = fields.next()?.split_once('/')?;
        let option = fields.next()?;
        let asking = match fields.next()? {
            "welcome" => AskingRef::Welcome,
            number => AskingRef::Number(number.parse().ok()?),
        };
        let revision = fields.next()?;
        let started = Timestamp::from_millis(fields.next()?.parse().ok()?);
        if fields.next()? != tag(shown_to(key, asking)) || fields.next().is_some() {
            return None;
        }
        let (state, prompt, option, revision) = (unescape(state)?, unescape(prompt)?, unescape(option)?, unescape(revision)?);
        Some(Metadata { state, prompt, option, asking, revision, started })
    }
}

/// The metadata of all options of one showing of a prompt, but for the option's id.
pub(super) struct Showing {
    before: String,
    behind: String,
}

impl Showing {
    /// The text that goes out with an option.
    pub(super) fn option(&self, id: &str) -> String {
        [&*self.before, &*escape(id), &*self.behind].concat()
    }
}

/// Whom a showing is for: one person, or, with the welcome message, whoever opens a conversation with the account.
fn shown_to(key: Key, asking: AskingRef) -> Key {
    match asking {
        AskingRef::Number(_) => key,
        AskingRef::Welcome => Key::of_account(key.account),
    }
}

/// Eight digits that another conversation's metadata does not have but by chance.
fn tag(key: Key) -> String {
    let digest = Sha256::digest(format!("{}:{}", key.account, key.peer));
    let number = digest.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{:08}", number % 100_000_000)
}

/// Keeps the separators out of names; everything else stays readable.
fn escape(name: &str) -> Cow<'_, str> {
    if !name.contains(['%', ';', '/']) {
        return Cow::Borrowed(name);
    }
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '%' => escaped.push_str("%25"),
            ';' => escaped.push_str("%3B"),
            '/' => escaped.push_str("%2F"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

fn unescape(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('%') {
        name.push_str(plain);
        name.push(match escaped.get(..2)? {
            "25" => '%',
            "3B" => ';',
            "2F" => '/',
            _ => return None,
        });
        rest = &escaped[2..];
    }
    name.push_str(rest);
    Some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::UserId;

    fn key() -> Key {
        Key::new(UserId(906_948_460_078_698_496), UserId(1_900_000_000_000_000_007))
    }

    fn sample(option: &str) -> Metadata {
        Metadata {
            state: "report".into(),
            prompt: "area".into(),
            option: option.into(),
            asking: AskingRef::Number(5),
            revision: "1a2b3c4d".into(),
            started: Timestamp::from_millis(1_767_225_600_123),
        }
    }

    #[test]
    fn it_can_be_read_by_a_person() {
        assert_eq!(sample("Aspen").write(key()), format!("j1;report/area;Aspen;5;1a2b3c4d;1767225600123;{}", tag(key())));
    }

    #[test]
    fn another_conversations_metadata_is_foreign() {
        let other = Key::new(key().peer, key().account);
        assert_eq!(Metadata::read(&sample("Aspen").write(key()), other), None);
        for foreign in ["", "help", "location_choice: Aspen", "j1;;;", "{\"a\":1}", "j1;a/b;%zz;1;r;1;00000000"] {
            assert_eq!(Metadata::read(foreign, key()), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(option in ".*", state in ".*", prompt in ".*") {
            let metadata = Metadata { state, prompt, ..sample(&option) };
            prop_assert_eq!(Metadata::read(&metadata.write(key()), key()), Some(metadata));
        }

        #[test]
        fn any_text_is_read_or_foreign(text in ".*") {
            let _ = Metadata::read(&text, key());
        }
    }
}
