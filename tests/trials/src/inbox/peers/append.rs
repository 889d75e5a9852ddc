//! The disk alone: append to a file, then synchronize it.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
};

use anyhow::Result;
use async_trait::async_trait;
use tokio::time::Instant;

use crate::inbox::{
    deliveries::Delivery,
    site::Site,
    turns::{Contestant, Turn},
};

/// Appends so many bodies at a time.
pub(in crate::inbox) struct Append {
    file: File,
    records: usize,
}

impl Append {
    pub(in crate::inbox) fn new(site: &Site, records: usize) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(site.path(&format!("append-{records}")))?;
        Ok(Self { file, records })
    }
}

#[async_trait]
impl Contestant for Append {
    fn name(&self) -> String {
        format!("append-{}", self.records)
    }

    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn> {
        let started = Instant::now();
        let mut latencies = Vec::new();
        for group in deliveries.chunks(self.records) {
            let began = Instant::now();
            let bytes: Vec<u8> = group.iter().flat_map(|delivery| delivery.body.bytes()).collect();
            self.file.write_all(&bytes)?;
            self.file.sync_data()?;
            latencies.push(began.elapsed());
        }
        Ok(Turn {
            elapsed: started.elapsed(),
            latencies,
        })
    }
}
