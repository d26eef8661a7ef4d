//! The files of a bot: the texts it is made of, and what is known of all others.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Index;

use crate::model::MediaType;

/// The files of a bot by their path within the bot's folder, parted by `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// Scripts and tables, as texts.
    pub texts: BTreeMap<String, String>,
    /// All other files: what a script may send.
    pub files: BTreeMap<String, FileFacts>,
}

/// What is known of a file that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// How large it is.
    pub bytes: u64,
    /// What it is, by its first bytes; `None` where they are nothing that X takes.
    pub kind: Option<MediaType>,
}

impl Sources {
    /// No files.
    pub fn new() -> Self {
        Sources::default()
    }

    /// The text of a file.
    pub fn get(&self, file: &str) -> Option<&String> {
        self.texts.get(file)
    }

    /// Whether there is such a text.
    pub fn contains_key(&self, file: &str) -> bool {
        self.texts.contains_key(file)
    }

    /// Adds a text, and gives the one that it replaces.
    pub fn insert(&mut self, file: String, text: String) -> Option<String> {
        self.texts.insert(file, text)
    }

    /// The texts by file.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.texts.iter()
    }

    /// The files that are texts.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.texts.keys()
    }
}

impl<Q: Ord + ?Sized> Index<&Q> for Sources
where
    String: Borrow<Q>,
{
    type Output = String;

    /// The text of a file that is there.
    fn index(&self, file: &Q) -> &String {
        &self.texts[file]
    }
}

impl<const N: usize> From<[(String, String); N]> for Sources {
    fn from(texts: [(String, String); N]) -> Self {
        texts.into_iter().collect()
    }
}

impl FromIterator<(String, String)> for Sources {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        Sources { texts: texts.into_iter().collect(), files: BTreeMap::new() }
    }
}
