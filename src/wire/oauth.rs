//! OAuth 1.0a: the `Authorization` header of a request, made and checked (contract §7). Nonce and time are arguments.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU64;

use oauth1_request as oauth;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use subtle::ConstantTimeEq as _;
use url::Url;

/// Who signs: an app, and the user it acts for.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The app's public key.
    pub consumer_key: &'a str,
    /// The app's secret.
    pub consumer_secret: &'a str,
    /// The user's token and its secret; `None` when the app speaks for itself.
    pub token: Option<(&'a str, &'a str)>,
}

/// The parts of a request that are signed. JSON and multipart bodies are not (contract §7.1).
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The whole address as called; its query is signed, its fragment is not.
    pub url: &'a Url,
    /// The decoded fields of an `application/x-www-form-urlencoded` body, else empty.
    pub form: &'a [(String, String)],
}

/// What makes a signature unique, and the two parameters of the sign-in dance.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stamp<'a> {
    /// Never used twice.
    pub nonce: &'a str,
    /// Seconds since the Unix epoch, at least 1.
    pub timestamp: u64,
    /// `oauth_callback`, when a request token is asked for.
    pub callback: Option<&'a str>,
    /// `oauth_verifier`, when a request token is exchanged.
    pub verifier: Option<&'a str>,
}

/// The value of the `Authorization` header for a request.
pub fn authorization(credentials: &Credentials<'_>, request: &Request<'_>, stamp: &Stamp<'_>) -> String {
    header(credentials, request, stamp, true, &[])
}

/// A text in the encoding of OAuth: RFC 3986's unreserved characters stay, all else is percent-encoded in capitals (contract §7.2).
pub fn encode(text: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An `Authorization` header as a server reads it: every `oauth_` parameter decoded, `realm` ignored.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The app's public key.
    pub consumer_key: String,
    /// The user's token, when the app acts for a user.
    pub token: Option<String>,
    /// To be accepted once.
    pub nonce: String,
    /// Seconds since the Unix epoch by the caller's clock.
    pub timestamp: u64,
    /// `oauth_callback`, when given.
    pub callback: Option<String>,
    /// `oauth_verifier`, when given.
    pub verifier: Option<String>,
    signature: String,
    version: bool,
    others: Vec<(String, String)>,
}

