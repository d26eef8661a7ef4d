//! The welcome message at X. X itself is the memory: the name of each message of ours tells what is in it, so that an unchanged one is
//! left alone, whoever set it and from wherever, and an old one is known as ours.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::{AccountError, FileError};
use crate::client::{Client, WelcomeMessage, WelcomeRule};
use crate::model::{MediaType, Outgoing, UserId};
use crate::wire::oauth::Credentials;

/// Every welcome message of ours is called so, and then by what is in it.
const NAME: &str = "junco ";

/// The picture or video of a welcome message.
#[derive(Debug, Clone)]
pub struct File {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What they are.
    pub kind: MediaType,
}

impl File {
    /// The picture or video on a message of the bot in that folder, if it has one.
    pub fn on(message: &Outgoing, bot: &Path) -> Result<Option<Self>, AccountError> {
        let Some(name) = &message.media else { return Ok(None) };
        let path = bot.join(name);
        let bytes = std::fs::read(&path).map_err(|source| FileError { path: path.clone(), source })?;
        let kind = MediaType::of(&bytes).ok_or_else(|| AccountError::Odd(format!("{}: nothing that X shows", path.display())))?;
        Ok(Some(File { bytes, kind }))
    }
}

/// Where an account's welcome messages are looked after.
pub struct Desk<'a> {
    /// Calls of X.
    pub api: &'a Client,
    /// Uploads.
    pub upload: &'a Client,
    /// The account.
    pub account: Credentials<'a>,
}

/// What X has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// All welcome messages of the account, others' too.
    pub messages: Vec<WelcomeMessage>,
    /// The rules; one of them makes a message the default.
    pub rules: Vec<WelcomeRule>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the message.
    pub name: String,
    /// The message, where it is there already.
    pub message: Option<u64>,
    /// Whether it is the default already.
    pub is_default: bool,
    /// Rules that point elsewhere; X takes one only.
    pub rules: Vec<u64>,
    /// Older messages of ours.
    pub messages: Vec<u64>,
}

impl Plan {
    /// Whether nothing is to be done.
    pub fn is_done(&self) -> bool {
        self.is_default && self.rules.is_empty() && self.messages.is_empty()
    }
}

impl Standing {
    /// What is to be done so that just this message is the default.
    pub fn plan(&self, message: &Outgoing, file: Option<&File>) -> Plan {
        let name = name(message, file);
        let known = self.messages.iter().find(|known| known.name == name).map(|known| known.id);
        let is_ours = |rule: &&WelcomeRule| Some(rule.welcome_message) == known;
        let ours = self.messages.iter().filter(|other| other.name.starts_with(NAME) && Some(other.id) != known);
        let first = self.rules.iter().find(is_ours).map(|rule| rule.id);
        Plan {
            name,
            message: known,
            is_default: first.is_some(),
            rules: self.rules.iter().map(|rule| rule.id).filter(|rule| Some(*rule) != first).collect(),
            messages: ours.map(|other| other.id).collect(),
        }
    }

    /// Whether a message is the default.
    pub fn is_default(&self, message: u64) -> bool {
        self.rules.iter().any(|rule| rule.welcome_message == message)
    }
}

impl Desk<'_> {
    /// What X has.
    pub async fn standing(&self) -> Result<Standing, AccountError> {
        let messages = self.api.list_welcomes(self.account).await?;
        Ok(Standing { messages, rules: self.api.list_welcome_rules(self.account).await? })
    }

    /// Carries a plan out, and tells the message's id. The new one is there before the old rule goes, and old messages go last: cut short
    /// at any point, the next run ends it.
    pub async fn carry_out(&self, plan: &Plan, message: &Outgoing, file: Option<&File>) -> Result<u64, AccountError> {
        let id = match plan.message {
            Some(id) => id,
            None => {
                let media = match file {
                    Some(file) => Some(self.upload.upload_media(self.account, &file.bytes, file.kind, true).await?.id),
                    None => None,
                };
                self.api.new_welcome(self.account, Some(&plan.name), message, media).await?.id
            }
        };
        for rule in &plan.rules {
            self.api.destroy_welcome_rule(self.account, *rule).await?;
        }
        if !plan.is_default {
            self.api.new_welcome_rule(self.account, id).await?;
        }
        for old in &plan.messages {
            self.api.destroy_welcome(self.account, *old).await?;
        }
        Ok(id)
    }

    /// Takes away what is ours: the messages, and the rules that point to them. Tells the messages.
    pub async fn delete(&self, standing: &Standing) -> Result<Vec<u64>, AccountError> {
        let ours = standing.ours();
        for rule in standing.rules.iter().filter(|rule| ours.contains(&rule.welcome_message)) {
            self.api.destroy_welcome_rule(self.account, rule.id).await?;
        }
        for message in &ours {
            self.api.destroy_welcome(self.account, *message).await?;
        }
        Ok(ours)
    }
}

