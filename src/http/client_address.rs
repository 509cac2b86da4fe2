//! Where a request came from.
//!
//! That is the peer of the connection, unless the peer is a proxy that the configuration trusts. Then it is the last
//! address in `X-Forwarded-For` that no trusted proxy has: whatever stands before it could have been written by anybody.
//! A header that cannot be read refuses the request, since guessing would let somebody choose where they seem to be.
use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
};
use ipnet::IpNet;

/// The header that proxies append the address of their client to.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request came from; in the extensions of every request that went through [`find`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// A trusted proxy's header made no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Finds out where a request came from, and notes it there.
pub(super) fn find(trusted: &[IpNet], request: &mut Request) -> Result<(), Unreadable> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if let Some(peer) = peer {
        let address = of(peer, request.headers(), trusted)?;
        request.extensions_mut().insert(ClientAddress(address));
    }
    Ok(())
}

/// Works out where a request came from.
pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Result<IpAddr, Unreadable> {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return Ok(peer);
    }
    let mut chain = Vec::new();
    for header in headers.get_all(FORWARDED_FOR) {
        for part in header.to_str().map_err(|_| Unreadable)?.split(',') {
            chain.push(read(part.trim())?);
        }
    }
    // With nothing but trusted addresses the request came from one of the proxies itself.
    Ok(chain.iter().rev().copied().find(|address| !is_trusted(address)).unwrap_or(peer))
}

/// Reads one address, with or without a port.
fn read(part: &str) -> Result<IpAddr, Unreadable> {
    let address = part.parse::<IpAddr>().ok();
    let address = address.or_else(|| part.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let bracketed = || part.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(bracketed).map(|address| address.to_canonical()).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str]) -> Result<String, Unreadable> {
        let trusted: Vec<IpNet> =
            ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        of(peer.parse().unwrap(), &headers, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_may_say_who_its_client_is() {
        let table: [(&str, &[&str], &str); 10] = [
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.2.3.4"], "203.0.113.9"),
            ("10.0.0.1", &["10.2.3.4"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("2001:db8:1::1", &["[2001:db8:2::5]:443"], "2001:db8:2::5"),
            ("10.0.0.1", &["203.0.113.9:1234"], "203.0.113.9"),
        ];
        for (peer, forwarded, expected) in table {
            assert_eq!(found(peer, forwarded).as_deref(), Ok(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for forwarded in
            ["", "unknown", "203.0.113.9,", "1.2.3.4;5", "203.0.113", "evil, 203.0.113.9"]
        {
            assert_eq!(found("10.0.0.1", &[forwarded]), Err(Unreadable), "{forwarded:?}");
            assert!(found("192.0.2.1", &[forwarded]).is_ok(), "{forwarded:?}");
        }
    }
}
