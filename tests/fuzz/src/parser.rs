//! Any bytes as the files of a bot.

use junco::bot::{FileFacts, SCRIPT, Sources};
use junco::model::MediaType;

use super::compiler::compiles_or_tells;

/// Bytes up to the first NUL are the script, up to the second a table as CSV, the rest one as JSON. So a script by itself is a seed.
pub fn parser(bytes: &[u8]) {
    let mut texts = bytes.splitn(3, |byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut sources = Sources::new();
    for file in [SCRIPT, "data/t.csv", "data/t.json"] {
        sources.insert(file.to_owned(), texts.next().unwrap_or_default());
    }
    sources.files.insert("a.png".to_owned(), FileFacts { bytes: 100, kind: Some(MediaType::Png) });
    compiles_or_tells(&sources);
}
