//! The accounts' tokens, and what they may do.

use super::{Examination, Finding, Step, Verdict};
use crate::account::{Account, AccountError};
use crate::client::{Among, Auth, Client, Failure, Remedy};
use crate::model::EventsApi;
use crate::wire::oauth::Credentials;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// It only reads.
    Read,
    /// It reads and writes, but no direct messages.
    ReadWrite,
    /// All that a bot needs.
    Messages,
}

impl Permission {
    /// What it is called on X's pages.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::ReadWrite => "read and write, without Direct Messages",
            Permission::Messages => "read, write and Direct Messages",
        }
    }

    /// As X's header `x-access-level` has it.
    fn from_header(level: &str) -> Option<Self> {
        match level {
            "read" => Some(Permission::Read),
            "read-write" => Some(Permission::ReadWrite),
            "read-write-directmessages" | "read-write-privatemessages" => Some(Permission::Messages),
            _ => None,
        }
    }
}

/// What a token may do: X tells it beside most answers, and where it does not, by what it refuses. The client is to be `apart`: what it
/// remembers of another token would be taken for this one's. It asks by the interface that messages go by, `newer` or not: an app's plan may
/// well include one alone.
pub async fn permission(client: &Client, user: Credentials<'_>, newer: bool) -> Result<Permission, Failure> {
    let outcome = match newer {
        true => client.list_messages_v2(Auth::User(user), Among::All, None).await,
        false => client.list_messages(user, None).await,
    };
    let told = client.limits().into_values().find_map(|limits| Permission::from_header(limits.access.as_deref()?));
    match (told, outcome) {
        (Some(told), _) => Ok(told),
        (None, Ok(_)) => Ok(Permission::Messages),
        (None, Err(Failure::Refused(refusal))) if refusal.code == 261 => Ok(Permission::Read),
        (None, Err(Failure::Refused(refusal))) if [87, 93].contains(&refusal.code) => Ok(Permission::ReadWrite),
        (None, Err(failure)) => Err(failure),
    }
}

impl Examination<'_> {
    /// Asks X whose the account's token is.
    pub(super) async fn token(&mut self, account: &Account) {
        let (app, user) = (Some(account.app), Some(account.user));
        if !self.stands_on(Step::Token, app, user, &[Step::Clock, Step::Keys]) {
            return;
        }
        let login = format!("junco login --account {}", account.user);
        let finding = |verdict, told: String| Finding::new(Step::Token, verdict, app, user, told);
        let finding = match self.credentials(account) {
            None => finding(Verdict::Wrong, "there is none yet".into()).mended_by(login),
            Some(credentials) => match self.doctor.client.verify_credentials(credentials).await {
                Ok(owner) if owner.id == account.user => finding(Verdict::Right, format!("it is @{}'s", owner.screen_name)),
                Ok(other) => {
                    let told = format!("it is @{}'s, whose id is {}, and not this account's", other.screen_name, other.id);
                    finding(Verdict::Wrong, told).mended_by(login)
                }
                Err(failure) => return self.void(finding(Verdict::Wrong, String::new()), failure, &login),
            },
        };
        self.note(finding);
    }

    /// Looks at what the account's token may do.
    pub(super) async fn permission(&mut self, account: &Account) {
        let (app, user) = (Some(account.app), Some(account.user));
        if !self.stands_on(Step::Permission, app, user, &[Step::Clock, Step::Keys, Step::Token]) {
            return;
        }
        let Some(credentials) = self.credentials(account) else { return };
        let finding = |verdict, told: String| Finding::new(Step::Permission, verdict, app, user, told);
        let anew = format!(
            "set the app's permission to \"Read, write, and Direct Messages\" on its page at X, then run `junco login --account {}`: old \
             tokens keep what they had",
            account.user
        );
        let finding = match permission(&self.doctor.client.apart(), credentials, self.doctor.newer).await {
            Ok(may @ Permission::Messages) => finding(Verdict::Right, may.name().to_owned()),
            Ok(Permission::Read) => finding(Verdict::Wrong, "the token is for reading only".into()).mended_by(anew),
            Ok(Permission::ReadWrite) => {
                finding(Verdict::Wrong, "the token lacks the permission for Direct Messages".into()).mended_by(anew)
            }
            Err(failure) if failure.remedy() == Remedy::Access => {
                let interface = if self.doctor.newer { "v2" } else { "v1.1" };
                finding(Verdict::Wrong, format!("the app's plan does not include Direct Messages of {interface}"))
                    .mended_by(Remedy::Access.advice())
            }
            Err(failure) => return self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        };
        self.note(finding);
    }

    /// Asks X whose the account's OAuth 2 token is, where one is used: to send by v2, or to be told by X Activity.
    pub(super) async fn oauth2(&mut self, account: &Account) {
        let (app, user) = (Some(account.app), Some(account.user));
        let is_activity = self.doctor.app(account.app).is_some_and(|app| *app.registry.events().api() == EventsApi::Activity);
        let Some(file) = account.oauth2.as_ref().filter(|_| self.doctor.newer || is_activity) else { return };
        if !self.stands_on(Step::OAuth2, app, user, &[Step::Clock]) {
            return;
        }
        let login = format!("junco login --oauth2 --account {}", account.user);
        let finding = |verdict, told: String| Finding::new(Step::OAuth2, verdict, app, user, told);
        let token = match file.token(&self.doctor.client, self.doctor.clock.now(), None).await {
            Ok(token) => token,
            Err(AccountError::Call(failure)) => return self.void(finding(Verdict::Wrong, String::new()), failure, &login),
            Err(error) => return self.note(finding(Verdict::Wrong, error.to_string()).mended_by(login)),
        };
        let finding = match self.doctor.client.me(Auth::OAuth2(&token)).await {
            Ok(owner) if owner.id == account.user => finding(Verdict::Right, format!("it is @{}'s", owner.screen_name)),
            Ok(other) => finding(Verdict::Wrong, format!("it is @{}'s, and not this account's", other.screen_name)).mended_by(login),
            Err(Failure::Refused(refusal)) if refusal.status == 401 => {
                finding(Verdict::Wrong, "revoked: X takes it no longer".into()).mended_by(login)
            }
            Err(failure) => return self.unanswered(finding(Verdict::Wrong, String::new()), &failure.into()),
        };
        self.note(finding);
    }

    pub(super) fn credentials<'b>(&'b self, account: &'b Account) -> Option<Credentials<'b>> {
        let keys = self.doctor.app(account.app)?.registry.keys();
        Some(keys.user(account.token.as_ref()?))
    }
}
