//! Runs all contestants in turn, in many rounds, so that a slow moment of the machine affects all alike.

use std::process::Command;

use cpu_time::ThreadTime;
use revento::Client;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{bare::Bare, clock, ours, parse::Parse, platform::Platform};

const ROUNDS: usize = 21;
/// Pages in one turn.
const PAGES: u32 = 192;
const LIMITS: [u16; 2] = [25, 50];
const CONCURRENCY: [u32; 2] = [1, 16];

/// Microseconds per page: wall-clock time, and CPU time of this thread.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: f64,
    pub cpu: f64,
}

/// One case, with the cost of each contestant.
pub struct Case {
    pub name: String,
    pub costs: Vec<(&'static str, Cost)>,
}

pub struct Findings {
    pub cases: Vec<Case>,
    /// Number of items, and peak memory in KiB.
    pub memory: [(u64, u64); 2],
}

#[derive(Clone)]
enum Contestant {
    Ours(Client),
    Bare(Bare),
}

pub fn all(runtime: &Runtime) -> Findings {
    let platform = Platform::start();
    let base = &platform.base;
    let contestants = [
        (
            "revento on reqwest",
            Contestant::Ours(runtime.block_on(ours::client(base, ours::reqwest(), "evt_free"))),
        ),
        ("bare reqwest", Contestant::Bare(Bare::reqwest())),
        (
            "revento on hyper",
            Contestant::Ours(runtime.block_on(ours::client(base, ours::hyper(), "evt_free"))),
        ),
        ("bare hyper", Contestant::Bare(Bare::hyper())),
    ];
    let mut cases: Vec<Case> = LIMITS.iter().map(|limit| parsing(*limit)).collect();
    for limit in LIMITS {
        for concurrency in CONCURRENCY {
            let turns = contestants.iter().map(|(name, contestant)| {
                let turn = || runtime.block_on(walk(contestant, base, limit, concurrency));
                (*name, Box::new(turn) as Box<dyn Fn()>)
            });
            cases.push(Case {
                name: format!("{limit}x{concurrency}"),
                costs: in_turn(turns.collect(), f64::from(PAGES)),
            });
        }
    }
    let memory = [100_000, 1_000_000].map(|items| (items, peak_memory(base, items)));
    Findings { cases, memory }
}

fn parsing(limit: u16) -> Case {
    let parse = Parse::new(limit);
    let times = 2000;
    let repeated = |work: fn(&Parse)| {
        let parse = &parse;
        Box::new(move || (0..times).for_each(|_| work(parse))) as Box<dyn Fn()>
    };
    let turns = vec![
        ("revento", repeated(Parse::ours)),
        ("serde_json", repeated(Parse::bare)),
    ];
    Case {
        name: format!("parse-{limit} ({:.1} kB)", parse.bytes() as f64 / 1000.0),
        costs: in_turn(turns, f64::from(times)),
    }
}

async fn walk(contestant: &Contestant, base: &str, limit: u16, concurrency: u32) {
    let mut walks = JoinSet::new();
    for _ in 0..concurrency {
        let pages = PAGES / concurrency;
        match contestant.clone() {
            Contestant::Ours(client) => walks.spawn(ours::walk(client, limit, pages)),
            Contestant::Bare(bare) => walks.spawn(bare.walk(base.to_owned(), limit, pages)),
        };
    }
    walks.join_all().await;
}

/// The medians.
fn in_turn(turns: Vec<(&'static str, Box<dyn Fn() + '_>)>, pages: f64) -> Vec<(&'static str, Cost)> {
    let mut samples = vec![Vec::with_capacity(ROUNDS); turns.len()];
    // The first round opens connections, so it does not count.
    for round in 0..=ROUNDS {
        for ((_, turn), samples) in turns.iter().zip(&mut samples) {
            // This thread does all the work.
            let before = ThreadTime::now();
            let wall = clock::time(turn);
            let cpu = before.elapsed().as_nanos() as f64;
            if round > 0 {
                samples.push((wall / pages / 1000.0, cpu / pages / 1000.0));
            }
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let cost = |samples: Vec<(f64, f64)>| Cost {
        wall: median(samples.iter().map(|sample| sample.0).collect()),
        cpu: median(samples.iter().map(|sample| sample.1).collect()),
    };
    turns
        .iter()
        .zip(samples)
        .map(|((name, _), samples)| (*name, cost(samples)))
        .collect()
}

/// Measures in a new process, because a peak never falls.
fn peak_memory(base: &str, items: u64) -> u64 {
    let program = std::env::current_exe().expect("a program");
    let output = Command::new(program)
        .args(["memory", base, &items.to_string()])
        .output()
        .expect("a process");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().parse().expect("a number")
}
