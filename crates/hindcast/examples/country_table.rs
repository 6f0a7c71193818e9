//! Packs the country table of the program from a MaxMind DB with a country for each network; `data/README.md` says from which.
//!
//! ```sh
//! cargo run --package hindcast --example country_table -- iptoasn-country.mmdb crates/hindcast/data/countries.bin
//! ```

use anyhow::Context as _;
use hindcast::facts::{Country, Table};
use maxminddb::{Reader, path};
use std::net::IpAddr;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (from, to) =
        (arguments.next().context("from which file?")?, arguments.next().context("to which file?")?);
    let reader = Reader::from_source(std::fs::read(&from)?)?;
    let mut ranges: Vec<(IpAddr, IpAddr, Country)> = Vec::new();
    for found in reader.networks(maxminddb::WithinOptions::default())? {
        let found = found?;
        let code: Option<&str> = found.decode_path(&path!["country_code"])?;
        let Some(country) = code.and_then(Country::parse) else { continue };
        let network = found.network()?;
        ranges.push((network.network(), network.broadcast(), country));
    }
    ranges.sort();
    let table = Table::of(u32::try_from(reader.metadata().build_epoch)?, ranges);
    let packed = table.pack()?;
    std::fs::write(&to, &packed)?;
    println!("{} ranges in {} bytes", table.len(), packed.len());
    Ok(())
}
