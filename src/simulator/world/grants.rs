//! OAuth 2: what people allowed which app, by code and proof key, and the tokens that came of it (contract §6.5).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::super::dice::Dice;
use crate::model::{AppId, Timestamp, UserId};

/// How long a code may be exchanged.
const CODE_LIVES: Duration = Duration::from_secs(30);
/// How long an access token is good.
const ACCESS_LIVES: Duration = Duration::from_secs(2 * 60 * 60);
/// The scope that makes a grant outlive its first access token.
pub(in crate::simulator) const OFFLINE: &str = "offline.access";

/// What an app asks a person for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct Asked {
    pub(in crate::simulator) app: AppId,
    pub(in crate::simulator) callback: String,
    pub(in crate::simulator) scopes: BTreeSet<String>,
    pub(in crate::simulator) challenge: Challenge,
}

/// What the one who exchanges the code must know, as it was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) enum Challenge {
    /// The base64 of its hash.
    Sha256(String),
    /// Itself.
    Plain(String),
}

/// What an app gets for a code or a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct Tokens {
    pub(in crate::simulator) access: String,
    pub(in crate::simulator) refresh: Option<String>,
    pub(in crate::simulator) scopes: BTreeSet<String>,
    pub(in crate::simulator) lives: Duration,
}

/// Somebody's word that an app may act for them.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Grant {
    pub(in crate::simulator) user: UserId,
    pub(in crate::simulator) app: AppId,
    pub(in crate::simulator) scopes: BTreeSet<String>,
    access: String,
    until: Timestamp,
    refresh: Option<String>,
}

struct Code {
    asked: Asked,
    user: UserId,
    until: Timestamp,
}

/// All codes and grants.
#[derive(Default)]
pub(in crate::simulator) struct Grants {
    codes: BTreeMap<String, Code>,
    all: Vec<Grant>,
}

impl Challenge {
    /// Reads the two parameters; without a method the challenge is plain.
    pub(in crate::simulator) fn new(method: Option<&str>, challenge: String) -> Option<Self> {
        match method {
            _ if challenge.is_empty() => None,
            Some("S256" | "s256") => Some(Challenge::Sha256(challenge)),
            None | Some("plain") => Some(Challenge::Plain(challenge)),
            Some(_) => None,
        }
    }

    fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Challenge::Sha256(hash) => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == hash.trim_end_matches('='),
            Challenge::Plain(text) => text == verifier,
        }
    }
}

impl Grants {
    /// The code for what a person allowed.
    pub(in crate::simulator) fn allow(&mut self, asked: Asked, user: UserId, now: Timestamp, dice: &mut Dice) -> String {
        self.codes.retain(|_, code| code.until > now);
        let code = secret(dice, "ac", now);
        self.codes.insert(code.clone(), Code { asked, user, until: now.plus(CODE_LIVES) });
        code
    }

    /// Exchanges a code; whatever comes of it, the code is used up.
    pub(in crate::simulator) fn redeem(
        &mut self,
        app: AppId,
        code: &str,
        callback: &str,
        verifier: &str,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Option<Tokens> {
        let Code { asked, user, until } = self.codes.remove(code)?;
        let good = asked.app == app && asked.callback == callback && asked.challenge.is_met_by(verifier) && now < until;
        good.then(|| self.grant(user, app, asked.scopes, now, dice))
    }

    /// Exchanges a refresh token for new tokens; the old ones are good no more.
    pub(in crate::simulator) fn refresh(&mut self, app: AppId, token: &str, now: Timestamp, dice: &mut Dice) -> Option<Tokens> {
        let at = self.all.iter().position(|grant| grant.app == app && grant.refresh.as_deref() == Some(token))?;
        let Grant { user, scopes, .. } = self.all.swap_remove(at);
        Some(self.grant(user, app, scopes, now, dice))
    }

    /// Ends the grant that a token, of either kind, belongs to.
    pub(in crate::simulator) fn revoke(&mut self, app: AppId, token: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|grant| grant.app != app || (grant.access != token && grant.refresh.as_deref() != Some(token)));
        self.all.len() < before
    }

    /// Ends all that a user allowed an app.
    pub(in crate::simulator) fn forget(&mut self, user: UserId, app: AppId) {
        self.codes.retain(|_, code| (code.user, code.asked.app) != (user, app));
        self.all.retain(|grant| (grant.user, grant.app) != (user, app));
    }

    /// The grant of an access token that is good still.
    pub(in crate::simulator) fn with_access(&self, token: &str, now: Timestamp) -> Option<&Grant> {
        self.all.iter().find(|grant| grant.access == token && now < grant.until)
    }

