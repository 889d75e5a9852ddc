//! The inbox against the disk and against engines by hand: `cargo xtask bench inbox`.

mod deliveries;
mod growth;
mod http;
mod load;
mod ours;
mod peers;
mod report;
mod site;
mod turns;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};

pub(crate) use self::http::{ServerOptions, serve};
use self::{
    deliveries::Platform,
    growth::Many,
    http::Programs,
    ours::{Accept, Handle},
    peers::{Append, PostgresByHand, SqliteByHand},
    report::Report,
    site::{Engine, Site},
    turns::{Contestant, GROUP},
};

const CALLERS: [usize; 4] = [1, 16, 64, 256];
/// How many deliveries a runner handles at a time: the default, and as many as there are callers.
const CONCURRENCY: [usize; 2] = [8, 64];

/// What to measure, and with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Ratios as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// A run of seconds, whose numbers mean little
    #[arg(long)]
    quick: bool,
    /// Measures no growth, which takes half of the time
    #[arg(long)]
    without_growth: bool,
    /// Where the files are, which decides whose disk is measured
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A running, empty PostgreSQL that synchronizes its log
    #[arg(long)]
    postgres_url: Option<String>,
    /// The program wrk, without which nothing is measured over HTTP
    #[arg(long)]
    wrk: Option<PathBuf>,
    /// The program node
    #[arg(long, requires = "express")]
    node: Option<PathBuf>,
    /// The folder of the receiver on Express, with its packages
    #[arg(long, requires = "node")]
    express: Option<PathBuf>,
}

/// How long the measurement takes.
struct Scale {
    rounds: usize,
    /// The time that a turn is meant to take.
    turn: Duration,
    /// The fewest deliveries of a turn.
    fewest: usize,
    half_load: Duration,
    wrk_seconds: u64,
    /// How many deliveries one look at a table accepts and handles.
    probe: usize,
    /// The sizes of a small and of a large table.
    rows: [usize; 2],
    waiting: [usize; 2],
}

impl Scale {
    const FULL: Self = Self {
        rounds: 9,
        turn: Duration::from_millis(300),
        fewest: 8 * GROUP,
        half_load: Duration::from_secs(1),
        wrk_seconds: 2,
        probe: 8 * GROUP,
        rows: [1_000, 1_000_000],
        waiting: [100, 100_000],
    };
    const QUICK: Self = Self {
        rounds: 1,
        turn: Duration::from_millis(20),
        fewest: GROUP,
        half_load: Duration::from_millis(50),
        wrk_seconds: 1,
        probe: GROUP,
        rows: [100, 1_000],
        waiting: [10, 100],
    };
}

/// Measures, and prints tables or ratios.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(measure(options))?;
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    Ok(())
}

async fn measure(options: &Options) -> Result<Report> {
    let scale = if options.quick { Scale::QUICK } else { Scale::FULL };
    let site = Site::new(options.folder.as_deref(), options.postgres_url.clone())?;
    let mut platform = Platform::new()?;
    let mut contestants = contestants(&site).await?;
    let mut report = Report {
        engines: site.engines(),
        measured: turns::measure(&mut contestants, &mut platform, &scale).await?,
        ..Report::default()
    };
    drop(contestants);
    for engine in site.engines() {
        let full = report
            .find(&Accept::name_of(engine, 64))
            .context("not measured")?
            .rate();
        let half = load::measure(&site, engine, full, &mut platform, &scale).await?;
        report.half.push((engine, half));
    }
    if let Some(wrk) = &options.wrk {
        let programs = Programs {
            wrk: wrk.clone(),
            express: options.node.clone().zip(options.express.clone()),
        };
        report.served = http::measure(&site, &programs, &mut platform, &scale).await?;
    }
    if !options.without_growth {
        for engine in site.engines() {
            for many in [Many::Rows, Many::Waiting] {
                let growth = growth::measure(&site, engine, many, &mut platform, &scale).await?;
                report.growth.push(growth);
            }
        }
    }
    Ok(report)
}

async fn contestants(site: &Site) -> Result<Vec<Box<dyn Contestant>>> {
    let mut all: Vec<Box<dyn Contestant>> = Vec::new();
    for records in [1, GROUP] {
        all.push(Box::new(Append::new(site, records)?));
    }
    for rows in [1, GROUP] {
        all.push(Box::new(SqliteByHand::new(site, rows).await?));
    }
    ours(site, Engine::Sqlite, &mut all).await?;
    if site.postgres_url.is_some() {
        for how in PostgresByHand::ALL {
            all.push(how.start(site).await?);
        }
        ours(site, Engine::Postgres, &mut all).await?;
    }
    Ok(all)
}

async fn ours(site: &Site, engine: Engine, all: &mut Vec<Box<dyn Contestant>>) -> Result<()> {
    for callers in CALLERS {
        all.push(Box::new(Accept::new(site, engine, callers).await?));
    }
    for concurrency in CONCURRENCY {
        all.push(Box::new(Handle::new(site, engine, concurrency).await?));
    }
    Ok(())
}
