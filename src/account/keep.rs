//! Where tokens of those who sign in are kept: in the files that the configuration names, else in `secrets` beside it.

use std::path::{Path, PathBuf};

use super::secret_file::{FileError, write_secrets};
use crate::client::UserToken;
use crate::model::{AppId, UserId};

/// What was kept, and what the configuration still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// Lines for the configuration.
    pub add: Option<String>,
}

/// Keeps the token of an app's owner. `named` are the files of the configuration for the token and its secret, if it names them.
pub fn keep_owner(folder: &Path, app: AppId, named: Option<(PathBuf, PathBuf)>, token: &UserToken) -> Result<Kept, FileError> {
    keep(folder, named, &format!("{app}.owner"), "owner_token", token, |lines| format!("# in [[app]] {app}:\n{lines}"))
}

/// Keeps the token of an account, which stands in the configuration already or not.
pub fn keep_account(
    folder: &Path,
    (user, app): (UserId, AppId),
    is_configured: bool,
    named: Option<(PathBuf, PathBuf)>,
    token: &UserToken,
) -> Result<Kept, FileError> {
    keep(folder, named, &user.to_string(), "access_token", token, |lines| match is_configured {
        true => format!("# in [[account]] {user}, in place of access_token and access_token_secret:\n{lines}"),
        false => format!("[[account]]\nuser_id = \"{user}\"\napp = \"{app}\"\nbot = \"bots/NAME\"\n{lines}"),
    })
}

/// The files beside the configuration that take the token of `name` and its secret.
pub fn usual_files(name: &str) -> [String; 2] {
    [format!("secrets/{name}.token"), format!("secrets/{name}.token-secret")]
}

fn keep(
    folder: &Path,
    named: Option<(PathBuf, PathBuf)>,
    name: &str,
    key: &str,
    token: &UserToken,
    add: impl FnOnce(String) -> String,
) -> Result<Kept, FileError> {
    let (files, add) = match named {
        Some(files) => (files, None),
        None => {
            let [first, second] = usual_files(name);
            let lines = format!("{key}_file = \"{first}\"\n{key}_secret_file = \"{second}\"");
            ((folder.join(first), folder.join(second)), Some(add(lines)))
        }
    };
    // The secret goes first: a token alone would look like a sign-in.
    write_secrets(&[(&files.1, &token.secret), (&files.0, &token.token)])?;
    Ok(Kept { files: vec![files.0, files.1], add })
}