/// Why an `Authorization` header cannot be checked at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthFault {
    /// Another scheme, such as `Bearer`.
    #[error("the authorization header is not of the OAuth scheme")]
    NotOAuth,
    /// Not a list of `name="value"`.
    #[error("the authorization header is not a list of name=\"value\"")]
    Malformed,
    /// A parameter that must be there is not.
    #[error("{0} is missing from the authorization header")]
    Missing(&'static str),
    /// A parameter is there twice.
    #[error("{0} is in the authorization header twice")]
    Duplicate(String),
    /// A parameter's value cannot be one: the method must be HMAC-SHA1, the version 1.0, the timestamp a positive decimal number.
    #[error("{0} has a value that is not supported")]
    Unsupported(&'static str),
}

impl Presented {
    /// Reads an `Authorization` header.
    pub fn parse(header: &str) -> Result<Self, OAuthFault> {
        let (scheme, list) = header.trim().split_once(' ').ok_or(OAuthFault::NotOAuth)?;
        if !scheme.eq_ignore_ascii_case("OAuth") {
            return Err(OAuthFault::NotOAuth);
        }
        let mut parameters = Parameters::parse(list)?;
        if parameters.required("oauth_signature_method")? != "HMAC-SHA1" {
            return Err(OAuthFault::Unsupported("oauth_signature_method"));
        }
        let version = parameters.take("oauth_version");
        if version.as_deref().is_some_and(|version| version != "1.0") {
            return Err(OAuthFault::Unsupported("oauth_version"));
        }
        let written = parameters.required("oauth_timestamp")?;
        // Only the plain form can be signed again as it was: no sign, no leading zero.
        let timestamp = written.parse().ok().filter(|seconds: &NonZeroU64| seconds.to_string() == written);
        Ok(Presented {
            consumer_key: parameters.required("oauth_consumer_key")?,
            token: parameters.take("oauth_token"),
            nonce: parameters.required("oauth_nonce")?,
            timestamp: timestamp.ok_or(OAuthFault::Unsupported("oauth_timestamp"))?.get(),
            callback: parameters.take("oauth_callback"),
            verifier: parameters.take("oauth_verifier"),
            signature: parameters.required("oauth_signature")?,
            version: version.is_some(),
            others: parameters.0,
        })
    }

    /// Whether this is the signature of `request` under these secrets, in constant time.
    ///
    /// Nonce and timestamp are the caller's to judge. `token_secret` is not used when no token is presented.
    pub fn verify(&self, request: &Request<'_>, consumer_secret: &str, token_secret: &str) -> bool {
        let credentials = Credentials {
            consumer_key: &self.consumer_key,
            consumer_secret,
            token: self.token.as_deref().map(|token| (token, token_secret)),
        };
        let stamp =
            Stamp { nonce: &self.nonce, timestamp: self.timestamp, callback: self.callback.as_deref(), verifier: self.verifier.as_deref() };
        let expected = Presented::parse(&header(&credentials, request, &stamp, self.version, &self.others));
        expected.is_ok_and(|expected| expected.signature.as_bytes().ct_eq(self.signature.as_bytes()).into())
    }
}

impl fmt::Debug for Presented {
    // Tokens and signatures stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("consumer_key", &self.consumer_key).field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

/// The parameters of a header in their order, names unique; those taken are gone.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(list: &str) -> Result<Self, OAuthFault> {
        let mut seen = BTreeSet::new();
        let mut parameters = Vec::new();
        let mut rest = list.trim();
        while !rest.is_empty() {
            let (name, tail) = rest.split_once("=\"").ok_or(OAuthFault::Malformed)?;
            let (value, tail) = tail.split_once('"').ok_or(OAuthFault::Malformed)?;
            let (name, value) = (decode(name.trim_end())?, decode(value)?);
            if !seen.insert(name.clone()) {
                return Err(OAuthFault::Duplicate(name));
            }
            if name != "realm" {
                parameters.push((name, value));
            }
            rest = match tail.trim_start() {
                "" => "",
                more => more.strip_prefix(',').ok_or(OAuthFault::Malformed)?.trim_start(),
            };
        }
        Ok(Parameters(parameters))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn required(&mut self, name: &'static str) -> Result<String, OAuthFault> {
        self.take(name).ok_or(OAuthFault::Missing(name))
    }
}

fn decode(text: &str) -> Result<String, OAuthFault> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| OAuthFault::Malformed)
}

fn header(credentials: &Credentials<'_>, request: &Request<'_>, stamp: &Stamp<'_>, version: bool, others: &[(String, String)]) -> String {
    let client = oauth::Credentials::new(credentials.consumer_key, credentials.consumer_secret);
    let mut builder = oauth::Builder::<_, _>::new(client, oauth::HMAC_SHA1);
    builder
        .token(credentials.token.map(|(token, secret)| oauth::Credentials::new(token, secret)))
        .nonce(stamp.nonce)
        // Without a number the library would ask the system's clock.
        .timestamp(NonZeroU64::new(stamp.timestamp).unwrap_or(NonZeroU64::MIN))
        .version(version)
        .callback(stamp.callback)
        .verifier(stamp.verifier);
    let parameters = sorted_parameters(request, others);
    let base = format!("{}{}", request.url.origin().ascii_serialization(), request.url.path());
    builder.authorize(request.method, base, &oauth::request::AssertSorted::new(parameters.iter().map(|(name, value)| (name, value))))
}

/// The signed parameters besides OAuth's own: names as they stand in the base string, values raw, in the order of their encoded forms.
///
/// The library encodes values but takes names as they are, and its own sorting compares raw texts, so both are done here.
fn sorted_parameters(request: &Request<'_>, others: &[(String, String)]) -> Vec<(String, String)> {
    let query = request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let mut parameters: Vec<_> = query.chain(request.form.iter().cloned()).chain(others.iter().cloned()).collect();
    parameters.sort_by_cached_key(|(name, value)| (encode(name), encode(value)));
    // The base string encodes the joined list once more.
    parameters.into_iter().map(|(name, value)| (encode(&encode(&name)), value)).collect()
}

#[cfg(test)]
mod tests;
