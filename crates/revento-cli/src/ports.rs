//! Binds a wanted port, or another port if that one is taken.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

/// How many ports after the wanted one are tried before any free port is taken.
const NEARBY: u16 = 20;

/// Binds 127.0.0.1 on the wanted port, on one of the next ports, or on any free port. Port 0 means any free port.
pub(crate) fn loopback(wanted: u16) -> io::Result<TcpListener> {
    candidates(wanted)
        .map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        .find(is_final)
        .unwrap_or_else(no_free_port)
}

/// Binds the same port on 127.0.0.1 and on ::1.
///
/// A browser may resolve `localhost` to either address, and must not reach another program on one of them. Without IPv6
/// there is one listener.
pub(crate) fn localhost(wanted: u16) -> io::Result<Vec<TcpListener>> {
    candidates(wanted)
        .map(both)
        .find(is_final)
        .unwrap_or_else(no_free_port)
}

/// The ports that are tried before any free port is taken.
pub(crate) fn near(wanted: u16) -> impl Iterator<Item = u16> {
    wanted..=wanted.saturating_add(NEARBY)
}

/// Binds exactly this port on 127.0.0.1 and on ::1. Port 0 means any free port.
pub(crate) fn localhost_exactly(port: u16) -> io::Result<Vec<TcpListener>> {
    match port {
        0 => localhost(0),
        port => both(port),
    }
}

fn candidates(wanted: u16) -> impl Iterator<Item = u16> {
    let nearby = (wanted != 0).then(|| near(wanted));
    // A port that is free on one address may be taken on the other. A few attempts find one that is free on both.
    nearby.into_iter().flatten().chain([0; 8])
}

fn both(port: u16) -> io::Result<Vec<TcpListener>> {
    let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = ipv4.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(ipv6) => Ok(vec![ipv4, ipv6]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![ipv4]),
    }
}

/// Whether to stop trying: another port helps only if this one is taken or reserved for root.
fn is_final<T>(bound: &io::Result<T>) -> bool {
    match bound {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
        ),
    }
}

fn no_free_port<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
}

/// The port that a listener is bound to.
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
    fn another_port_is_chosen_if_the_wanted_one_is_taken() {
        let taken = loopback(0).unwrap();
        let wanted = port(&taken).unwrap();
        assert_ne!(port(&loopback(wanted).unwrap()).unwrap(), wanted);
        let both = localhost(wanted).unwrap();
        assert_ne!(port(&both[0]).unwrap(), wanted);
    }

    #[test]
    fn localhost_has_the_same_port_on_both_addresses() {
        let listeners = localhost(0).unwrap();
        let ports: Vec<_> = listeners.iter().map(|listener| port(listener).unwrap()).collect();
        assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    }
}
