//! The targets, one module for each reader of foreign bytes.

mod cookies;
mod csv_cells;
mod pages;
mod token_answer;
mod webhooks;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, also of its folder in `fuzz/corpus` and of its program in `fuzz/libfuzzer`.
    pub name: &'static str,
    /// Panics when a property does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    target("headers", webhooks::headers),
    target("verifier", webhooks::verifier),
    target("events", webhooks::events),
    target("explain", webhooks::explain),
    target("cookies", cookies::cookies),
    target("pages", pages::pages),
    target("token_answer", token_answer::token_answer),
    target("csv_cells", csv_cells::csv_cells),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}
