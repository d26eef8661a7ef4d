//! Custom profiles: another name and face for a bot's messages (contract §4.3).

use std::collections::BTreeMap;

use super::super::refusal::Refusal;
use super::World;
use crate::model::{Timestamp, UserId};

/// A custom profile of an account.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Profile {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) owner: UserId,
    pub(in crate::simulator) name: String,
    pub(in crate::simulator) avatar: u64,
}

/// All of them.
#[derive(Default)]
pub(in crate::simulator) struct Profiles(BTreeMap<u64, Profile>);

impl Profiles {
    pub(in crate::simulator) fn get(&self, owner: UserId, id: u64) -> Result<&Profile, Refusal> {
        self.0.get(&id).filter(|profile| profile.owner == owner).ok_or_else(Refusal::no_such_page)
    }

    /// An account's profiles, newest first.
    pub(in crate::simulator) fn of(&self, owner: UserId) -> impl Iterator<Item = &Profile> {
        self.0.values().rev().filter(move |profile| profile.owner == owner)
    }

    pub(in crate::simulator) fn destroy(&mut self, owner: UserId, id: u64) -> Result<(), Refusal> {
        self.get(owner, id)?;
        self.0.remove(&id);
        Ok(())
    }
}

impl World {
    /// Takes in a profile, if its picture is the owner's.
    pub(in crate::simulator) fn new_profile(
        &mut self,
        owner: UserId,
        name: String,
        avatar: u64,
        now: Timestamp,
    ) -> Result<Profile, Refusal> {
        if !self.uploads.is_owned(owner, avatar, now) {
            return Err(Refusal::no_such_media());
        }
        let profile = Profile { id: self.mint(now), owner, name, avatar };
        self.profiles.0.insert(profile.id, profile.clone());
        Ok(profile)
    }
}
