//! The address of `--listen`: `4010`, `localhost:4010` or `0.0.0.0:4010`.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    str::FromStr,
};

use anyhow::{Context, Result};

use crate::ports;

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    /// This port of this machine, on both loopback addresses: a browser may resolve `localhost` to either.
    Localhost(u16),
    /// Exactly this address.
    Exactly(SocketAddr),
}

impl ListenAddress {
    /// Whether other machines can reach it.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Exactly(address) if !address.ip().is_loopback())
    }
}

/// Binds this port of this machine, and no other one.
pub(crate) fn bind_localhost(port: u16) -> Result<Vec<TcpListener>> {
    let bound = ports::localhost_exactly(port);
    let advice = match bound.as_ref().map_err(io::Error::kind) {
        Err(io::ErrorKind::AddrInUse) => {
            "is taken by another program; stop it, or choose another port (port 0 finds a free one)"
        }
        _ => "cannot be listened on; check that the port is allowed",
    };
    bound.with_context(|| format!("localhost:{port} {advice}"))
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = match text.rsplit_once(':') {
            None => text.parse().ok(),
            Some(("", port)) => port.parse().ok(),
            Some((host, port)) if host.eq_ignore_ascii_case("localhost") => port.parse().ok(),
            Some(_) => None,
        };
        match port {
            Some(port) => Ok(Self::Localhost(port)),
            None => text.parse().map(Self::Exactly).map_err(|_| {
                "write a port, localhost and a port, or an IP address and a port, such as 4010, localhost:4010 or 0.0.0.0:4010"
                    .to_owned()
            }),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Exactly(address) => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h22_a_port_and_localhost_are_addresses() {
        for text in ["4010", ":4010", "localhost:4010", "LOCALHOST:4010"] {
            assert_eq!(text.parse(), Ok(ListenAddress::Localhost(4010)), "{text}");
        }
        for text in ["127.0.0.1:4010", "[::1]:0", "0.0.0.0:80"] {
            assert_eq!(
                text.parse(),
                Ok(ListenAddress::Exactly(text.parse().unwrap())),
                "{text}"
            );
        }
        for text in [
            "",
            "70000",
            "localhost",
            "127.0.0.1",
            "example.com:80",
            "http://localhost:1",
            "::1",
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
        assert!("0.0.0.0:80".parse::<ListenAddress>().unwrap().is_open());
        assert!(!"80".parse::<ListenAddress>().unwrap().is_open());
    }
}
