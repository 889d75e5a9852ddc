//! Prints a table, or ratios in JSON.

use crate::measure::{Case, Cost, Findings};

/// The pairs that are compared.
const PAIRS: [(&str, &str); 3] = [
    ("revento", "serde_json"),
    ("revento on reqwest", "bare reqwest"),
    ("revento on hyper", "bare hyper"),
];

pub fn print(findings: &Findings, json: bool) {
    if json {
        println!("{}", ratios(findings));
    } else {
        table(findings);
    }
}

/// `client.<case>.<peer>`: our time divided by the peer's; with `-cpu` after the case, the process's own time.
fn ratios(findings: &Findings) -> serde_json::Value {
    let mut all = serde_json::Map::new();
    for case in &findings.cases {
        let name = case.name.split(' ').next().unwrap_or_default();
        for (ours, peer) in pairs(case) {
            let key = peer.0.replace(' ', "-");
            all.insert(format!("client.{name}.{key}"), rounded(ours.1.wall / peer.1.wall));
            all.insert(
                format!("client.{name}-cpu.{key}"),
                rounded(ours.1.cpu / peer.1.cpu),
            );
        }
    }
    let [(_, few), (_, many)] = findings.memory;
    all.insert(
        "client.memory-1000000.100000-items".into(),
        rounded(many as f64 / few as f64),
    );
    all.into()
}

fn rounded(ratio: f64) -> serde_json::Value {
    serde_json::json!((ratio * 1000.0).round() / 1000.0)
}

type Named = (&'static str, Cost);

fn pairs(case: &Case) -> impl Iterator<Item = (Named, Named)> {
    let find = |name: &str| case.costs.iter().find(|cost| cost.0 == name).copied();
    PAIRS
        .iter()
        .filter_map(move |(ours, peer)| Some((find(ours)?, find(peer)?)))
}

fn table(findings: &Findings) {
    println!("| µs per page | | wall | CPU |\n|---|---|---|---|");
    for case in &findings.cases {
        for (ours, peer) in pairs(case) {
            for (name, cost) in [ours, peer] {
                println!(
                    "| {} | {name} | {:.1} ({:.2}) | {:.1} ({:.2}) |",
                    case.name,
                    cost.wall,
                    ours.1.wall / cost.wall,
                    cost.cpu,
                    ours.1.cpu / cost.cpu
                );
            }
        }
    }
    for (items, kib) in findings.memory {
        println!(
            "a stream over {items} participants: at most {:.1} MiB",
            kib as f64 / 1024.0
        );
    }
}
