//! Posts, as far as it takes to like one and see the event arrive: how the set-up is proved to work.

use reqwest::Method;

use super::call::Body;
use super::{Auth, Client, Failure};
use crate::model::UserId;
use crate::wire::oauth::Credentials;
use crate::wire::rest::posts;

impl Client {
    /// The newest posts of a user, newest first: their ids.
    pub async fn posts(&self, caller: Credentials<'_>, of: UserId) -> Result<Vec<u64>, Failure> {
        let mut url = self.address("/1.1/statuses/user_timeline.json");
        url.query_pairs_mut().extend_pairs([("user_id", of.to_string().as_str()), ("count", "5")]);
        self.call(Method::GET, url, Auth::User(caller), Body::Empty).await?.read(posts::posts)
    }

    /// Likes a post.
    pub async fn like(&self, caller: Credentials<'_>, post: u64) -> Result<(), Failure> {
        self.favorite("create", caller, post).await
    }

    /// Takes a like back.
    pub async fn unlike(&self, caller: Credentials<'_>, post: u64) -> Result<(), Failure> {
        self.favorite("destroy", caller, post).await
    }

    /// The newest posts of a user by v2, newest first: their ids.
    pub async fn posts_v2(&self, auth: Auth<'_>, of: UserId) -> Result<Vec<u64>, Failure> {
        let mut url = self.address(&format!("/2/users/{of}/tweets"));
        url.query_pairs_mut().append_pair("max_results", "5");
        self.call(Method::GET, url, auth, Body::Empty).await?.read(posts::posts)
    }

    /// Likes a post by v2; `me` is who calls.
    pub async fn like_v2(&self, auth: Auth<'_>, me: UserId, post: u64) -> Result<(), Failure> {
        let url = self.address(&format!("/2/users/{me}/likes"));
        self.call(Method::POST, url, auth, Body::Json(posts::new_like(post))).await.map(drop)
    }

    /// Takes a like back by v2; `me` is who calls.
    pub async fn unlike_v2(&self, auth: Auth<'_>, me: UserId, post: u64) -> Result<(), Failure> {
        let url = self.address(&format!("/2/users/{me}/likes/{post}"));
        self.call(Method::DELETE, url, auth, Body::Empty).await.map(drop)
    }

    async fn favorite(&self, call: &str, caller: Credentials<'_>, post: u64) -> Result<(), Failure> {
        let url = self.address(&format!("/1.1/favorites/{call}.json"));
        let body = Body::Form(vec![("id".to_owned(), post.to_string())]);
        self.call(Method::POST, url, Auth::User(caller), body).await.map(drop)
    }
}
