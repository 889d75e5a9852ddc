//! The cost of a session: `cargo xtask bench session`.

mod cached;
mod due;
mod refresh;
mod report;
mod site;

use anyhow::Result;

use report::Report;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Ratios as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// How many connections there are to look through
    #[arg(long, default_value_t = 1_000_000)]
    connections: u32,
    /// A running, empty PostgreSQL
    #[arg(long)]
    postgres_url: Option<String>,
}

/// Measures, and prints tables or ratios.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::default();
    runtime.block_on(async {
        cached::measure(&mut report).await?;
        let postgres = options.postgres_url.as_deref();
        refresh::measure(&mut report, postgres).await?;
        due::measure(&mut report, postgres, options.connections).await
    })?;
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{report}");
    }
    Ok(())
}
