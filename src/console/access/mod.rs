//! Who may see and do what in the console: passwords, sessions, roles, and proof that a request comes from one of its own pages.

mod asked;
mod password;
mod sessions;
mod throttle;
mod visitor;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::model::{Role, Secret};

pub(super) use asked::Asked;
pub(super) use password::token;
pub use password::{PasswordError, hash};
pub(super) use sessions::Session;
pub(super) use visitor::{COOKIE, Refusal, Visitor, source};

use sessions::Sessions;
use throttle::Throttle;

/// Passwords are slow to check on purpose; so many are checked at a time, and the others wait.
const CHECKS: usize = 2;

/// Somebody of the house.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The name they sign in with.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they see what people write.
    pub texts: bool,
    /// The password's hash, as `junco password` prints it.
    pub password_hash: Secret,
}

/// How the console is entered.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whether a proxy stands before it, whose `X-Forwarded-…` headers are believed, and which speaks https.
    pub proxy: bool,
    /// How long somebody stays signed in without doing anything.
    pub idle: Duration,
    /// Who may enter; nobody has to sign in where this is `None`, which is for trying a bot on one's own machine.
    pub operators: Option<Vec<Operator>>,
}

/// The hash of a password that nobody has: checked where nobody of that name is known, so that the time it takes tells nothing.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$fuIM+SDaN6Gu7+TiILO22w$1Ua5yQv65Fsyjo8J97ogK0w4Z8twP3LwiyDrX0e3rbk";

/// The console's door.
pub(super) struct Access {
    operators: Option<BTreeMap<String, Operator>>,
    proxy: bool,
    sessions: Sessions,
    throttle: Throttle,
    checks: Semaphore,
    /// The mark of all forms where nobody has to sign in.
    mark: String,
}

/// Why somebody could not sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignInError {
    /// Name or password are wrong.
    Wrong {
        /// How many were wrong of late from where this came from, with this one.
        tries: u32,
        /// Whether there is somebody of that name.
        known: bool,
    },
    /// Too many were wrong of late; this long is to be waited.
    Wait(Duration),
}

impl Access {
    pub(super) fn new(rules: Rules, clock: Arc<dyn Clock>) -> Result<Self, PasswordError> {
        let operators = rules.operators;
        if let Some(unusable) = operators.iter().flatten().find(|one| !password::is_hash(&one.password_hash)) {
            return Err(PasswordError::NoHash(unusable.name.clone()));
        }
        let by_name = |operators: Vec<Operator>| operators.into_iter().map(|one| (one.name.clone(), one)).collect();
        Ok(Access {
            operators: operators.map(by_name),
            proxy: rules.proxy,
            sessions: Sessions::new(rules.idle, clock.clone()),
            throttle: Throttle::new(clock),
            checks: Semaphore::new(CHECKS),
            mark: password::token(),
        })
    }

    /// Opens a session for somebody whose password is right. `from` is where the request comes from.
    pub(super) async fn sign_in(&self, name: &str, password: &Secret, from: &str) -> Result<Session, SignInError> {
        self.throttle.ask(name, from).map_err(SignInError::Wait)?;
        let operator = self.operators.as_ref().and_then(|operators| operators.get(name));
        let wanted = operator.map_or_else(|| Secret::new(DECOY), |operator| operator.password_hash.clone());
        let given = password.clone();
        // The semaphore is never closed.
        let _slot = self.checks.acquire().await;
        let is_right = tokio::task::spawn_blocking(move || password::is_right(&given, &wanted)).await.unwrap_or(false);
        match operator.filter(|_| is_right) {
            Some(operator) => {
                self.throttle.forgive(name, from);
                Ok(self.sessions.open(operator))
            }
            None => Err(SignInError::Wrong { tries: self.throttle.tries(from), known: operator.is_some() }),
        }
    }

    /// Ends a session.
    pub(super) fn sign_out(&self, token: &str) {
        self.sessions.close(token);
    }

    /// Whether a session still stands; one that is only looked up does not live on through it.
    pub(super) fn still_knows(&self, token: &str) -> bool {
        !self.is_guarded() || self.sessions.look_up(token).is_some()
    }

    /// Whether anybody has to sign in.
    pub(super) fn is_guarded(&self) -> bool {
        self.operators.is_some()
    }

    /// Whether cookies are for https only.
    pub(super) fn is_behind_proxy(&self) -> bool {
        self.proxy
    }
}

#[cfg(test)]
pub(super) mod tests;
