//! Many runs, replicas and faults in random order. The model checks each order; these properties check real durations, and
//! longer runs.

use proptest::{collection::vec, prelude::*, test_runner::Config};
use revento_core::ConnectionStatus;

use super::sim::{Fault, Sim, given, name};
use crate::refresh::Step;

#[derive(Debug, Clone)]
enum Act {
    Start(usize),
    Go(usize, Fault),
    Crash(usize),
    Pass(i64),
    Touch,
}

fn act() -> impl Strategy<Value = Act> {
    let fault = prop_oneof![
        8 => Just(Fault::Fine),
        1 => any::<bool>().prop_map(|took_effect| Fault::Store { took_effect }),
        1 => Just(Fault::NeverSent),
        1 => Just(Fault::Lost { arrived: false }),
    ];
    prop_oneof![
        3 => (0..3usize).prop_map(Act::Start),
        20 => (0..3usize, fault).prop_map(|(replica, fault)| Act::Go(replica, fault)),
        1 => (0..3usize).prop_map(Act::Crash),
        4 => prop_oneof![0..3i64, 0..70i64, 0..4000i64].prop_map(Act::Pass),
        1 => Just(Act::Touch),
    ]
}

/// Whether a crash at this step loses the only copy of a pair.
fn holds_a_pair(sim: &Sim, step: &Step) -> bool {
    sim.platform.current > sim.connection().generation && !matches!(step, Step::Done(_))
}

proptest! {
    #![proptest_config(Config { cases: 1024, failure_persistence: None, ..Config::default() })]

    /// No connection is lost unless a pair is lost between the platform and the store.
    #[test]
    fn t3_nothing_that_spares_the_pair_ends_a_connection(acts in vec(act(), 1..200)) {
        let mut sim = Sim::before_its_end(700);
        let mut replicas: [Option<Step>; 3] = [None, None, None];
        for act in acts {
            match act {
                Act::Start(replica) if replicas[replica].is_none() => replicas[replica] = Some(sim.start()),
                Act::Go(replica, fault) => {
                    let now = sim.now;
                    let sends = sim.platform.calls;
                    replicas[replica] = match replicas[replica].take() {
                        Some(step) => match sim.advance(step, fault) {
                            Step::Done(outcome) => {
                                prop_assert!(given(&outcome) <= Some(sim.connection().generation));
                                None
                            }
                            step => Some(step),
                        },
                        None => None,
                    };
                    prop_assert!(sim.platform.calls <= sends + 1);
                    sim.now = sim.now.max(now);
                }
                Act::Crash(replica) => {
                    if replicas[replica].as_ref().is_some_and(|step| !holds_a_pair(&sim, step)) {
                        replicas[replica] = None;
                    }
                }
                // No process is paused for long between an answer and the store.
                Act::Pass(seconds) if sim.platform.current == sim.connection().generation => sim.now += seconds,
                Act::Touch => sim.store.touch(),
                Act::Start(_) | Act::Pass(_) => {}
            }
            prop_assert!(!sim.platform.revoked, "a refresh token was sent twice");
            prop_assert!(sim.connection().status.is_live());
        }
        // In the end the store has the newest pair.
        for step in replicas.into_iter().flatten() {
            prop_assert_ne!(name(&step), "done");
            sim.finish(step);
        }
        sim.now += 4000;
        let last = sim.run();
        prop_assert_eq!(given(&last), Some(sim.platform.current));
        prop_assert_eq!(&sim.connection().status, &ConnectionStatus::Connected);
        prop_assert!(!sim.platform.revoked);
    }
}
