//! Which hosts a bot may ask: the entries of its `allow` list.

use std::net::IpAddr;

use url::{Host, Url};

/// One entry: a name, `*.` and a name, or an address; with a port, or for the port of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    host: Host<String>,
    subdomains: bool,
    port: Option<u16>,
}

impl HostRule {
    /// Reads `feeds.example`, `*.feeds.example:8443`, `127.0.0.1:8090`, `[::1]:80`, `::1`; `None` for anything else.
    pub fn parse(entry: &str) -> Option<Self> {
        let (entry, subdomains) = match entry.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (entry, false),
        };
        let (host, port) = split_port(entry)?;
        let host = match host.parse() {
            Ok(address) => Host::Ipv6(address),
            Err(_) => plain(Host::parse(host).ok()?),
        };
        let valid = match &host {
            Host::Domain(name) => !name.is_empty() && !name.contains('*'),
            Host::Ipv4(_) | Host::Ipv6(_) => !subdomains,
        };
        valid.then_some(HostRule { host, subdomains, port })
    }

    /// Whether it covers an address to be asked.
    pub fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host().filter(|_| self.takes_port_of(url)) else { return false };
        match (&self.host, plain(host.to_owned())) {
            (Host::Domain(known), Host::Domain(name)) if self.subdomains => {
                name.strip_suffix(known.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            (known, host) => *known == host,
        }
    }

    /// The address that it names itself, for the port of `url`: whoever lists one means it, however private it is.
    pub fn address_for(&self, url: &Url) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(address) if self.takes_port_of(url) => Some(address.into()),
            Host::Ipv6(address) if self.takes_port_of(url) => Some(address.into()),
            Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }

    fn takes_port_of(&self, url: &Url) -> bool {
        match self.port {
            Some(port) => url.port_or_known_default() == Some(port),
            // The parser drops a port that is the scheme's own.
            None => url.port().is_none(),
        }
    }
}

/// A name without the dot at its end, which changes nothing.
fn plain(host: Host<String>) -> Host<String> {
    match host {
        Host::Domain(name) => Host::Domain(name.strip_suffix('.').map(str::to_owned).unwrap_or(name)),
        address => address,
    }
}

/// A port follows the last colon, unless that is one of an IPv6 address.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => Some((host, Some(port.parse().ok()?))),
        _ => Some((entry, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(entry: &str, url: &str) -> bool {
        HostRule::parse(entry).expect("an entry").covers(&Url::parse(url).expect("a URL"))
    }

    #[test]
    fn an_entry_covers_its_host_and_no_other() {
        for (entry, url) in [
            ("feeds.example", "https://feeds.example/a?b=c"),
            ("feeds.example", "http://FEEDS.example:80/"),
            ("Feeds.Example.", "https://feeds.example./"),
            ("feeds.example:8443", "https://feeds.example:8443/"),
            ("feeds.example:443", "https://feeds.example/"),
            ("*.example", "https://a.b.example/"),
            ("*.feeds.example:81", "http://a.feeds.example:81/"),
            ("bücher.example", "https://xn--bcher-kva.example/"),
            ("127.0.0.1:8090", "http://127.0.0.1:8090/feed/snow"),
            ("127.0.0.1", "http://2130706433/"),
            ("[::1]:80", "http://[::1]/"),
            ("::1", "http://[0:0::1]/"),
            ("localhost:81", "http://localhost:81/"),
        ] {
            assert!(covers(entry, url), "{entry} {url}");
        }
        for (entry, url) in [
            ("feeds.example", "https://feeds.example:8443/"),
            ("feeds.example", "https://feeds.example.evil.example/"),
            ("feeds.example", "https://feeds.example@evil.example/"),
            ("feeds.example", "https://a.feeds.example/"),
            ("feeds.example:8443", "https://feeds.example/"),
            ("*.feeds.example", "https://feeds.example/"),
            ("*.feeds.example", "https://evilfeeds.example/"),
            ("*.feeds.example", "https://.feeds.example/"),
            ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
            ("127.0.0.1", "http://localhost/"),
        ] {
            assert!(!covers(entry, url), "{entry} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_no_entry() {
        for entry in
            ["", "*", "*.", ".", "a b", "https://a.example", "a.example/b", "a.example:99999", "a:b", "*.10.0.0.1", "*.[::1]", "1.2.3.4.5"]
        {
            assert_eq!(HostRule::parse(entry), None, "{entry}");
        }
    }
}
