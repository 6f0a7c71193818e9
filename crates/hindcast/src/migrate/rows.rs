//! The rows of the catalog and the history, table by table.

use super::marks::MARKS;
use super::side::Side;
use super::{Progress, Step};
use crate::catalog::{Catalog, History};
use crate::sql::Pool;
use crate::sql::tables::{Sum, Table, version};
use anyhow::{Context as _, ensure};

/// What all tables of a side hold, by the name of the database and of the table.
pub(super) type Sums = Vec<(String, Sum)>;

/// The databases of a side, and their tables.
fn databases(side: &Side) -> anyhow::Result<[(&'static str, &Pool, Vec<Table>); 2]> {
    Ok([
        ("catalog", side.catalog.pool(), Catalog::tables(&MARKS)?),
        ("history", side.history.pool(), History::tables()?),
    ])
}

/// What a side holds; `progress` hears of rows.
pub(super) fn sums(side: &Side, mut progress: impl FnMut(u64)) -> anyhow::Result<Sums> {
    let mut sums = Vec::new();
    for (database, pool, tables) in databases(side)? {
        let sql = pool.hold();
        for table in tables {
            let name = format!("{database}.{}", table.name);
            let sum =
                table.sum(&sql, &mut progress).with_context(|| format!("{name} of {}", side.place()))?;
            sums.push((name, sum));
        }
    }
    Ok(sums)
}

/// Whether a side has rows.
pub(super) fn is_empty(side: &Side) -> anyhow::Result<bool> {
    for (_, pool, tables) in databases(side)? {
        let sql = pool.hold();
        for table in tables {
            if !table.is_empty(&sql)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Copies every row that is not there yet. `all` is how many there are.
pub(super) fn copy(from: &Side, to: &Side, all: u64, progress: Progress<'_>) -> anyhow::Result<()> {
    let pairs = databases(from)?.into_iter().zip(databases(to)?);
    for ((database, source, tables), (_, target, _)) in pairs {
        let versions = (version(&source.hold())?, version(&target.hold())?);
        ensure!(
            versions.0 == versions.1,
            "the {database} of the source has version {} and that of the target {}: use the same hindcast for both",
            versions.0,
            versions.1
        );
        for table in tables {
            copy_table(&table, source, target, |rows| progress(Step::Rows, rows, all))
                .with_context(|| format!("{database}.{}", table.name))?;
        }
    }
    Ok(())
}

fn copy_table(
    table: &Table,
    source: &Pool,
    target: &Pool,
    mut progress: impl FnMut(u64),
) -> anyhow::Result<()> {
    let (source, mut target) = (source.hold(), target.hold());
    // Rows go by their keys, each page as a whole: those that are there are the first of them.
    let mut after = table.last_key(&target)?;
    loop {
        let page = table.page(&source, after.as_deref())?;
        let Some(last) = page.last() else { break };
        let transaction = target.transaction()?;
        table.insert(&transaction, &page)?;
        transaction.commit()?;
        after = Some(table.key_of(last));
        progress(page.len() as u64);
    }
    let number = table.number(&source)?;
    let transaction = target.transaction()?;
    table.number_after(&transaction, number)?;
    Ok(transaction.commit()?)
}
