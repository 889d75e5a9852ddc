//! Whose types our signatures may show. A crate enters with its reason.

use std::collections::BTreeSet;

/// The vocabulary that everybody shares, and the language itself (`serde_core` is where serde's traits live).
const EVERYWHERE: &[&str] = &[
    "alloc",
    "bytes",
    "core",
    "futures_core",
    "http",
    "serde",
    "serde_core",
    "std",
];

/// An adapter shows the framework that it adapts to. A rule without a user is a complaint.
const RULES: &[(&str, &[&str])] = &[
    ("revento-actix", &["actix_http", "actix_service", "actix_web"]),
    ("revento-axum", &["axum_core", "tower_layer", "tower_service"]),
    // The conversions of `Timestamp`, each behind a feature.
    ("revento-core", &["chrono", "jiff", "time"]),
    // Bodies are part of what a tower service for HTTP is.
    (
        "revento-tower",
        &["http_body", "http_body_util", "tower_layer", "tower_service"],
    ),
    // `collect_limited` reads any body; `tower_service` is behind the feature `tower`.
    ("revento-transport", &["http_body", "tower_service"]),
    // `Zeroizing` is a promise that a caller can see: what is in it is wiped. It stands in for a type of ours until
    // sealers have one.
    ("revento-seal", &["zeroize"]),
    ("revento-store", &["zeroize"]),
];

/// A rule that was needed: our library, and the crate that it shows.
pub(super) type Use = (&'static str, &'static str);

/// The rule by which `library` may show types of `krate`; `None` when there is none.
pub(super) fn allows(library: &str, krate: &str) -> Option<Use> {
    let ours = || (krate == "revento" || krate.starts_with("revento_")).then_some(("", ""));
    let shared = || EVERYWHERE.contains(&krate).then_some(("", ""));
    let adapted = || {
        let (name, shown) = RULES.iter().find(|(name, _)| *name == library)?;
        let shown = shown.iter().find(|shown| **shown == krate)?;
        Some((*name, *shown))
    };
    ours().or_else(shared).or_else(adapted)
}

/// Complaints about rules that nobody needs any more.
pub(super) fn unused(seen: &BTreeSet<Use>) -> Vec<String> {
    let all = RULES
        .iter()
        .flat_map(|(name, shown)| shown.iter().map(move |shown| (*name, *shown)));
    all.filter(|rule| !seen.contains(rule))
        .map(|(library, krate)| {
            format!("{library} may show types of {krate}, and does not: take the rule away")
        })
        .collect()
}
