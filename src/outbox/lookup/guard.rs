//! Keeps lookups from what is nobody's business: the machine itself and the networks behind it.
//!
//! The check sits in the resolver of the connection itself. There is no second look-up that could give another answer, so a name that
//! changes its address between check and connection gains nothing.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::model::HostRule;

/// Looks names up.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of a name.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Looks names up as the system does.
pub(super) struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A resolver that refuses private addresses, but for those that the author of the bot named.
pub(super) struct Guard {
    resolver: Arc<dyn Resolver>,
    named: BTreeSet<IpAddr>,
}

/// A name has an address that must not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private address")]
pub(super) struct PrivateAddress;

impl Guard {
    pub(super) fn new(resolver: Arc<dyn Resolver>, named: BTreeSet<IpAddr>) -> Self {
        Guard { resolver, named }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, named) = (self.resolver.clone(), self.named.clone());
        Box::pin(async move {
            let addresses = resolver.resolve(name.as_str()).await?;
            // One private address among public ones is no accident: the whole name is refused.
            if !addresses.iter().all(|address| may_be_asked(name.as_str(), *address, &named)) {
                return Err(PrivateAddress.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The private addresses that the entries of an allow list name themselves, for the port of `url`.
pub(super) fn named_by(rules: &[HostRule], url: &Url) -> BTreeSet<IpAddr> {
    rules.iter().filter_map(|rule| rule.address_for(url)).filter(|address| !is_public(*address)).collect()
}

/// A loopback name got here because it is on the list, and is good for loopback addresses only.
fn may_be_asked(name: &str, address: IpAddr, named: &BTreeSet<IpAddr>) -> bool {
    let name = name.trim_end_matches('.');
    let loopback = name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    if loopback { address.to_canonical().is_loopback() } else { is_public(address) || named.contains(&address) }
}

/// Whether an address is somebody's on the open internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // This network, private, this machine, multicast, reserved, broadcast.
        [0 | 10 | 127 | 224..=255, ..] => false,
        // Shared by a provider's customers; one cloud's metadata are here.
        [100, 64..=127, ..] => false,
        // Link-local; the metadata of most clouds are here.
        [169, 254, ..] => false,
        [172, 16..=31, ..] | [192, 168, ..] => false,
        // Protocol assignments, documentation, the way to IPv6 that was given up.
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] => false,
        // Benchmarks.
        [198, 18 | 19, ..] => false,
        // A public address that another cloud uses for its metadata.
        [168, 63, 129, 16] => false,
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // A translator's IPv4 address: the only way to the old internet from networks that have only the new one.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // Protocol assignments, tunnels with an IPv4 address in them, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out at all; no loopback, link-local, unique local or multicast is among it.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(address: &str) -> IpAddr {
        address.parse().unwrap_or_else(|_| panic!("{address}"))
    }

    #[test]
    fn private_addresses_are_known_in_all_their_forms() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "2002:808:808::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(!is_public(ip(private)), "{private}");
        }
        for public in [
            "1.1.1.1",
            "9.9.9.9",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_public(ip(public)), "{public}");
        }
    }

    #[test]
    fn a_loopback_name_is_good_for_loopback_only() {
        let none = BTreeSet::new();
        assert!(may_be_asked("localhost", ip("127.0.0.1"), &none) && may_be_asked("a.LOCALHOST.", ip("::1"), &none));
        assert!(!may_be_asked("localhost", ip("10.0.0.1"), &none) && !may_be_asked("localhost", ip("1.1.1.1"), &none));
        assert!(!may_be_asked("notlocalhost", ip("127.0.0.1"), &none));
        let rules = ["10.0.0.1", "10.0.0.3:81", "1.1.1.1", "feeds.example"].map(|entry| HostRule::parse(entry).expect("an entry"));
        let named = named_by(&rules, &Url::parse("https://feeds.example/").expect("a URL"));
        assert_eq!(named, BTreeSet::from([ip("10.0.0.1")]));
        assert!(may_be_asked("feeds.example", ip("10.0.0.1"), &named) && !may_be_asked("feeds.example", ip("10.0.0.2"), &named));
    }
}
