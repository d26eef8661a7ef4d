//! Passwords: argon2id, with the crate's own parameters, as a PHC string.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use crate::model::Secret;

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short to be one.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// Something else stands in the place of a hash.
    #[error("[[operator]] {0}: password_hash is no hash; run `junco password` and paste what it prints")]
    NoHash(String),
    /// The system gave no chance to salt it with.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Characters of the shortest password.
const SHORTEST: usize = 10;

/// The hash of a password, for the configuration.
pub fn hash(password: &Secret) -> Result<Secret, PasswordError> {
    if password.expose().chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.expose().as_bytes());
    hash.map(|hash| Secret::new(hash.to_string())).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Whether a text is a hash that passwords can be checked against.
pub(super) fn is_hash(hash: &Secret) -> bool {
    PasswordHash::new(hash.expose()).is_ok()
}

/// Whether a password has this hash. Takes its time.
pub(super) fn is_right(password: &Secret, hash: &Secret) -> bool {
    let Ok(hash) = PasswordHash::new(hash.expose()) else { return false };
    Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok()
}

/// 128 bits of chance in hex: the name of a session, the mark of its forms, the word of a page.
pub(in crate::console) fn token() -> String {
    argon2::password_hash::generate_salt().iter().map(|byte| format!("{byte:02x}")).collect()
}
