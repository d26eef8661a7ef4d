//! The simulated world: plain data and methods without I/O. Time is an argument, chance has a seed.

mod activity;
mod faults;
mod feeds;
mod files;
mod grants;
mod hooks;
mod keys;
mod limits;
mod log;
mod messages;
mod parcels;
mod people;
mod posting;
mod posts;
mod profiles;
mod replay;
mod sign_in;
mod text;
mod ties;
mod uploads;
mod welcome;
pub(super) mod wire;

use std::time::Duration;

use actix_web::web::Bytes;

pub(super) use activity::{Activity, ActivityKind};
pub use faults::{Copies, Failure, Fault, FaultCount, FaultKind};
pub(super) use faults::{Signing, Trouble};
pub use feeds::{Feed, FeedRecord, FeedRequest};
pub(super) use files::{File, picture};
pub(super) use grants::{Asked, Challenge, Grant, Tokens};
pub use hooks::{Face, Webhook, WebhookId};
pub(super) use hooks::{Proof, SANDBOX_SUBSCRIPTIONS, Unfit};
pub(super) use keys::{CLOCK_WINDOW, Keys};
pub(super) use limits::{Limit, Quota, Who};
pub use log::{ApiCall, Attempt, DeliveryRecord, Outcome, Signal, SignalKind};
pub(super) use messages::Message;
pub use messages::{Choice, Picture, Shown};
pub(super) use parcels::Parcel;
use people::People;
pub(super) use posting::Draft;
pub(super) use posts::Post;
pub(super) use profiles::Profile;
pub(super) use replay::KEPT as REPLAYABLE;
pub(super) use sign_in::RequestToken;
pub(super) use text::{UrlEntity, escape, has_link};
pub use ties::Tie;
pub(super) use uploads::{Announced, Category, Progress, UploadView};
pub(super) use welcome::{Welcome, WelcomeRule};

use super::dice::Dice;
use super::error::Error;
use super::refusal::Refusal;
use super::settings::{App, Rules, Settings};
use crate::model::{AppId, MediaKind, MessageId, Timestamp, UserId};

/// The app that people type into: the web client's id (contract §3.3).
pub(super) const WEB_CLIENT: AppId = AppId(3_033_300);

/// Everything that the platform knows.
pub(super) struct World {
    /// The address of the server, which has the bytes of pictures.
    pub(super) base: String,
    pub(super) rules: Rules,
    pub(super) dice: Dice,
    pub(super) people: People,
    pub(super) keys: Keys,
    pub(super) grants: grants::Grants,
    pub(super) activities: activity::Activities,
    pub(super) hooks: hooks::Hooks,
    pub(super) messages: messages::Messages,
    pub(super) log: log::Log,
    pub(super) wire: wire::Wire,
    pub(super) faults: faults::Faults,
    pub(super) uploads: uploads::Uploads,
    pub(super) feeds: feeds::Feeds,
    pub(super) welcomes: welcome::Welcomes,
    pub(super) profiles: profiles::Profiles,
    pub(super) posts: posts::Posts,
    pub(super) sign_ins: sign_in::SignIns,
    limits: limits::Limits,
    waiting: parcels::Waiting,
    archive: replay::Archive,
    replays: replay::Replays,
    last_id: u64,
}

