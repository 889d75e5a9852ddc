//! The scripts. The server runs each one as a whole.

use redis::Script;

/// The scripts, to be called by their hash.
#[derive(Debug, Clone)]
pub(crate) struct Scripts {
    pub(crate) create: Script,
    pub(crate) swap: Script,
    pub(crate) claim: Script,
    pub(crate) release: Script,
    pub(crate) remove: Script,
    pub(crate) budget: Script,
    pub(crate) take: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            create: Script::new(include_str!("scripts/create.lua")),
            swap: Script::new(include_str!("scripts/swap.lua")),
            claim: Script::new(include_str!("scripts/claim.lua")),
            release: Script::new(include_str!("scripts/release.lua")),
            remove: Script::new(include_str!("scripts/remove.lua")),
            budget: Script::new(include_str!("scripts/budget.lua")),
            take: Script::new(include_str!("scripts/take.lua")),
        }
    }
}
