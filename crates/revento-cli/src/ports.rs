//! Ports: the wanted one, or another when it is taken.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

/// How many ports after the wanted one are tried, before any free one will do.
const NEARBY: u16 = 20;

/// Binds 127.0.0.1 on the wanted port, on one of the next, or on any. Port 0 means any.
pub(crate) fn loopback(wanted: u16) -> io::Result<TcpListener> {
    candidates(wanted)
        .map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        .find(is_settled)
        .unwrap_or_else(none)
}

/// The same on both addresses that a browser may take `localhost` for, so that it never meets another
/// program on the other one. Without IPv6 there is one listener.
pub(crate) fn localhost(wanted: u16) -> io::Result<Vec<TcpListener>> {
    candidates(wanted).map(both).find(is_settled).unwrap_or_else(none)
}

fn candidates(wanted: u16) -> impl Iterator<Item = u16> {
    let nearby = (wanted != 0).then(|| wanted..=wanted.saturating_add(NEARBY));
    // A free port on one address may be taken on the other: a few tries find one that is free on both.
    nearby.into_iter().flatten().chain([0; 8])
}

fn both(port: u16) -> io::Result<Vec<TcpListener>> {
    let four = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = four.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(six) => Ok(vec![four, six]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![four]),
    }
}

/// Only a port that is taken, or reserved for root, is worth another try.
fn is_settled<T>(bound: &io::Result<T>) -> bool {
    match bound {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
        ),
    }
}

fn none<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port was found"))
}

/// The port that a listener got.
pub(crate) fn port(listener: &TcpListener) -> io::Result<u16> {
    listener
        .local_addr()
        .as_ref()
        .map(SocketAddr::port)
        .map_err(|error| error.kind().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_no_crash() {
        let taken = loopback(0).unwrap();
        let wanted = port(&taken).unwrap();
        assert_ne!(port(&loopback(wanted).unwrap()).unwrap(), wanted);
        let both = localhost(wanted).unwrap();
        assert_ne!(port(&both[0]).unwrap(), wanted);
    }

    #[test]
    fn localhost_is_one_port_on_every_address() {
        let listeners = localhost(0).unwrap();
        let ports: Vec<_> = listeners.iter().map(|listener| port(listener).unwrap()).collect();
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    }
}
