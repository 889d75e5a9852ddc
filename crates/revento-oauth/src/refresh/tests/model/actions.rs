//! The actions of the model.

use std::sync::Arc;

use revento_core::Timestamp;

use super::{
    Bounds,
    world::{Answer, Doing, World, arrives_within},
};
use crate::refresh::{
    RefreshReason, Reply, Step,
    tests::sim::{Fault, Sim},
};

/// An action. Numbers name replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::refresh::tests) enum Action {
    Tick,
    Start(usize),
    /// The platform refuses the stored access token.
    StartRefused(usize),
    /// An organizer consents again.
    Consent,
    /// The replica takes its next step without a fault.
    Go(usize),
    StoreFails(usize, bool),
    /// The request reaches the platform.
    Arrive(usize),
    NeverLeaves(usize),
    /// The request or its answer is lost.
    Lose(usize),
    /// The process crashes.
    Crash(usize),
    /// The record is written without a change.
    Touch,
}

impl World {
    pub(super) fn actions(&self, bounds: &Bounds, actions: &mut Vec<Action>) {
        if self.sim.now < bounds.horizon {
            actions.push(Action::Tick);
        }
        if self.touches > 0 {
            actions.push(Action::Touch);
        }
        if self.consents > 0 {
            actions.push(Action::Consent);
        }
        for (index, replica) in self.replicas.iter().enumerate() {
            match &replica.doing {
                Doing::Nothing if replica.runs > 0 => {
                    actions.push(Action::Start(index));
                    if self.refusals > 0 {
                        actions.push(Action::StartRefused(index));
                    }
                }
                Doing::Nothing => continue,
                Doing::Step(step) => {
                    let now = Timestamp::from_unix_seconds(self.sim.now + bounds.clocks[index]);
                    let waits = matches!(&**step, Step::Wait(waiting) if waiting.until() > now);
                    if !waits {
                        actions.push(Action::Go(index));
                    }
                    if self.store_faults > 0 {
                        self.store_faults(index, step, actions);
                    }
                }
                Doing::Sending { answer, at, .. } => {
                    match answer {
                        Answer::NotThere => {
                            if self.sim.now < at + arrives_within() {
                                actions.push(Action::Arrive(index));
                            }
                            if self.losses > 0 {
                                actions.push(Action::NeverLeaves(index));
                            }
                        }
                        Answer::Issued(_) | Answer::InvalidGrant => actions.push(Action::Go(index)),
                    }
                    if self.losses > 0 {
                        actions.push(Action::Lose(index));
                    }
                }
            }
            if self.crashes > 0 && replica.doing != Doing::Nothing {
                actions.push(Action::Crash(index));
            }
        }
    }

    fn store_faults(&self, index: usize, step: &Step, actions: &mut Vec<Action>) {
        let writes = matches!(step, Step::Claim(_) | Step::Swap(_) | Step::Release(_));
        if writes || matches!(step, Step::Load(_)) {
            actions.push(Action::StoreFails(index, false));
        }
        if writes {
            actions.push(Action::StoreFails(index, true));
        }
    }

    pub(super) fn act(&mut self, bounds: &Bounds, action: Action) {
        match action {
            Action::Tick => self.sim.now += 1,
            Action::Touch => {
                self.touches -= 1;
                self.sim.store.touch();
            }
            Action::Start(index) => self.start(bounds, index, RefreshReason::TokenRequested),
            Action::StartRefused(index) => {
                self.refusals -= 1;
                let generation = self.generation();
                self.start(bounds, index, RefreshReason::TokenRejected { generation });
            }
            Action::Consent => {
                self.consents -= 1;
                self.consent();
            }
            Action::Go(index) => self.go(bounds, index),
            Action::StoreFails(index, took_effect) => {
                self.store_faults -= 1;
                let Doing::Step(step) = &self.replicas[index].doing else {
                    return;
                };
                let step = Step::clone(step);
                let step = self.at_clock(bounds, index, |sim| {
                    sim.advance(step, Fault::Store { took_effect })
                });
                self.put(index, step);
            }
            Action::Arrive(index) => {
                let Doing::Sending { in_flight, at, .. } = self.replicas[index].doing.clone() else {
                    return;
                };
                let answer = self.arrive(&in_flight);
                self.replicas[index].doing = Doing::Sending {
                    in_flight,
                    at,
                    answer,
                };
            }
            Action::NeverLeaves(index) => {
                self.losses -= 1;
                self.note_unsent(index);
                self.reply(bounds, index, |_| Reply::NeverSent);
            }
            Action::Lose(index) => {
                self.losses -= 1;
                self.unlucky |= self.is_a_pair_in_transit();
                self.reply(bounds, index, |_| Reply::Lost);
            }
            Action::Crash(index) => {
                self.crashes -= 1;
                self.unlucky |= self.is_a_pair_in_transit();
                self.replicas[index].doing = Doing::Nothing;
            }
        }
    }

    fn go(&mut self, bounds: &Bounds, index: usize) {
        match self.replicas[index].doing.clone() {
            Doing::Nothing => {}
            Doing::Sending { .. } => self.reply(bounds, index, |answer| {
                answer.read().map_or(Reply::Lost, Reply::Answered)
            }),
            Doing::Step(step) => match Arc::unwrap_or_clone(step) {
                step @ Step::Send(_) => self.send(bounds, index, step),
                step => {
                    let next = self.at_clock(bounds, index, |sim| sim.advance(step, Fault::Fine));
                    if matches!(next, Step::Send(_)) {
                        self.note_claim(bounds, index);
                    }
                    self.put(index, next);
                }
            },
        }
    }

    fn reply(&mut self, bounds: &Bounds, index: usize, reply: impl FnOnce(Answer) -> Reply) {
        let Doing::Sending {
            in_flight, answer, ..
        } = self.replicas[index].doing.clone()
        else {
            return;
        };
        let now = Timestamp::from_unix_seconds(self.sim.now + bounds.clocks[index]);
        let step = Arc::unwrap_or_clone(in_flight).replied(reply(answer), now);
        self.put(index, step);
    }

    /// By this replica's clock.
    pub(super) fn at_clock<T>(
        &mut self,
        bounds: &Bounds,
        index: usize,
        act: impl FnOnce(&mut Sim) -> T,
    ) -> T {
        let now = self.sim.now;
        self.sim.now += bounds.clocks[index];
        let done = act(&mut self.sim);
        self.sim.now = now;
        done
    }
}
