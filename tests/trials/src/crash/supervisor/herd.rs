//! The processes that are killed.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::Result;

use crate::{
    crash::{Site, point::Point},
    ledger::Ledger,
    random::Random,
};

/// The number of processes that run at the same time.
const SIZE: usize = 5;
/// How long the processes refresh after each jump of the clock.
const RUSH: Duration = Duration::from_millis(700);

#[derive(Debug)]
pub(super) struct Herd {
    site: String,
    program: std::path::PathBuf,
    members: Vec<Member>,
    next: u32,
    /// How many more processes are killed before the next pause.
    pub(super) budget: u64,
    random: Random,
}

#[derive(Debug)]
struct Member {
    number: u32,
    child: Child,
    point: Option<Point>,
    killed: bool,
}

impl Herd {
    pub(super) fn new(site: &Site, seed: u64) -> Result<Self> {
        Ok(Self {
            site: serde_json::to_string(site)?,
            program: std::env::current_exe()?,
            members: Vec::new(),
            next: 1,
            budget: 0,
            random: Random::new(seed ^ 0xdead),
        })
    }

    /// Reaps and replaces dead processes, and kills some at random.
    pub(super) fn tend(&mut self, ledger: &Ledger, into_cycle: Duration) -> Result<()> {
        let mut index = 0;
        while let Some(member) = self.members.get_mut(index) {
            match member.child.try_wait()? {
                Some(status) => {
                    let member = self.members.swap_remove(index);
                    member.bury(ledger, status);
                }
                None => index += 1,
            }
        }
        while self.members.len() < SIZE {
            self.raise()?;
        }
        // Most of what there is to hit is at the beginning.
        let chance = if into_cycle < RUSH { 10 } else { 1 };
        if self.budget > 0 && self.random.chance(chance) {
            let victim = usize::try_from(self.random.below(SIZE as u64))?;
            if let Some(member) = self.members.get_mut(victim).filter(|member| !member.killed) {
                self.budget -= 1;
                member.killed = true;
                member.child.kill()?;
            }
        }
        Ok(())
    }

    fn raise(&mut self) -> Result<()> {
        let number = self.next;
        self.next += 1;
        let point = if self.budget > 0 && self.random.chance(70) {
            self.budget -= 1;
            self.random.pick(&Point::ALL).copied()
        } else {
            None
        };
        let mut command = Command::new(&self.program);
        command.args(["worker", "--site", &self.site]);
        command.args(["--number", &number.to_string()]);
        command.args(["--seed", &self.random.next().to_string()]);
        if let Some(point) = point {
            let time = 1 + self.random.below(3);
            command.args(["--point", point.name(), "--time", &time.to_string()]);
        }
        self.members.push(Member {
            number,
            child: command.spawn()?,
            point,
            killed: false,
        });
        Ok(())
    }

    /// Ends all processes without counting them as killed.
    pub(super) fn end(&mut self, ledger: &Ledger) {
        for mut member in self.members.drain(..) {
            let _ = member.child.kill();
            let _ = member.child.wait();
            ledger.is_gone(member.number);
        }
    }
}

impl Member {
    fn bury(self, ledger: &Ledger, status: ExitStatus) {
        use std::os::unix::process::ExitStatusExt as _;

        match (status.signal(), self.point) {
            (Some(9), _) if self.killed => ledger.died(self.number, "at random"),
            (Some(9), Some(point)) => ledger.died(self.number, point.name()),
            _ => {
                println!("process {} ended by itself: {status}", self.number);
                ledger.tally(|tally| tally.gave_up += 1);
            }
        }
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}
