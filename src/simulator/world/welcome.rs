//! Welcome messages, which of them is an account's default, and who has one before them (contract §4.2).

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::refusal::Refusal;
use super::World;
use super::messages::Message;
use super::posting::Draft;
use crate::model::{AppId, MessageId, Timestamp, UserId};

/// A welcome message of an account.
pub(in crate::simulator) struct Welcome {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) owner: UserId,
    pub(in crate::simulator) name: Option<String>,
    /// What is shown, as it will stand in the chat.
    pub(in crate::simulator) message: Message,
}

/// Makes a welcome message an account's default.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct WelcomeRule {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) owner: UserId,
    pub(in crate::simulator) welcome: u64,
}

/// All of them.
#[derive(Default)]
pub(in crate::simulator) struct Welcomes {
    all: BTreeMap<u64, Welcome>,
    rules: BTreeMap<u64, WelcomeRule>,
    /// What each person was shown last by each account, until they write to it.
    open: BTreeMap<(UserId, UserId), u64>,
}

impl Welcomes {
    pub(in crate::simulator) fn get(&self, owner: UserId, id: u64) -> Result<&Welcome, Refusal> {
        self.all.get(&id).filter(|welcome| welcome.owner == owner).ok_or_else(Refusal::no_such_page)
    }

    /// An account's welcome messages, newest first.
    pub(in crate::simulator) fn of(&self, owner: UserId) -> impl Iterator<Item = &Welcome> {
        self.all.values().rev().filter(move |welcome| welcome.owner == owner)
    }

    pub(in crate::simulator) fn rule(&self, owner: UserId, id: u64) -> Result<WelcomeRule, Refusal> {
        self.rules.get(&id).filter(|rule| rule.owner == owner).copied().ok_or_else(Refusal::no_such_page)
    }

    /// An account's rules, of which there is one at most unless the newest wins.
    pub(in crate::simulator) fn rules_of(&self, owner: UserId) -> impl Iterator<Item = WelcomeRule> {
        self.rules.values().rev().filter(move |rule| rule.owner == owner).copied()
    }

    /// Forgets a welcome message, and the rule that made it the default.
    pub(in crate::simulator) fn destroy(&mut self, owner: UserId, id: u64) -> Result<(), Refusal> {
        self.get(owner, id)?;
        self.all.remove(&id);
        self.rules.retain(|_, rule| rule.welcome != id);
        Ok(())
    }

    pub(in crate::simulator) fn destroy_rule(&mut self, owner: UserId, id: u64) -> Result<(), Refusal> {
        self.rule(owner, id)?;
        self.rules.remove(&id);
        Ok(())
    }

    /// What `person` had before them when they wrote to `account`: told once.
    pub(super) fn answered(&mut self, person: UserId, account: UserId) -> Option<u64> {
        self.open.remove(&(person, account))
    }
}

impl World {
    /// Takes in a welcome message; its limits are checked.
    pub(in crate::simulator) fn new_welcome(
        &mut self,
        owner: UserId,
        app: AppId,
        name: Option<String>,
        draft: Draft,
        now: Timestamp,
    ) -> Result<u64, Refusal> {
        self.may_welcome(owner)?;
        self.may_show(owner, &draft, now)?;
        let id = self.mint(now);
        let message = self.compose(MessageId(id), owner, owner, draft, app);
        self.welcomes.all.insert(id, Welcome { id, owner, name, message });
        Ok(id)
    }

    /// Replaces what a welcome message says.
    pub(in crate::simulator) fn update_welcome(&mut self, owner: UserId, id: u64, draft: Draft, now: Timestamp) -> Result<(), Refusal> {
        let app = self.welcomes.get(owner, id)?.message.shown.app;
        self.may_show(owner, &draft, now)?;
        let message = self.compose(MessageId(id), owner, owner, draft, app);
        if let Some(welcome) = self.welcomes.all.get_mut(&id) {
            welcome.message = message;
        }
        Ok(())
    }

    /// Makes a welcome message the default.
    pub(in crate::simulator) fn new_welcome_rule(&mut self, owner: UserId, welcome: u64, now: Timestamp) -> Result<WelcomeRule, Refusal> {
        self.may_welcome(owner)?;
        self.welcomes.get(owner, welcome)?;
        if !self.rules.newest_welcome_wins && self.welcomes.rules_of(owner).next().is_some() {
            return Err(Refusal::new(self.rules.body_refusals, 214, "There is already a rule; destroy it first."));
        }
        let rule = WelcomeRule { id: self.mint(now), owner, welcome };
        self.welcomes.rules.insert(rule.id, rule);
        Ok(rule)
    }

    /// Shows a person who opens a chat the welcome message that their link names, else the default one.
    pub(in crate::simulator) fn open_chat(
        &mut self,
        person: UserId,
        account: UserId,
        named: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<MessageId>, Error> {
        let default = || self.welcomes.rules_of(account).next().map(|rule| rule.welcome);
        let Some(id) = named.or_else(default) else { return Ok(None) };
        let mut message = self.welcomes.get(account, id)?.message.clone();
        let shown = MessageId(self.mint(now));
        message.shown.id = shown;
        message.shown.at = shown.minted_at();
        message.shown.to = person;
        message.shown.welcome = Some(id);
        self.messages.insert_shown(message);
        self.welcomes.open.insert((person, account), id);
        Ok(Some(shown))
    }

    fn may_welcome(&self, owner: UserId) -> Result<(), Refusal> {
        match self.people.get(owner) {
            Some(owner) if owner.open_dms => Ok(()),
            _ => Err(Refusal::new(self.rules.body_refusals, 214, "Owner must allow dms from anyone.")),
        }
    }

    /// A welcome message is shown to many: its media must be shared.
    fn may_show(&self, owner: UserId, draft: &Draft, now: Timestamp) -> Result<(), Refusal> {
        match draft.media {
            Some(id) => self.uploads.may_share(owner, id, now),
            None => Ok(()),
        }
    }
}