impl World {
    /// The world as the settings have it, if it can be.
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let people = People::new(&settings.people)?;
        check(&people, settings)?;
        Ok(World {
            base: String::new(),
            rules: settings.rules.clone(),
            dice: Dice::new(settings.seed),
            keys: Keys::new(settings.apps.clone(), settings.tokens.clone()),
            grants: grants::Grants::default(),
            activities: activity::Activities::default(),
            hooks: hooks::Hooks::default(),
            messages: messages::Messages::default(),
            log: log::Log::new(settings.rules.remembered),
            wire: wire::Wire::default(),
            people,
            uploads: uploads::Uploads::default(),
            feeds: feeds::Feeds::default(),
            welcomes: welcome::Welcomes::default(),
            profiles: profiles::Profiles::default(),
            posts: posts::Posts::default(),
            sign_ins: sign_in::SignIns::default(),
            limits: limits::Limits::default(),
            faults: faults::Faults::default(),
            waiting: parcels::Waiting::default(),
            archive: replay::Archive::default(),
            replays: replay::Replays::default(),
            last_id: 0,
        })
    }

    /// A new id: `(ms − epoch) << 22 | seq`, always greater than the last (contract §3.1).
    pub(super) fn mint(&mut self, now: Timestamp) -> u64 {
        self.last_id = MessageId::first_at(now).0.max(self.last_id + 1);
        self.last_id
    }

    /// Goes by other rules from now on.
    pub(super) fn obey(&mut self, rules: Rules) {
        self.log.remember(rules.remembered);
        self.rules = rules;
    }

    /// Puts a picture or video among the uploads.
    pub(super) fn upload(&mut self, owner: UserId, kind: MediaKind, file: Option<Bytes>, now: Timestamp) -> u64 {
        let id = self.mint(now);
        self.uploads.put(id, owner, kind, file, now);
        id
    }

    /// Announces a file that will be uploaded.
    pub(super) fn announce(&mut self, announced: Announced, now: Timestamp) -> Result<UploadView, Refusal> {
        let id = self.mint(now);
        self.uploads.announce(id, announced, now)
    }

    /// Ends an upload; what moves is worked on for `work`.
    pub(super) fn finalize(&mut self, owner: UserId, id: u64, work: Duration, now: Timestamp) -> Result<UploadView, Refusal> {
        let spoilt = self.faults.on_upload();
        self.uploads.finalize(owner, id, work, spoilt, now)
    }

    /// Whether `from` can write to `to` at all (contract §4.1).
    pub(super) fn may_write(&self, from: UserId, to: UserId) -> Result<(), Refusal> {
        let recipient = self.people.get(to).ok_or_else(Refusal::no_such_user)?;
        if recipient.blocks.contains(&from) {
            return Err(Refusal::new(403, 349, "You cannot send messages to this user."));
        }
        let wrote_before = || self.messages.chat(from, to, MessageId(0)).any(|message| message.shown.from == to);
        if recipient.open_dms || recipient.follows.contains(&from) || from == to || wrote_before() {
            return Ok(());
        }
        Err(Refusal::new(403, 150, "You cannot send messages to users who are not following you."))
    }

    /// Whether `draft` may be sent as it is: the media can be attached, the text is not a repetition (contract §4.4, §5).
    pub(super) fn may_send(&self, from: UserId, to: UserId, draft: &Draft, now: Timestamp) -> Result<(), Refusal> {
        if let Some(id) = draft.media {
            self.uploads.may_attach(from, id, now)?;
        }
        if let Some(id) = draft.profile {
            self.profiles.get(from, id)?;
        }
        let last = || self.messages.chat(from, to, MessageId(0)).rev().find(|message| message.shown.from == from);
        if self.rules.refuse_duplicates && last().is_some_and(|last| last.shown.text == draft.text && draft.media.is_none()) {
            return Err(Refusal::unsendable("Whoops! You already said that."));
        }
        Ok(())
    }

    /// Counts a message against the daily limits (contract §4.1).
    pub(super) fn count_send(&mut self, from: UserId, to: UserId, app: AppId, now: Timestamp) -> Result<(), Refusal> {
        let limits = [(Who::User(from), self.rules.user_daily), (Who::App(app), self.rules.app_daily)];
        if self.rules.rate_limits && !self.limits.send(from, to, &limits, now) {
            return Err(Refusal::over_limit());
        }
        Ok(())
    }

    /// Counts a call against several limits, or, where one of them is reached, against none; `None` when limits are off.
    pub(super) fn count_against<const N: usize>(
        &mut self,
        all: [(&'static str, Who, Limit); N],
        now: Timestamp,
    ) -> Result<Option<[Quota; N]>, (usize, Quota)> {
        self.rules.rate_limits.then(|| self.limits.call_all(all, now)).transpose()
    }

    /// Counts a call against its window; `None` when limits are off.
    pub(super) fn count_call(&mut self, endpoint: &'static str, who: Who, limit: Limit, now: Timestamp) -> Option<Quota> {
        self.rules.rate_limits.then(|| self.limits.call(endpoint, who, limit, now))
    }
}

/// Whether everybody who is named lives here, and nothing has the name of another.
fn check(people: &People, settings: &Settings) -> Result<(), Error> {
    let lives_here = |user| people.get(user).is_some();
    if let Some(app) = settings.apps.iter().find(|app| !lives_here(app.owner)) {
        return Err(Error::World(format!("app {} belongs to {}, who is not among the people", app.id, app.owner)));
    }
    for (place, app) in settings.apps.iter().enumerate() {
        let same = |other: &&App| other.id == app.id || other.consumer_key == app.consumer_key || other.client_id == app.client_id;
        if let Some(other) = settings.apps[..place].iter().find(same) {
            return Err(Error::World(format!("the apps {} and {} have the same id, consumer key or client id", other.id, app.id)));
        }
    }
    for (place, token) in settings.tokens.iter().enumerate() {
        if settings.tokens[..place].iter().any(|other| other.token == token.token) {
            return Err(Error::World(format!("two tokens are the same, the second of them for {}", token.user)));
        }
        if !lives_here(token.user) {
            return Err(Error::World(format!("a token is for {}, who is not among the people", token.user)));
        }
        if settings.apps.iter().all(|app| app.id != token.app) {
            return Err(Error::World(format!("the token of {} is for app {}, which is not among the apps", token.user, token.app)));
        }
    }
    Ok(())
}
