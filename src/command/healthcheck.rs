//! `latchkey healthcheck`: asks the server on this machine whether it is ready.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Failure;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Asks the server on this machine whether it is ready.
pub(super) async fn healthcheck(config: &Config) -> Result<(), Failure> {
    let address = reachable(config.listen);
    let answer = timeout(PATIENCE, ask(address))
        .await
        .map_err(|_| Failure::Failed(format!("no answer from {address}")))?
        .map_err(|failure| Failure::Failed(format!("{address}: {failure}")))?;
    if answer.starts_with("HTTP/1.1 200 ") {
        println!("ready");
        return Ok(());
    }
    let body = answer.split_once("\r\n\r\n").map_or(answer.as_str(), |(_, body)| body);
    Err(Failure::Failed(format!("not ready: {}", body.trim())))
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A server that listens on every address is reached through the loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
