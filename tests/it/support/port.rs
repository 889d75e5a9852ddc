//! A port for a program that cannot choose one itself.

use std::net::{Ipv4Addr, TcpListener};

/// A port of this machine that nobody used just now.
pub(crate) fn free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
