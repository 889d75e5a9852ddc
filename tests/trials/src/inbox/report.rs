//! The results as tables, and as ratios for a machine.

mod targets;

use std::{fmt, time::Duration};

use super::{
    growth::Growth,
    http::{HalfLoad, Served},
    ours::{Accept, Handle},
    site::Engine,
    turns::{Measured, Quantiles},
};
use targets::Target;

/// Everything that was measured.
#[derive(Default)]
pub(super) struct Report {
    pub(super) engines: Vec<Engine>,
    pub(super) measured: Vec<Measured>,
    /// Accepting at half of the rate of 64 callers.
    pub(super) half: Vec<(Engine, HalfLoad)>,
    pub(super) served: Vec<Served>,
    pub(super) growth: Vec<Growth>,
}

/// Our number divided by the peer's: of rates or, where the case says so, of times.
struct Ratio {
    case: String,
    peer: String,
    ratio: f64,
    target: Option<Target>,
}

impl Report {
    pub(super) fn find(&self, name: &str) -> Option<&Measured> {
        let served = self.served.iter().map(|served| &served.full);
        self.measured
            .iter()
            .chain(served)
            .find(|measured| measured.name == name)
    }

    /// `{"inbox.accept-sqlite-64.sqlite-by-hand-64": 1.1, …}`
    pub(super) fn json(&self) -> String {
        let ratios = self.ratios().into_iter().map(|ratio| {
            let rounded = (ratio.ratio * 1000.0).round() / 1000.0;
            (format!("inbox.{}.{}", ratio.case, ratio.peer), rounded.into())
        });
        serde_json::Value::Object(ratios.collect()).to_string()
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut all = Vec::new();
        for engine in &self.engines {
            self.against_peers(*engine, &mut all);
            self.handling(*engine, &mut all);
        }
        for (engine, half) in &self.half {
            all.push(tail(format!("accept-{engine}-half-load-p99"), half.latencies));
        }
        for served in &self.served {
            self.over_http(served, &mut all);
        }
        for growth in &self.growth {
            let Growth {
                engine,
                many,
                counts: [small, large],
                ..
            } = growth;
            let many = many.name();
            for (what, ratio) in [("accept", growth.accept_ratio), ("lease", growth.lease_ratio)] {
                all.push(Ratio {
                    case: format!("{what}-time-{engine}-{large}-{many}"),
                    peer: format!("{small}-{many}"),
                    ratio,
                    target: Some(Target::AtMost(1.3)),
                });
            }
        }
        all
    }

    /// Our accepting against the disk and the engine by hand.
    fn against_peers(&self, engine: Engine, all: &mut Vec<Ratio>) {
        let is_peer = |name: &str| name.starts_with("append-") || name.starts_with(&format!("{engine}-"));
        let is_ours = |name: &str| name.starts_with(&format!("accept-{engine}-"));
        for ours in self.measured.iter().filter(|ours| is_ours(&ours.name)) {
            for peer in self.measured.iter().filter(|peer| is_peer(&peer.name)) {
                all.push(Ratio {
                    case: ours.name.clone(),
                    peer: peer.name.clone(),
                    ratio: ours.ratio(peer),
                    target: targets::accepting(&ours.name, &peer.name),
                });
            }
        }
    }

    fn handling(&self, engine: Engine, all: &mut Vec<Ratio>) {
        let accept = Accept::name_of(engine, 64);
        for concurrency in super::CONCURRENCY {
            let name = Handle::name_of(engine, concurrency);
            let Some((ours, peer)) = self.find(&name).zip(self.find(&accept)) else {
                continue;
            };
            all.push(Ratio {
                ratio: ours.ratio(peer),
                case: name,
                peer: accept.clone(),
                target: (concurrency == 64).then_some(Target::AtLeast(0.5)),
            });
        }
    }

