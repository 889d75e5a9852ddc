//! The machine under a model checker: each order of steps, faults, crashes and ticks of the clock, for two and three replicas,
//! within bounds.
//!
//! The replicas take the same steps as `revento-api`. The rest of the world is simulated: a store that keeps the rules of
//! `TokenStore` (or, in the controls, breaks one), a platform that rotates tokens and detects reuse, a network that loses
//! requests and answers. A request arrives while its sender waits for it, or never.
//!
//! `cargo xtask model` searches further than a test run.

mod actions;
mod controls;
mod holds;
mod world;

use stateright::{Model, Property};

use super::sim::Rules;
use actions::Action;
use world::World;

/// The bounds of the state space.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// How far the clock of each replica is ahead. One entry for each replica.
    pub(super) clocks: Vec<i64>,
    /// How often each replica is asked for a token.
    pub(super) runs: u8,
    /// When the world begins. The access token ends at 3.
    pub(super) start: i64,
    /// When the world ends.
    pub(super) horizon: i64,
    pub(super) crashes: u8,
    pub(super) losses: u8,
    pub(super) store_faults: u8,
    pub(super) touches: u8,
    /// How often the platform refuses an access token that is valid by all clocks.
    pub(super) refusals: u8,
    /// How often an organizer consents again.
    pub(super) consents: u8,
    pub(super) rules: Rules,
    /// Whether a holder checks the clock before it sends. Only a control switches this off.
    pub(super) looks_at_the_clock: bool,
}

impl Bounds {
    pub(super) fn replicas(count: usize) -> Self {
        Self {
            clocks: vec![0; count],
            runs: 1,
            start: 1,
            horizon: 4,
            crashes: 0,
            losses: 0,
            store_faults: 0,
            touches: 0,
            refusals: 0,
            consents: 0,
            rules: Rules::default(),
            looks_at_the_clock: true,
        }
    }
}

/// The properties, by name.
pub(super) const SENT_TWICE: &str = "t1 no refresh token is sent twice outside the in-doubt rule";
pub(super) const RACED: &str = "t1 no refresh token is sent while it is under way";
pub(super) const USED_EARLY: &str = "t2 no access token is used before its pair is stored";
pub(super) const ENDED_UNSPENT: &str = "t3 no connection ends while its refresh token is unspent";
pub(super) const PAIR_LOST: &str = "t2 no pair that came is lost, unless its process is";

impl Model for Bounds {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, state: &World, actions: &mut Vec<Action>) {
        state.actions(self, actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut next = last.clone();
        next.act(self, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(SENT_TWICE, |_, world: &World| !world.sent_twice),
            Property::always(RACED, |_, world: &World| !world.raced),
            Property::always(USED_EARLY, |_, world: &World| !world.used_early),
            Property::always(ENDED_UNSPENT, |_, world: &World| !world.has_ended_unspent()),
            Property::always(PAIR_LOST, |_, world: &World| !world.has_lost_a_pair()),
            // The state space is not empty.
            Property::sometimes("a refresh", |_, world: &World| world.generation() == 2),
            Property::sometimes("a wait ends in the other's token", |_, world: &World| {
                world.waited
            }),
        ]
    }
}
