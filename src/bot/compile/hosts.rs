//! Hosts: those that a bot's lookups may ask, and the one that an address names.

use std::ops::Range;

use url::{Host, Url};

/// Why an address cannot be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) message: String,
    /// The part of the address, in bytes.
    pub(super) at: Range<usize>,
    /// The host, where it is one but not on the list.
    pub(super) wrong: Option<String>,
}

/// Whether an entry of `allow` is one: `feeds.example`, `feeds.example:8443`, `*.feeds.example`, `127.0.0.1:8090`, `[::1]`.
pub(super) fn is_entry(entry: &str) -> bool {
    let Some((host, _)) = parted(entry) else { return false };
    let host = host.strip_prefix("*.").unwrap_or(host);
    !host.is_empty() && !host.contains('*') && Host::parse(host).is_ok()
}

/// Whether an address, in which the host has to be written out, leads to an allowed host.
pub(super) fn allowed(url: &str, allow: &[String]) -> Result<(), Refused> {
    let refuse = |message: &str, at| Err(Refused { message: message.to_owned(), at, wrong: None });
    let Some(start) = ["https://", "http://"].iter().find_map(|scheme| url.starts_with(scheme).then_some(scheme.len())) else {
        return refuse("an address begins with https:// or http://", 0..url.len());
    };
    let end = start + url[start..].find(['/', '?', '#']).unwrap_or(url.len() - start);
    let host = &url[start..end];
    if host.contains('{') {
        return refuse("the host must be written out", start..end);
    }
    let parsed = Url::parse(&url[..end]).ok().filter(|url| url.username().is_empty() && url.password().is_none());
    let Some((parsed, name)) = parsed.and_then(|url| url.host_str().map(str::to_owned).map(|name| (url, name))) else {
        return refuse("this is no host", start..end);
    };
    // An entry without a port stands for the scheme's own.
    let fits = |entry: &String| {
        parted(entry).is_some_and(|(allowed, port)| port == parsed.port() && matches(allowed, &name))
            || parted(entry)
                .is_some_and(|(allowed, port)| parsed.port().is_none() && port == parsed.port_or_known_default() && matches(allowed, &name))
    };
    if allow.iter().any(fits) {
        return Ok(());
    }
    let message = format!("the host `{host}` is not on the bot's `allow` list");
    Err(Refused { message, at: start..end, wrong: Some(host.to_owned()) })
}

fn matches(allowed: &str, host: &str) -> bool {
    let (allowed, host) = (allowed.to_lowercase(), host.to_lowercase());
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.')),
        None => allowed == host,
    }
}

/// Host and port of an entry; none where the port is no number.
fn parted(entry: &str) -> Option<(&str, Option<u16>)> {
    match entry.rsplit_once(':') {
        // The colons of an address of version 6 stand in brackets.
        Some((host, port)) if !port.contains(']') => port.parse().ok().map(|port| (host, Some(port))),
        _ => Some((entry, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_from_other_texts() {
        for entry in ["feeds.example", "feeds.example:8443", "*.feeds.example", "127.0.0.1:8090", "[::1]", "[::1]:80", "localhost:1"] {
            assert!(is_entry(entry), "{entry}");
        }
        for entry in ["", "https://feeds.example", "feeds.example/", "*", "*.", "a.*.example", "feeds.example:x", "a b", "::1"] {
            assert!(!is_entry(entry), "{entry}");
        }
    }

    #[test]
    fn an_address_leads_to_an_allowed_host() {
        let allow = ["feeds.example", "shop.example:8443", "*.wild.example", "127.0.0.1:8090", "[::1]"].map(str::to_owned);
        for url in [
            "https://feeds.example",
            "http://Feeds.example/x?y={{ z }}",
            "https://feeds.example?x={{ y }}",
            "https://feeds.example:443/",
            "https://shop.example:8443/x",
            "https://a.b.wild.example/",
            "http://127.0.0.1:8090/x",
            "http://[::1]/x",
        ] {
            assert_eq!(allowed(url, &allow), Ok(()), "{url}");
        }
        for url in [
            "https://shop.example/x",
            "https://feeds.example:8443/",
            "https://wild.example/",
            "https://evilwild.example/",
            "https://feeds.example.evil/",
            "https://feeds.example{{ x }}/",
            "https://{{ host }}/",
            "{{ url }}",
            "ftp://feeds.example/",
            "feeds.example/x",
            "https:///x",
            "https://feeds.example@evil.example/",
            "https://a:b@feeds.example/",
        ] {
            assert!(allowed(url, &allow).is_err(), "{url}");
        }
    }
}
