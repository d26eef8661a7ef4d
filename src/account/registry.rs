//! An app's webhooks and the accounts that are subscribed on them, over whatever interface of X delivers its events.

use url::Url;

use super::{Account, AccountError};
use crate::client::{Auth, Client, Count, Events, Keys, Webhook};
use crate::model::{EventsApi, UserId};

/// How many characters of an address X takes (contract §1.5).
const LONGEST_ADDRESS: usize = 200;

/// The webhooks and subscriptions of one app.
#[derive(Debug)]
pub struct Registry {
    client: Client,
    events: Events,
    keys: Keys,
}

/// A webhook that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// It.
    pub webhook: Webhook,
    /// Whether it did not stand before: then nobody is subscribed on it.
    pub is_new: bool,
    /// The app's webhooks of other addresses.
    pub others: Vec<Webhook>,
}

/// What X would not take about an address (contract §1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another scheme than https.
    #[error("X delivers to https only")]
    NotHttps,
    /// A port.
    #[error("X takes no port in the address: let a proxy listen on 443")]
    Port,
    /// Too many characters.
    #[error("the address is longer than 200 characters")]
    TooLong,
    /// An address that only this machine, or this network, can reach.
    #[error("X cannot reach an address of this machine or of a private network")]
    Private,
}

impl Registry {
    /// The registry of the app with these keys.
    pub fn new(client: Client, api: EventsApi, keys: Keys) -> Self {
        Registry { events: Events::new(client.clone(), api, keys.clone()), client, keys }
    }

    /// The calls themselves.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// The app's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The app's webhooks.
    pub async fn list(&self) -> Result<Vec<Webhook>, AccountError> {
        Ok(self.events.list().await?)
    }

    /// The webhook of that address, if it is registered.
    pub async fn find(&self, address: &Url) -> Result<Option<Webhook>, AccountError> {
        Ok(self.list().await?.into_iter().find(|webhook| is_at(webhook, address)))
    }

    /// The webhook of that address.
    pub async fn webhook(&self, address: &Url) -> Result<Webhook, AccountError> {
        self.find(address).await?.ok_or_else(|| AccountError::NoWebhook(address.clone()))
    }

    /// Registers an address, or has X challenge it again where it is registered already.
    pub async fn register(&self, address: &Url) -> Result<Registered, AccountError> {
        // X takes few of these calls: one listing has to do.
        let (mut same, others): (Vec<_>, Vec<_>) = self.list().await?.into_iter().partition(|webhook| is_at(webhook, address));
        let Some(webhook) = same.pop() else {
            let webhook = self.events.register(address.as_str()).await?;
            return Ok(Registered { webhook, is_new: true, others });
        };
        let valid = self.events.validate(webhook.id).await?;
        Ok(Registered { webhook: Webhook { valid, ..webhook }, is_new: false, others })
    }

    /// Has X challenge the webhook of that address now, and tells whether it is valid then.
    pub async fn check(&self, address: &Url) -> Result<Webhook, AccountError> {
        let webhook = self.webhook(address).await?;
        Ok(Webhook { valid: self.events.validate(webhook.id).await?, ..webhook })
    }

    /// Subscribes an account on a webhook. Whether it was not before.
    pub async fn subscribe(&self, webhook: u64, account: &Account) -> Result<bool, AccountError> {
        if self.is_subscribed(webhook, account).await? {
            return Ok(false);
        }
        if self.events.api() != &EventsApi::Activity {
            self.events.subscribe(webhook, account.user, self.auth(account)?).await?;
            return Ok(true);
        }
        // Messages are private, and X opens them only to an app that their owner let in by OAuth 2 (contract §6.4).
        let Some(file) = account.oauth2.as_ref().filter(|file| file.path.exists()) else {
            return Err(AccountError::NoOAuth2(account.user));
        };
        let token = file.token(&self.client, self.client.now(), None).await?;
        self.events.subscribe(webhook, account.user, Auth::OAuth2(&token)).await?;
        Ok(true)
    }

    /// Whether an account is subscribed on a webhook.
    pub async fn is_subscribed(&self, webhook: u64, account: &Account) -> Result<bool, AccountError> {
        Ok(self.events.is_subscribed(webhook, account.user, self.auth(account)?).await?)
    }

    /// Who is subscribed on a webhook.
    pub async fn subscribers(&self, webhook: u64) -> Result<Vec<UserId>, AccountError> {
        Ok(self.events.subscriptions(webhook).await?.users)
    }

    /// Ends the subscription of a user. Whether there was one.
    pub async fn unsubscribe(&self, webhook: u64, user: UserId) -> Result<bool, AccountError> {
        let was = self.subscribers(webhook).await?.contains(&user);
        self.events.unsubscribe(webhook, user).await?;
        Ok(was)
    }

    /// How many subscriptions there are, and how many there may be.
    pub async fn count(&self) -> Result<Count, AccountError> {
        Ok(self.events.count().await?)
    }

    fn auth<'a>(&'a self, account: &'a Account) -> Result<Auth<'a>, AccountError> {
        let token = account.token.as_ref().ok_or(AccountError::NoToken(account.user))?;
        Ok(Auth::User(self.keys.user(token)))
    }
}

/// Everything that X would not take about an address. A simulator on this machine takes addresses of this machine.
pub fn unfit(address: &Url, api: &Url) -> Vec<Unfit> {
    if is_local(api) && is_local(address) {
        return Vec::new();
    }
    let rules = [
        (address.scheme() != "https", Unfit::NotHttps),
        (address.port().is_some(), Unfit::Port),
        (address.as_str().chars().count() > LONGEST_ADDRESS, Unfit::TooLong),
        (is_local(address) || is_private(address), Unfit::Private),
    ];
    rules.into_iter().filter_map(|(broken, rule)| broken.then_some(rule)).collect()
}

/// Whether a webhook is the one of an address. X may write it another way than it was given.
pub fn is_at(webhook: &Webhook, address: &Url) -> bool {
    Url::parse(&webhook.url).is_ok_and(|registered| registered == *address)
}

fn is_local(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn is_private(address: &Url) -> bool {
    match address.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
        Some(url::Host::Domain(name)) => !name.contains('.') || name.ends_with(".local") || name.ends_with(".internal"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(address: &str, api: &str) -> Vec<Unfit> {
        let url = |text: &str| Url::parse(text).expect("an address");
        unfit(&url(address), &url(api))
    }

    #[test]
    fn an_address_is_held_to_the_rules_of_x() {
        let x = "https://api.x.com";
        assert_eq!(rules("https://bot.example/webhook/twitter", x), []);
        assert_eq!(rules("https://bot.example:443/webhook", x), [], "443 is the port of https");
        assert_eq!(rules("https://bot.example:8443/webhook", x), [Unfit::Port]);
        assert_eq!(rules("http://bot.example/webhook", x), [Unfit::NotHttps]);
        assert_eq!(rules(&format!("https://bot.example/{}", "a".repeat(200)), x), [Unfit::TooLong]);
        for private in ["https://localhost/a", "https://10.1.2.3/a", "https://[fd00::1]/a", "https://bot/a"] {
            assert_eq!(rules(private, x), [Unfit::Private], "{private}");
        }
    }

    #[test]
    fn a_simulator_of_this_machine_takes_addresses_of_this_machine_and_no_others() {
        let simulator = "http://127.0.0.1:8090";
        assert_eq!(rules("http://127.0.0.1:8080/webhook", simulator), []);
        assert_eq!(rules("https://bot.example:8443/webhook", simulator), [Unfit::Port]);
    }
}
