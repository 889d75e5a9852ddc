//! `revento-benches verify [--json]`: the nanoseconds of a verification, ours and those of other crates.

mod clock;
mod contestants;
mod message;
mod peers;
mod report;

use contestants::Contestant;
use message::Message;
use report::{Report, Row};

const SIZES: [(&str, usize); 4] = [
    ("256B", 256),
    ("1KiB", 1024),
    ("16KiB", 16 * 1024),
    ("256KiB", 256 * 1024),
];
const ROUNDS: usize = 301;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    if arguments.first().map(String::as_str) != Some("verify") {
        eprintln!("usage: revento-benches verify [--json]");
        std::process::exit(2);
    }
    let report = Report(SIZES.map(|(name, bytes)| measure(name, bytes)).into());
    if json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
}

/// Runs all contestants in turn, in many rounds, so that a slow moment of the machine affects all of them.
fn measure(name: &'static str, bytes: usize) -> Row {
    let message = Message::new(bytes, clock::unix_seconds());
    let mut contestants = contestants::all(&message);
    let repeat = (200_000 / (bytes + 256)).max(1);
    let mut nanoseconds: Vec<Vec<f64>> = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for _ in 0..ROUNDS {
        for (contestant, samples) in contestants.iter_mut().zip(&mut nanoseconds) {
            samples.push(clock::time(|| repeated(contestant, repeat)) / repeat as f64);
        }
    }
    Row {
        size: name,
        medians: contestants
            .iter()
            .zip(nanoseconds)
            .map(|(contestant, samples)| (contestant.name, median(samples)))
            .collect(),
    }
}

fn repeated(contestant: &mut Contestant, times: usize) {
    for _ in 0..times {
        assert!((contestant.run)(), "{} accepts what is signed", contestant.name);
    }
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
