//! Levers: what only whoever started the simulator can do, such as restarting the bot, offered to those who look at the phone page.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What came of pulling: a word about it, or why it failed.
pub type Pulled = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// Something that can be pulled, any number of times.
#[derive(Clone)]
pub struct Lever {
    name: &'static str,
    label: &'static str,
    pull: Arc<dyn Fn() -> Pulled + Send + Sync>,
}

impl Lever {
    /// A lever: its name among all levers, what stands on it, and what it does.
    pub fn new<F>(name: &'static str, label: &'static str, pull: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, String>> + Send + 'static,
    {
        Lever { name, label, pull: Arc::new(move || Box::pin(pull())) }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What stands on it.
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Pulls it.
    pub(super) fn pull(&self) -> Pulled {
        (self.pull)()
    }
}

impl fmt::Debug for Lever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lever").field("name", &self.name).finish_non_exhaustive()
    }
}
