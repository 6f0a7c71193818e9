//! The figures of servers that run already, several of them beside each other: `benches/nodes/run.sh` starts them.

use super::Figure;
use super::generate::Generator;
use super::http::{BATCH, batched, lines, single};
use anyhow::Context as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// Appends the generator's events by batches and some of them one by one, each connection to the next of the servers.
pub(super) fn measure(generator: &Generator, at: &[SocketAddr], token: &Path) -> anyhow::Result<Vec<Figure>> {
    let token = std::fs::read_to_string(token).with_context(|| format!("cannot read {}", token.display()))?;
    let token = Arc::new(token.trim().to_owned());
    let batches: Vec<Vec<u8>> = (0..generator.total() / BATCH)
        .map(|number| lines(generator, number * BATCH..(number + 1) * BATCH))
        .collect();
    let singles: Vec<Vec<u8>> = (0..1000).map(|i| lines(generator, i..i + 1)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut figures = batched(at, &token, batches).await?;
        figures.extend(single(at, &token, singles).await?);
        Ok(figures)
    })
}
