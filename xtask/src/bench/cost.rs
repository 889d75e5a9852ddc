//! Measures a minimal verifier program: crates, CPU time of a cold build, stripped size.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::cpu;
use crate::process;
use crate::workspace::{cargo, root, target_directory};

/// Number of builds of a small program.
const ROUNDS: usize = 3;
/// The most crates of a small program.
const SMALL: usize = 20;

struct Program {
    name: &'static str,
    dependencies: String,
    main: &'static str,
}

struct Cost {
    crates: usize,
    seconds: f64,
    bytes: u64,
}

type Number = fn(&Cost) -> f64;

const NUMBERS: [(&str, Number); 3] = [
    ("crates", |cost| cost.crates as f64),
    ("seconds", |cost| cost.seconds),
    ("bytes", |cost| cost.bytes as f64),
];

const OURSELVES: &str = "revento-webhooks";

const BY_HAND: &str = r#"
use hmac::{Hmac, KeyInit, Mac};
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(arguments[1].as_bytes()).unwrap();
    mac.update(arguments[2].as_bytes());
    mac.update(b".");
    mac.update(arguments[3].as_bytes());
    let claimed: Vec<u8> = arguments[4].as_bytes().chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    println!("{}", mac.verify_slice(&claimed).is_ok());
}
"#;

const OURS: &str = r#"
use revento_webhooks::{Headers, Verifier};
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let headers = Headers::collect([
        ("x-revento-event", arguments[5].as_str()),
        ("x-revento-delivery-id", arguments[6].as_str()),
        ("x-revento-timestamp", arguments[2].as_str()),
        ("x-revento-signature", arguments[4].as_str()),
    ]).unwrap();
    let verifier = Verifier::new(&arguments[1]).unwrap();
    let now = arguments[2].parse().unwrap();
    println!("{}", verifier.verify(&headers, arguments[3].as_bytes(), now).is_ok());
}
"#;

const SVIX: &str = r#"
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let headers: http::HeaderMap = ["svix-id", "svix-timestamp", "svix-signature"].into_iter().zip(&arguments[2..])
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let webhook = svix::webhooks::Webhook::new(&arguments[1]).unwrap();
    println!("{}", webhook.verify(arguments[5].as_bytes(), &headers).is_ok());
}
"#;

const STANDARD: &str = r#"
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let headers: http::HeaderMap = ["webhook-id", "webhook-timestamp", "webhook-signature"].into_iter().zip(&arguments[2..])
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let webhook = standardwebhooks::Webhook::new(&arguments[1]).unwrap();
    println!("{}", webhook.verify(arguments[5].as_bytes(), &headers).is_ok());
}
"#;

pub(super) fn run(json: bool) -> Result<()> {
    let ours = root()?.join("crates/revento-webhooks");
    let programs = [
        Program {
            name: "by hand",
            dependencies: "hmac = \"0.13\"\nsha2 = \"0.11\"\n".to_owned(),
            main: BY_HAND,
        },
        Program {
            name: OURSELVES,
            dependencies: format!("revento-webhooks = {{ path = {ours:?} }}\n"),
            main: OURS,
        },
        Program {
            name: "standardwebhooks",
            dependencies: "http = \"1\"\nstandardwebhooks = \"1\"\n".to_owned(),
            main: STANDARD,
        },
        Program {
            name: "svix",
            dependencies: "http = \"1\"\nsvix = \"1\"\n".to_owned(),
            main: SVIX,
        },
    ];
    let mut costs = Vec::new();
    for program in &programs {
        costs.push((program.name, program.cost()?));
    }
    // Other work on the machine can only add time, so the cheapest of several builds counts.
    for _ in 1..ROUNDS {
        for (program, (_, cost)) in programs.iter().zip(&mut costs) {
            if cost.crates <= SMALL {
                cost.seconds = cost.seconds.min(program.cost()?.seconds);
            }
        }
    }
    report(&costs, json);
    Ok(())
}

fn report(costs: &[(&str, Cost)], json: bool) {
    if json {
        println!("{}", ratios(costs));
        return;
    }
    let by_hand = costs.first().map_or(f64::NAN, |(_, cost)| cost.seconds);
    println!("| | crates | cold build (of by hand), CPU time | stripped |\n|---|---|---|---|");
    for (name, cost) in costs {
        let kibibytes = cost.bytes / 1024;
        println!(
            "| {name} | {} | {:.1} s ({:.2}) | {kibibytes} KiB |",
            cost.crates,
            cost.seconds,
            cost.seconds / by_hand
        );
    }
}

/// `cost.<what>.<peer>`: ours divided by the peer's.
fn ratios(costs: &[(&str, Cost)]) -> serde_json::Value {
    let mut all = serde_json::Map::new();
    let ours = costs.iter().find(|(name, _)| *name == OURSELVES);
    for (name, peer) in costs.iter().filter(|(name, _)| *name != OURSELVES) {
        for (what, number) in NUMBERS {
            let ratio = ours.map_or(f64::NAN, |(_, ours)| number(ours) / number(peer));
            let key = format!("cost.{what}.{}", name.replace(' ', "-"));
            all.insert(key, serde_json::json!((ratio * 1000.0).round() / 1000.0));
        }
    }
    all.into()
}

impl Program {
    fn cost(&self) -> Result<Cost> {
        let home = target_directory()?
            .join("bench-cost")
            .join(self.name.replace(' ', "-"));
        self.write(&home)?;
        let tree =
            process::stdout(cargo(&["tree", "--edges", "normal", "--prefix", "none"])?.current_dir(&home))?;
        let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        crates.sort_unstable();
        crates.dedup();
        process::run(cargo(&["fetch", "--quiet"])?.current_dir(&home))?;
        let target = home.join("target");
        if target.exists() {
            std::fs::remove_dir_all(&target)?;
        }
        let before = cpu::of_ended_children()?;
        let mut build = cargo(&["build", "--quiet", "--release", "--jobs", "1"])?;
        process::run(build.current_dir(&home).env_remove("CARGO_TARGET_DIR"))?;
        let seconds = cpu::of_ended_children()? - before;
        let bytes = std::fs::metadata(binary(&target))?.len();
        Ok(Cost {
            // Without the program itself.
            crates: crates.len() - 1,
            seconds,
            bytes,
        })
    }

    fn write(&self, home: &Path) -> Result<()> {
        std::fs::create_dir_all(home.join("src")).context("the build folder is not writable")?;
        let manifest = format!(
            "[workspace]\n[package]\nname = \"minimal\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [profile.release]\nstrip = true\n[dependencies]\n{}",
            self.dependencies
        );
        std::fs::write(home.join("Cargo.toml"), manifest)?;
        std::fs::write(home.join("src/main.rs"), self.main)?;
        Ok(())
    }
}

fn binary(target: &Path) -> PathBuf {
    target
        .join("release")
        .join(format!("minimal{}", std::env::consts::EXE_SUFFIX))
}
