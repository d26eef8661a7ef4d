//! Who is signed in. Sessions live in memory: after a restart people sign in again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Operator;
use super::password::token;
use crate::clock::Clock;
use crate::model::{Role, Timestamp};

/// However busy, somebody signs in again after so long.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// More sessions than that are nobody's; the one idle for longest goes.
const MOST: usize = 1_000;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::console) struct Session {
    /// What the cookie holds.
    pub(in crate::console) token: String,
    /// What each form of theirs carries, so that no other page can send one.
    pub(in crate::console) mark: String,
    pub(in crate::console) name: String,
    pub(in crate::console) role: Role,
    pub(in crate::console) texts: bool,
    /// Where the request at hand comes from.
    pub(in crate::console) from: String,
    opened: Timestamp,
    seen: Timestamp,
}

/// All sessions.
pub(super) struct Sessions {
    idle: Duration,
    clock: Arc<dyn Clock>,
    open: Mutex<BTreeMap<String, Session>>,
}

impl Sessions {
    pub(super) fn new(idle: Duration, clock: Arc<dyn Clock>) -> Self {
        Sessions { idle, clock, open: Mutex::default() }
    }

    pub(super) fn open(&self, operator: &Operator) -> Session {
        let now = self.clock.now();
        let session = Session {
            token: token(),
            mark: token(),
            name: operator.name.clone(),
            role: operator.role,
            texts: operator.texts || operator.role >= Role::Reply,
            from: String::new(),
            opened: now,
            seen: now,
        };
        let mut open = self.lock();
        open.retain(|_, session| session.is_alive(now, self.idle));
        if open.len() >= MOST
            && let Some(oldest) = open.values().min_by_key(|session| session.seen).map(|session| session.token.clone())
        {
            open.remove(&oldest);
        }
        open.insert(session.token.clone(), session.clone());
        session
    }

    /// The session of a cookie, which lives on through being used.
    pub(super) fn find(&self, token: &str) -> Option<Session> {
        let now = self.clock.now();
        let mut open = self.lock();
        let session = open.get_mut(token).filter(|session| session.is_alive(now, self.idle))?;
        session.seen = now;
        Some(session.clone())
    }

    /// The same, but it does not live on through it.
    pub(super) fn look_up(&self, token: &str) -> Option<Session> {
        let now = self.clock.now();
        self.lock().get(token).filter(|session| session.is_alive(now, self.idle)).cloned()
    }

    pub(super) fn close(&self, token: &str) {
        self.lock().remove(token);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Everybody, where nobody has to sign in.
    pub(super) fn unguarded(mark: String) -> Self {
        let at = Timestamp::default();
        Session {
            token: String::new(),
            mark,
            name: "you".to_owned(),
            role: Role::Admin,
            texts: true,
            from: String::new(),
            opened: at,
            seen: at,
        }
    }

    /// The same, with a request that comes from there.
    pub(super) fn coming(self, from: String) -> Self {
        Session { from, ..self }
    }

    fn is_alive(&self, now: Timestamp, idle: Duration) -> bool {
        now.since(self.seen) < idle && now.since(self.opened) < LONGEST
    }
}
