//! Welcome messages, their rules, and custom profiles (contract §4.2, §4.3).

use std::future::Future;

use reqwest::Method;
use url::Url;

use super::call::{Answer, Body};
use super::messages::LONGEST_PAGE;
use super::{Auth, Client, Failure, Unsure};
use crate::model::Outgoing;
use crate::wire::oauth::Credentials;
use crate::wire::rest::Page;
use crate::wire::rest::profiles::{self, CustomProfile};
use crate::wire::rest::welcome::{self, WelcomeMessage, WelcomeRule};

/// More pages than X gives in a quarter of an hour are no list but a loop.
const MOST_PAGES: usize = 15;

impl Client {
    /// Makes a welcome message. Its media must have been uploaded as shared.
    pub async fn new_welcome(
        &self,
        account: Credentials<'_>,
        name: Option<&str>,
        message: &Outgoing,
        media: Option<u64>,
    ) -> Result<WelcomeMessage, Failure> {
        let body = Body::Json(welcome::new_welcome(name, message, media));
        self.welcome(Method::POST, "new", None, account, body).await?.read(welcome::welcome_message)
    }

    /// A welcome message.
    pub async fn show_welcome(&self, account: Credentials<'_>, id: u64) -> Result<WelcomeMessage, Failure> {
        self.welcome(Method::GET, "show", Some(id), account, Body::Empty).await?.read(welcome::welcome_message)
    }

    /// All welcome messages of the account.
    pub async fn list_welcomes(&self, account: Credentials<'_>) -> Result<Vec<WelcomeMessage>, Failure> {
        every(|cursor| async move { self.welcome_page("list", account, cursor).await?.read(welcome::welcome_messages) }).await
    }

    /// Replaces what a welcome message says; it keeps its name.
    pub async fn update_welcome(
        &self,
        account: Credentials<'_>,
        id: u64,
        message: &Outgoing,
        media: Option<u64>,
    ) -> Result<WelcomeMessage, Failure> {
        let body = Body::Json(welcome::changed_welcome(message, media));
        self.welcome(Method::PUT, "update", Some(id), account, body).await?.read(welcome::welcome_message)
    }

    /// Takes a welcome message away.
    pub async fn destroy_welcome(&self, account: Credentials<'_>, id: u64) -> Result<(), Failure> {
        self.welcome(Method::DELETE, "destroy", Some(id), account, Body::Empty).await.map(drop)
    }

    /// Makes a welcome message the default. An account has one rule: an older one is to be destroyed first.
    pub async fn new_welcome_rule(&self, account: Credentials<'_>, message: u64) -> Result<WelcomeRule, Failure> {
        self.welcome(Method::POST, "rules/new", None, account, Body::Json(welcome::new_rule(message))).await?.read(welcome::rule)
    }

    /// A rule.
    pub async fn show_welcome_rule(&self, account: Credentials<'_>, id: u64) -> Result<WelcomeRule, Failure> {
        self.welcome(Method::GET, "rules/show", Some(id), account, Body::Empty).await?.read(welcome::rule)
    }

    /// All rules of the account.
    pub async fn list_welcome_rules(&self, account: Credentials<'_>) -> Result<Vec<WelcomeRule>, Failure> {
        every(|cursor| async move { self.welcome_page("rules/list", account, cursor).await?.read(welcome::rules) }).await
    }

    /// Takes a rule away: then no welcome message is shown by default.
    pub async fn destroy_welcome_rule(&self, account: Credentials<'_>, id: u64) -> Result<(), Failure> {
        self.welcome(Method::DELETE, "rules/destroy", Some(id), account, Body::Empty).await.map(drop)
    }

    /// Makes a custom profile, with a picture that was uploaded.
    pub async fn new_profile(&self, account: Credentials<'_>, name: &str, avatar: u64) -> Result<CustomProfile, Failure> {
        let body = Body::Json(profiles::new_profile(name, avatar));
        let url = self.address("/1.1/custom_profiles/new.json");
        self.call(Method::POST, url, Auth::User(account), body).await?.read(profiles::profile)
    }

    /// A custom profile.
    pub async fn show_profile(&self, account: Credentials<'_>, id: u64) -> Result<CustomProfile, Failure> {
        let url = self.address(&format!("/1.1/custom_profiles/{id}.json"));
        self.call(Method::GET, url, Auth::User(account), Body::Empty).await?.read(profiles::profile)
    }

    /// All custom profiles of the account.
    pub async fn list_profiles(&self, account: Credentials<'_>) -> Result<Vec<CustomProfile>, Failure> {
        every(|cursor| async move {
            let url = paged(self.address("/1.1/custom_profiles/list.json"), cursor.as_deref());
            self.call(Method::GET, url, Auth::User(account), Body::Empty).await?.read(profiles::profiles)
        })
        .await
    }

    /// Takes a custom profile away.
    pub async fn destroy_profile(&self, account: Credentials<'_>, id: u64) -> Result<(), Failure> {
        let mut url = self.address("/1.1/custom_profiles/destroy.json");
        url.query_pairs_mut().append_pair("id", &id.to_string());
        self.call(Method::DELETE, url, Auth::User(account), Body::Empty).await.map(drop)
    }

    async fn welcome(&self, method: Method, call: &str, id: Option<u64>, account: Credentials<'_>, body: Body) -> Result<Answer, Failure> {
        let mut url = self.welcome_address(call);
        if let Some(id) = id {
            url.query_pairs_mut().append_pair("id", &id.to_string());
        }
        self.call(method, url, Auth::User(account), body).await
    }

    async fn welcome_page(&self, call: &str, account: Credentials<'_>, cursor: Option<String>) -> Result<Answer, Failure> {
        let url = paged(self.welcome_address(call), cursor.as_deref());
        self.call(Method::GET, url, Auth::User(account), Body::Empty).await
    }

    fn welcome_address(&self, call: &str) -> Url {
        self.address(&format!("/1.1/direct_messages/welcome_messages/{call}.json"))
    }
}

fn paged(mut url: Url, cursor: Option<&str>) -> Url {
    url.query_pairs_mut().append_pair("count", LONGEST_PAGE).extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    url
}

/// All pages of a list.
async fn every<T, F: Future<Output = Result<Page<T>, Failure>>>(page: impl Fn(Option<String>) -> F) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = page(cursor).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
    Err(Failure::Unsure(Unsure::UnreadableAnswer))
}
