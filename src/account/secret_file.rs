//! Files that hold a secret: only their owner may read them, and they are never half written.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::model::Secret;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The system's answer.
    pub source: std::io::Error,
}

/// Writes a secret with mode 0600; folders that are missing are made with 0700.
pub fn write_secret(path: &Path, secret: &Secret) -> Result<(), FileError> {
    write_secrets(&[(path, secret)])
}

/// Writes secrets that belong together: where one cannot be written, none is.
pub(super) fn write_secrets(secrets: &[(&Path, &Secret)]) -> Result<(), FileError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError { path, source }
    };
    let mut news = Vec::new();
    for (path, secret) in secrets {
        news.push(New::beside(path, secret.expose()).map_err(at(path))?);
    }
    for (new, (path, _)) in news.into_iter().zip(secrets) {
        new.take_the_place_of(path).map_err(at(path))?;
    }
    Ok(())
}

/// Whether a secret could be written there now: to be asked before something is got that cannot be got twice.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    let at = |source| FileError { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(at(std::io::ErrorKind::IsADirectory.into()));
    }
    New::beside(path, "").map(drop).map_err(at)
}

/// A file that is whole, and not yet in its place. It is gone again when it does not get there.
struct New(PathBuf);

impl New {
    fn beside(path: &Path, text: &str) -> std::io::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = path.with_file_name(name);
        // It never had the rights of one that was left there, nor of the one whose place it takes.
        if let Err(error) = std::fs::remove_file(&new)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        let new = New(new);
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(new)
    }

    fn take_the_place_of(self, path: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.0, path)
    }
}

impl Drop for New {
    fn drop(&mut self) {
        // In its place it is no longer there under this name.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_whatever_stood_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets/7.token");
        for text in ["first", "second"] {
            write_secret(&path, &Secret::new(text)).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{text}\n"));
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        assert!(write_secret(&path.join("below"), &Secret::new("x")).unwrap_err().to_string().contains("7.token"));
    }

    #[test]
    fn secrets_that_belong_together_are_written_together() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("token"), folder.path().join("folder/token-secret"));
        write_secret(&first, &Secret::new("old")).unwrap();
        std::fs::write(folder.path().join("folder"), "in the way").unwrap();
        assert!(check_writable(&second).is_err() && check_writable(folder.path()).is_err());
        write_secrets(&[(&first, &Secret::new("new")), (&second, &Secret::new("new"))]).unwrap_err();
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "old\n", "a token without its secret is worth nothing");
        check_writable(&first).unwrap();
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "old\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside them");
    }
}