impl Standing {
    /// The messages that Junco has set.
    pub fn ours(&self) -> Vec<u64> {
        self.messages.iter().filter(|message| message.name.starts_with(NAME)).map(|message| message.id).collect()
    }
}

/// The link that opens a conversation with just this welcome message.
pub fn deep_link(account: UserId, message: u64) -> Url {
    let link = format!("https://twitter.com/messages/compose?recipient_id={account}&welcome_message_id={message}");
    Url::parse(&link).expect("numbers in a constant address")
}

/// A name out of all that the message shows; X takes letters, digits and spaces.
fn name(message: &Outgoing, file: Option<&File>) -> String {
    let mut hash = Sha256::new();
    // Each part with its length, so that no two messages are written alike.
    let mut part = |text: &[u8]| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(message.text.as_bytes());
    for option in &message.options {
        for text in [Some(&option.label), option.description.as_ref(), option.metadata.as_ref()] {
            part(text.map(String::as_bytes).unwrap_or_default());
        }
    }
    for link in &message.links {
        part(link.label.as_bytes());
        part(link.url.as_bytes());
    }
    part(file.map(|file| file.bytes.as_slice()).unwrap_or_default());
    let digest = hash.finalize();
    digest.iter().take(8).fold(NAME.to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::QuickOption;

    fn saying(text: &str) -> Outgoing {
        let option = QuickOption { label: "Go".to_owned(), description: None, metadata: Some("m".to_owned()) };
        Outgoing { text: text.to_owned(), options: vec![option], ..Outgoing::default() }
    }

    fn kept(id: u64, name: &str) -> WelcomeMessage {
        WelcomeMessage { id, name: name.to_owned(), message: Outgoing::default(), media: None, created_at: None, app: None }
    }

    fn rule(id: u64, welcome_message: u64) -> WelcomeRule {
        WelcomeRule { id, welcome_message, created_at: None }
    }

    #[test]
    fn what_is_unchanged_is_left_alone_and_what_is_old_goes() {
        let (old, new) = (name(&saying("old"), None), name(&saying("new"), None));
        let standing = Standing { messages: vec![kept(1, &old), kept(2, "a person's")], rules: vec![rule(9, 1)] };
        assert!(standing.plan(&saying("old"), None).is_done());
        let plan = standing.plan(&saying("new"), None);
        let expected = Plan { name: new.clone(), message: None, is_default: false, rules: vec![9], messages: vec![1] };
        assert_eq!(plan, expected);
        // Cut short behind the new message: it is taken up there.
        let standing = Standing { messages: vec![kept(1, &old), kept(3, &new)], rules: vec![] };
        assert_eq!(standing.plan(&saying("new"), None), Plan { message: Some(3), rules: vec![], ..expected });
        assert_eq!(standing.ours(), [1, 3]);
    }

    #[test]
    fn whatever_shows_makes_another_name() {
        let file = |bytes: &[u8]| File { bytes: bytes.to_vec(), kind: MediaType::Png };
        let mut other = saying("a");
        other.options[0].metadata = Some("n".to_owned());
        let names = [name(&saying("a"), None), name(&saying("b"), None), name(&other, None), name(&saying("a"), Some(&file(b"1")))];
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), 4);
        assert!(names.iter().all(|name| name.len() <= 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')));
    }
}
