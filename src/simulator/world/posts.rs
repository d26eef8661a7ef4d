//! Posts and likes, as far as webhooks hear of them (contract §2.5).

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::{self, Content};
use super::super::refusal::Refusal;
use super::parcels::Parcel;
use super::text::Wrapped;
use super::{WEB_CLIENT, World};
use crate::model::{AppId, Timestamp, UserId};

/// A post.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Post {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) author: UserId,
    pub(in crate::simulator) app: AppId,
    pub(in crate::simulator) text: String,
    pub(in crate::simulator) wrapped: Wrapped,
    /// The post that it answers, and whose that is.
    pub(in crate::simulator) reply_to: Option<(u64, UserId)>,
    /// Whom it names, and where in the text, in code points.
    pub(in crate::simulator) mentions: Vec<(UserId, [usize; 2])>,
    pub(in crate::simulator) likes: BTreeSet<UserId>,
}

/// All posts that were not deleted.
#[derive(Default)]
pub(in crate::simulator) struct Posts(BTreeMap<u64, Post>);

impl Posts {
    pub(in crate::simulator) fn get(&self, id: u64) -> Result<&Post, Refusal> {
        self.0.get(&id).ok_or_else(|| Refusal::new(404, 144, "No status found with that ID."))
    }

    /// What somebody posted, newest first.
    pub(in crate::simulator) fn of(&self, author: UserId) -> impl Iterator<Item = &Post> {
        self.0.values().rev().filter(move |post| post.author == author)
    }
}

impl World {
    /// Posts a text. Its author hears of it, and so do those whom it names or answers.
    pub(in crate::simulator) fn publish(
        &mut self,
        author: UserId,
        text: &str,
        reply_to: Option<u64>,
        app: Option<AppId>,
        now: Timestamp,
    ) -> Result<(u64, Vec<Parcel>), Refusal> {
        let answered = reply_to.map(|id| self.posts.get(id).map(|post| (id, post.author))).transpose()?;
        if self.posts.of(author).next().is_some_and(|last| last.text == text) {
            return Err(Refusal::new(403, 187, "Status is a duplicate."));
        }
        let id = self.mint(now);
        let wrapped = Wrapped::new(text, || self.dice.word(10));
        let mentions = self.mentions(&wrapped.text);
        let likes = BTreeSet::new();
        let app = app.unwrap_or(WEB_CLIENT);
        let post = Post { id, author, app, text: text.to_owned(), wrapped, reply_to: answered, mentions, likes };
        let others = post.mentions.iter().map(|(user, _)| *user).chain(answered.map(|(_, author)| author));
        let others: BTreeSet<UserId> = others.filter(|user| *user != author).collect();
        self.posts.0.insert(id, post.clone());
        let mut leaving = Vec::new();
        for user in std::iter::once(author).chain(others) {
            let content = Content::Events(event::posted(self, user, &post));
            leaving.extend(self.tell(user, &content, now));
        }
        Ok((id, leaving))
    }

    /// Deletes a post of the author's.
    pub(in crate::simulator) fn unpublish(&mut self, author: UserId, id: u64, now: Timestamp) -> Result<(Post, Vec<Parcel>), Refusal> {
        let post = self.posts.get(id)?.clone();
        if post.author != author {
            return Err(Refusal::new(403, 183, "You may not delete another user's status."));
        }
        self.posts.0.remove(&id);
        let content = Content::Events(event::unposted(author, id, now));
        Ok((post, self.tell(author, &content, now)))
    }

    /// Likes a post: who likes it hears of it, and its author.
    pub(in crate::simulator) fn like(&mut self, user: UserId, id: u64, now: Timestamp) -> Result<Vec<Parcel>, Refusal> {
        self.posts.get(id)?;
        let is_new = self.posts.0.get_mut(&id).is_some_and(|post| post.likes.insert(user));
        if !is_new {
            return Err(Refusal::new(403, 139, "You have already favorited this status."));
        }
        let post = self.posts.get(id)?.clone();
        let event = event::liked(self, user, &post, now);
        let told: BTreeSet<UserId> = [user, post.author].into();
        let mut leaving = Vec::new();
        for for_user in told {
            leaving.extend(self.tell(for_user, &Content::Events(event::favorite(for_user, &event)), now));
        }
        Ok(leaving)
    }

    /// Takes a like back, of which no webhook hears. One who does not like the post has nothing to take back.
    pub(in crate::simulator) fn unlike(&mut self, user: UserId, id: u64) -> Result<(), Refusal> {
        self.posts.get(id)?;
        let was = self.posts.0.get_mut(&id).is_some_and(|post| post.likes.remove(&user));
        if was { Ok(()) } else { Err(Refusal::new(404, 144, "No status found with that ID.")) }
    }

    /// The people that a text names as `@handle`.
    fn mentions(&self, text: &str) -> Vec<(UserId, [usize; 2])> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices('@') {
            let handle: String = text[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let starts_a_word = !text[..at].ends_with(|c: char| c.is_alphanumeric());
            if let Ok(person) = self.people.find(&format!("@{handle}"))
                && starts_a_word
            {
                let start = text[..at].chars().count();
                found.push((person.id, [start, start + 1 + handle.len()]));
            }
        }
        found
    }
}