    /// Whether a user allowed an app all of this, and did not take it back. Tokens may have run out meanwhile.
    pub(in crate::simulator) fn covers(&self, user: UserId, app: AppId, scopes: &[&str]) -> bool {
        let has_all = |grant: &Grant| scopes.iter().all(|scope| grant.scopes.contains(*scope));
        self.all.iter().any(|grant| (grant.user, grant.app) == (user, app) && has_all(grant))
    }

    fn grant(&mut self, user: UserId, app: AppId, scopes: BTreeSet<String>, now: Timestamp, dice: &mut Dice) -> Tokens {
        let access = secret(dice, "at", now);
        let refresh = scopes.contains(OFFLINE).then(|| secret(dice, "rt", now));
        let grant =
            Grant { user, app, scopes: scopes.clone(), access: access.clone(), until: now.plus(ACCESS_LIVES), refresh: refresh.clone() };
        self.all.push(grant);
        Tokens { access, refresh, scopes, lives: ACCESS_LIVES }
    }
}

/// Something that nobody guesses, in the look of the platform's.
fn secret(dice: &mut Dice, kind: &str, now: Timestamp) -> String {
    STANDARD_NO_PAD.encode(format!("{}:{now}:1:0:{kind}:1", dice.word(43)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: AppId = AppId(1);
    const ADA: UserId = UserId(7);
    const NOON: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn asked(scopes: &[&str], challenge: Challenge) -> Asked {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Asked { app: APP, callback: "http://127.0.0.1/".to_owned(), scopes, challenge }
    }

    /// What becomes of a code that is exchanged with this.
    fn redeemed(challenge: Challenge, app: AppId, callback: &str, verifier: &str, after: Duration) -> bool {
        let (mut grants, mut dice) = (Grants::default(), Dice::new(1));
        let code = grants.allow(asked(&["dm.read"], challenge), ADA, NOON, &mut dice);
        grants.redeem(app, &code, callback, verifier, NOON.plus(after), &mut dice).is_some()
    }

    #[test]
    fn a_code_is_good_for_one_app_one_callback_one_verifier_and_half_a_minute() {
        // The example of RFC 7636, appendix B.
        let (verifier, hash) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let hashed = || Challenge::new(Some("S256"), hash.to_owned()).expect("a method that is known");
        let plain = || Challenge::new(None, "open".to_owned()).expect("plain");
        let (here, soon) = ("http://127.0.0.1/", Duration::from_secs(29));
        assert!(redeemed(hashed(), APP, here, verifier, soon));
        assert!(redeemed(plain(), APP, here, "open", soon));
        assert!(!redeemed(hashed(), APP, here, hash, soon));
        assert!(!redeemed(plain(), APP, here, "opened", soon));
        assert!(!redeemed(hashed(), AppId(2), here, verifier, soon));
        assert!(!redeemed(hashed(), APP, "http://127.0.0.1", verifier, soon));
        assert!(!redeemed(hashed(), APP, here, verifier, CODE_LIVES));
        assert_eq!(Challenge::new(Some("S512"), hash.to_owned()), None);
    }

    #[test]
    fn refreshing_rotates_both_tokens() {
        let (mut grants, mut dice) = (Grants::default(), Dice::new(1));
        let asked = asked(&["dm.read", OFFLINE], Challenge::Plain("v".to_owned()));
        let code = grants.allow(asked, ADA, NOON, &mut dice);
        let first = grants.redeem(APP, &code, "http://127.0.0.1/", "v", NOON, &mut dice).expect("tokens");
        assert!(grants.redeem(APP, &code, "http://127.0.0.1/", "v", NOON, &mut dice).is_none(), "a code is used once");
        let old = first.refresh.clone().expect("offline access was allowed");
        let second = grants.refresh(APP, &old, NOON, &mut dice).expect("tokens");
        assert!(grants.refresh(APP, &old, NOON, &mut dice).is_none(), "a refresh token is used once");
        assert!(grants.with_access(&first.access, NOON).is_none());
        assert!(grants.with_access(&second.access, NOON).is_some());
        assert!(grants.with_access(&second.access, NOON.plus(ACCESS_LIVES)).is_none(), "two hours are over");
        assert!(grants.covers(ADA, APP, &["dm.read"]) && !grants.covers(ADA, APP, &["dm.write"]));
        assert!(grants.revoke(APP, &second.refresh.expect("another")) && !grants.covers(ADA, APP, &["dm.read"]));
    }
}
