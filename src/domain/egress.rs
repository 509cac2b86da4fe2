//! Which addresses Latchkey may call: only those that an operator has configured, and of those none that leads back inside
//! unless the operator allowed it for that very entry.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// What an operator allowed for one entry, beyond public addresses over TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// This machine and private networks.
    pub private_networks: bool,
    /// Without TLS.
    pub plain_http: bool,
}

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error("it is no address such as https://chat.example.org/hooks/1")]
    Unreadable,
    /// It is neither HTTPS nor HTTP.
    #[error("only https:// addresses are called")]
    Scheme,
    /// It is not encrypted.
    #[error("it is not https://, and allow_http is not set for it")]
    PlainHttp,
    /// It carries a name or a password, which would be sent to whoever answers.
    #[error("a name and a password do not belong into an address")]
    Credentials,
    /// It leads where nobody is called.
    #[error("{0} is {1}, and is never called")]
    Never(IpAddr, &'static str),
    /// It leads inside.
    #[error("{0} is {1}, and allow_private_networks is not set for it")]
    Inside(IpAddr, &'static str),
    /// It is this machine by name.
    #[error("it is this machine, and allow_private_networks is not set for it")]
    ThisMachine,
}

/// Reads an address and judges all of it that can be judged before its name is looked up.
pub fn judge_url(text: &str, allowance: Allowance) -> Result<Url, Refusal> {
    // The parser drops these; whoever wrote them meant something else.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Refusal::Unreadable);
    }
    let url = Url::parse(text).map_err(|_| Refusal::Unreadable)?;
    match url.scheme() {
        "https" => {}
        "http" if allowance.plain_http => {}
        "http" => return Err(Refusal::PlainHttp),
        _ => return Err(Refusal::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    match url.host() {
        None => return Err(Refusal::Unreadable),
        // Literals are judged here, since nobody looks them up.
        Some(Host::Ipv4(address)) => judge_address(address.into(), allowance)?,
        Some(Host::Ipv6(address)) => judge_address(address.into(), allowance)?,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost");
            if local && !allowance.private_networks {
                return Err(Refusal::ThisMachine);
            }
        }
    }
    Ok(url)
}

/// Judges one address that a name leads to.
pub fn judge_address(address: IpAddr, allowance: Allowance) -> Result<(), Refusal> {
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Inside(_) if allowance.private_networks => Ok(()),
        Reach::Inside(what) => Err(Refusal::Inside(address, what)),
        Reach::Nowhere(what) => Err(Refusal::Never(address, what)),
    }
}

enum Reach {
    Public,
    Inside(&'static str),
    Nowhere(&'static str),
}

const METADATA: &str = "where a cloud keeps the secrets of its machines";
const RESERVED: &str = "an address that is nobody's";
const TUNNEL: &str = "another address in disguise";

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [169, 254, 169 | 170, _] | [100, 100, 100, 200] | [168, 63, 129, 16] => {
            Reach::Nowhere(METADATA)
        }
        [0, ..] => Reach::Nowhere("no address at all"),
        [224..=239, ..] => Reach::Nowhere("a multicast address"),
        [240..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Nowhere(RESERVED),
        [127, ..] => Reach::Inside("this machine"),
        [169, 254, ..] => Reach::Inside("a link-local address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            Reach::Inside("in a private network")
        }
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Nowhere("no address at all"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Inside("this machine"),
        // Addresses of the old kind, written as new ones or translated on the way, are judged as what they are.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        [0 | 0x2002, ..] | [0x64, 0xff9b, ..] | [0x2001, 0, ..] => Reach::Nowhere(TUNNEL),
        [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] => Reach::Nowhere(METADATA),
        [0xff00..=0xffff, ..] => Reach::Nowhere("a multicast address"),
        [0xfe80..=0xfebf, ..] => Reach::Inside("a link-local address"),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Reach::Inside("in a private network"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Nowhere(RESERVED),
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Nowhere(RESERVED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Allowance = Allowance { private_networks: false, plain_http: false };
    const PLAIN: Allowance = Allowance { private_networks: false, plain_http: true };
    const INSIDE: Allowance = Allowance { private_networks: true, plain_http: true };

    #[test]
    fn public_addresses_over_tls_are_called() {
        for url in [
            "https://hooks.slack.com/services/T/B/x",
            "https://chat.example.org:8443/hooks/1?a=b",
            "https://93.184.216.34/",
            "https://[2606:2800:220:1:248:1893:25c8:1946]/",
            "https://[64:ff9b::5db8:d822]/",
            "https://bücher.example/",
            "HTTPS://Chat.Example.ORG/",
        ] {
            assert!(judge_url(url, NOTHING).is_ok(), "{url}");
        }
    }

    #[test]
    fn no_spelling_of_an_address_inside_gets_through() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7f000001",
            "0x7f.0x0.0x0.0x1",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "127.255.255.254",
            "１２７.0.0.1",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "10.0.0.1",
            "10.1",
            "0x0a000001",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "3232235521",
            "100.64.0.1",
            "169.254.1.1",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "ⓛocalhost",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:10.0.0.1]",
            "[::ffff:192.168.1.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[fe80::1]",
            "[febf::1]",
            "[fec0::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
        ] {
            let url = format!("https://{host}/");
            let refusal = judge_url(&url, PLAIN).unwrap_err();
            assert!(matches!(refusal, Refusal::Inside(..) | Refusal::ThisMachine), "{url}");
            assert!(judge_url(&url, INSIDE).is_ok(), "an operator may allow {url}");
        }
    }

    #[test]
    fn some_addresses_are_never_called_whatever_an_operator_allows() {
        for host in [
            "0.0.0.0",
            "0",
            "0x0",
            "0.1.2.3",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "0251.0376.0251.0376",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::ffff:0.0.0.0]",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::169.254.169.254]",
            "[64:ff9b:1::10.0.0.1]",
            "[::127.0.0.1]",
            "[::a00:1]",
            "[::ffff:0:10.0.0.1]",
            "[2002:7f00:1::]",
            "[2002:a9fe:a9fe::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[100::1]",
            "[fd00:ec2::254]",
            "[fd20:ce::254]",
            "[ff02::1]",
            "[4000::1]",
        ] {
            let url = format!("https://{host}/");
            assert!(matches!(judge_url(&url, INSIDE), Err(Refusal::Never(..))), "{url}");
        }
    }

    #[test]
    fn only_tls_unless_it_is_allowed_and_never_anything_else() {
        assert_eq!(judge_url("http://example.org/", NOTHING), Err(Refusal::PlainHttp));
        assert!(judge_url("http://example.org/", PLAIN).is_ok());
        for url in ["ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "data:,x"]
        {
            assert_eq!(judge_url(url, INSIDE), Err(Refusal::Scheme), "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for url in [
            "",
            "example.org",
            "//example.org/",
            "https://",
            "https:///",
            "https://[::1",
            "https://[fe80::1%25eth0]/",
            "https://exa mple.org/",
            "https://example.org/\r\nHost: a",
            "https://1.2.3.4.5/",
            "https://256.1.1.1/",
        ] {
            assert_eq!(judge_url(url, INSIDE), Err(Refusal::Unreadable), "{url}");
        }
        for url in [
            "https://user@example.org/",
            "https://user:word@example.org/",
            "https://example.org@127.0.0.1/",
            "https://:word@example.org/",
        ] {
            assert_eq!(judge_url(url, INSIDE), Err(Refusal::Credentials), "{url}");
        }
    }
}
