//! The host names under which a sandbox may be called.
//!
//! A page of another site can point its own name at this machine (DNS rebinding). A browser then lets the page call the
//! sandbox, but the `Host` of such a call is the name of that site. So the sandbox answers only for names that it knows.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// The names and addresses that a `Host` may have, besides loopback ones, which are always allowed.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl AllowedHosts {
    /// The names of a machine: its host name, the first label of it, and that label in mDNS.
    pub(crate) fn of_machine(hostname: &str) -> Self {
        let mut hosts = Self::default();
        let label = hostname.split('.').next().unwrap_or_default();
        if !label.is_empty() {
            hosts.add(hostname);
            hosts.add(label);
            hosts.add(&format!("{label}.local"));
        }
        hosts
    }

    /// Adds a name or an address, with or without a port. False if it is neither.
    pub(crate) fn add(&mut self, host: &str) -> bool {
        let name = name_of(host);
        if let Ok(address) = name.parse::<IpAddr>() {
            self.addresses.insert(address.to_canonical());
            return true;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let port = host.split_once(':').map_or("", |(_, port)| port);
        let usable = !name.is_empty() && name.chars().all(plain) && port.chars().all(|c| c.is_ascii_digit());
        if usable {
            self.names.insert(name.to_ascii_lowercase());
        }
        usable
    }

    /// Whether a request with this `Host` is answered. `reached` is the address of this machine at which it arrived.
    pub(crate) fn allows(&self, host: &str, reached: Option<IpAddr>) -> bool {
        let name = name_of(host);
        if let Ok(address) = name.parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback()
                || self.addresses.contains(&address)
                || reached.map(|ip| ip.to_canonical()) == Some(address);
        }
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || self.names.contains(&name)
    }
}

/// The name or address in a `Host`: without the port, brackets and the dot of the root.
fn name_of(host: &str) -> &str {
    if host.parse::<IpAddr>().is_ok() {
        return host;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h21_only_known_names_are_allowed() {
        let mut hosts = AllowedHosts::of_machine("Dev-Box.office.example");
        assert!(hosts.add("sandbox.internal:4010") && hosts.add("10.1.2.3") && hosts.add("[fd00::1]:80"));
        for bad in ["", ":4010", "a b", "http://x", "*.example"] {
            assert!(!hosts.add(bad), "{bad}");
        }
        let reached: IpAddr = "::ffff:192.168.7.8".parse().unwrap();
        for good in [
            "localhost",
            "LOCALHOST.:4010",
            "app.localhost:80",
            "127.0.0.1:4010",
            "127.9.9.9",
            "[::1]:4010",
            "::1",
            "dev-box",
            "Dev-Box.local",
            "dev-box.office.example.",
            "sandbox.internal",
            "10.1.2.3:99",
            "[fd00::1]",
            "192.168.7.8:4010",
        ] {
            assert!(hosts.allows(good, Some(reached)), "{good}");
        }
        for bad in [
            "rebound.example",
            "localhost.example",
            "notlocalhost",
            "127.0.0.1.example",
            "office.example",
            "x.sandbox.internal",
            "192.168.7.9",
            "0.0.0.0",
            "",
        ] {
            assert!(!hosts.allows(bad, Some(reached)), "{bad}");
        }
        assert!(!hosts.allows("192.168.7.8", None));
    }
}