    fn over_http(&self, served: &Served, all: &mut Vec<Ratio>) {
        let name = &served.full.name;
        if name == super::http::EXPRESS {
            return;
        }
        all.push(tail(format!("{name}-half-load-p99"), served.half.latencies));
        let is_express = |served: &&Served| served.full.name == super::http::EXPRESS;
        let Some(express) = self.served.iter().find(is_express) else {
            return;
        };
        all.push(Ratio {
            case: name.clone(),
            peer: express.full.name.clone(),
            ratio: served.full.ratio(&express.full),
            target: Some(Target::AtLeast(8.0)),
        });
        let pairs =
            Quantiles::medians(&served.full.latencies).zip(Quantiles::medians(&express.full.latencies));
        if let Some((ours, theirs)) = pairs {
            for (what, ours, theirs) in [("p50", ours.p50, theirs.p50), ("p99", ours.p99, theirs.p99)] {
                all.push(Ratio {
                    case: format!("{name}-{what}"),
                    peer: express.full.name.clone(),
                    ratio: ours.as_secs_f64() / theirs.as_secs_f64(),
                    target: None,
                });
            }
        }
    }
}

/// The tail at half load, against three times the median and 5 ms.
fn tail(case: String, latencies: Quantiles) -> Ratio {
    let allowed = latencies.p50 * 3 + Duration::from_millis(5);
    Ratio {
        case,
        peer: "3xp50+5ms".to_owned(),
        ratio: latencies.p99.as_secs_f64() / allowed.as_secs_f64(),
        target: Some(Target::AtMost(1.0)),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rates(f)?;
        self.half_load(f)?;
        self.http(f)?;
        self.growing(f)?;
        self.targets(f)
    }
}

/// The tables.
impl Report {
    fn rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | deliveries/s | p50 | p99 |\n|---|---|---|---|")?;
        for measured in &self.measured {
            let latencies = Quantiles::medians(&measured.latencies);
            let [p50, p99] = latencies.map_or([String::new(), String::new()], texts);
            writeln!(
                f,
                "| {} | {:.0} | {p50} | {p99} |",
                measured.name,
                measured.rate()
            )?;
        }
        Ok(())
    }

    fn half_load(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| accept at half load | of the full rate | p50 | p99 |\n|---|---|---|---|"
        )?;
        for (engine, half) in &self.half {
            let [p50, p99] = texts(half.latencies);
            writeln!(f, "| {} | {:.2} | {p50} | {p99} |", engine.title(), half.share)?;
        }
        Ok(())
    }

    fn http(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.served.is_empty() {
            return writeln!(f, "\nNothing was measured over HTTP: there is no wrk.");
        }
        writeln!(
            f,
            "\n| over HTTP | requests/s | p50 | p99 | at half load, of the full rate | p50 | p99 |\n|---|---|---|---|---|---|---|"
        )?;
        for Served { full, half } in &self.served {
            let [p50, p99] = texts(Quantiles::medians(&full.latencies).unwrap_or_default());
            let [half_p50, half_p99] = texts(half.latencies);
            writeln!(
                f,
                "| {} | {:.0} | {p50} | {p99} | {:.2} | {half_p50} | {half_p99} |",
                full.name,
                full.rate(),
                half.share
            )?;
        }
        Ok(())
    }

    fn growing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.growth.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n| growth | | accept, each of 64 callers' | lease of 64 |\n|---|---|---|---|"
        )?;
        for growth in &self.growth {
            let (engine, many) = (growth.engine.title(), growth.many.name());
            let times = growth.counts.iter().zip(growth.accept).zip(growth.lease);
            for ((count, accept), lease) in times {
                writeln!(
                    f,
                    "| {engine} | {count} {many} | {} | {} |",
                    human(accept),
                    human(lease)
                )?;
            }
            writeln!(
                f,
                "| | ratio | {:.2} | {:.2} |",
                growth.accept_ratio, growth.lease_ratio
            )?;
        }
        Ok(())
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| case | peer | ratio | target | reached |\n|---|---|---|---|---|"
        )?;
        for Ratio {
            case,
            peer,
            ratio,
            target,
        } in self.ratios()
        {
            if let Some(target) = target {
                let reached = if target.is_reached(ratio) { "yes" } else { "no" };
                writeln!(f, "| {case} | {peer} | {ratio:.2} | {target} | {reached} |")?;
            }
        }
        Ok(())
    }
}

fn texts(latencies: Quantiles) -> [String; 2] {
    [latencies.p50, latencies.p99].map(human)
}

fn human(duration: Duration) -> String {
    match duration.as_micros() {
        0..1000 => format!("{:.0} µs", duration.as_secs_f64() * 1e6),
        _ => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
    }
}
