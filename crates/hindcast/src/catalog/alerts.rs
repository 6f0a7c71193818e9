//! Alerts as they are kept: what the alerter found, which only it writes, and what people decided about it.

mod words;

pub use words::{AlertDeed, AlertState, AlertsWanted, Disposition, KeptAlert, PAST_SECONDS, Record};

use super::{By, Catalog, CatalogError, PersonId, outbox};
use crate::alerts::{Alert, Moved, Rulebook, raised};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::detection::Severity;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// As the state is now: what was muted until a time is open after it.
const STATE: &str = "CASE WHEN state = 'muted' AND muted_until <= ?2 THEN 'open' ELSE state END";
const COLUMNS: &str = "nr, made, state, assignee, disposition, muted_until, raised_at";

impl Catalog {
    /// The index up to which a workspace was judged; nothing before it ever was.
    pub fn judged(&self, workspace: &WorkspaceId) -> Result<Option<u64>, CatalogError> {
        let sql = self.sql();
        let select = "SELECT next FROM alerting WHERE workspace = ?1";
        Ok(sql.query_row(select, [workspace.as_str()], |row| row.get(0)).optional()?)
    }

    /// The same for all workspaces of which any entry was judged.
    pub fn judged_by_workspace(&self) -> Result<BTreeMap<WorkspaceId, u64>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare("SELECT workspace, next FROM alerting")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        let judged: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(judged.into_iter().filter_map(|(id, next)| Some((id.parse().ok()?, next))).collect())
    }

    /// Keeps what came of judging entries up to an index, and the entries that tell of it, all at once; `gaps` are drafts of
    /// such entries too. Nothing is kept, and it says so, if not just the entries up to the first of these indexes were judged: somebody
    /// else judges then.
    pub(crate) fn keep_alerts(
        &self,
        workspace: &WorkspaceId,
        judged: Range<u64>,
        moved: &[Moved],
        gaps: &[Value],
        book: &Rulebook,
        now: Timestamp,
    ) -> Result<bool, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let found = transaction.query_row(
            "SELECT next FROM alerting WHERE workspace = ?1",
            [workspace.as_str()],
            |row| row.get(0),
        );
        if found.optional()?.unwrap_or(0_u64) != judged.start {
            return Ok(false);
        }
        transaction.execute(
            "INSERT INTO alerting (workspace, next) VALUES (?1, ?2) ON CONFLICT (workspace) DO UPDATE SET next = excluded.next",
            params![workspace.as_str(), judged.end],
        )?;
        for moved in moved {
            if keep(&transaction, workspace, moved, book, now)? {
                outbox::put(&transaction, workspace, &raised(&moved.alert, book))?;
            }
        }
        gaps.iter().try_for_each(|gap| outbox::put(&transaction, workspace, gap))?;
        transaction.commit()?;
        Ok(true)
    }

    /// The alerts that may still grow or that count against a storm: those heard of since a time, in the order in which they
    /// began, and whether they take no more.
    pub fn recent_alerts(
        &self,
        workspace: &WorkspaceId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Alert, bool)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM (SELECT nr, made, state = 'resolved' AND disposition <> 'past' FROM alert
                 WHERE workspace = ?1 AND last_at >= ?2 ORDER BY nr DESC LIMIT ?3) AS newest ORDER BY nr",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![workspace.as_str(), since.micros(), limit], |row| {
            Ok((row.get::<_, String>(1)?, row.get(2)?))
        })?;
        rows.map(|row| row.map_err(CatalogError::from).and_then(|(made, closed)| Ok((alert(&made)?, closed))))
            .collect()
    }

    /// Alerts, those that were heard of last first.
    pub fn alerts(
        &self,
        workspace: &WorkspaceId,
        wanted: &AlertsWanted,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<KeptAlert>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!(
            "SELECT {COLUMNS} FROM alert WHERE workspace = ?1
                 AND ({STATE} = ?3 OR ?3 IS NULL) AND severity >= ?4 AND (rule = ?5 OR ?5 IS NULL)
                 AND (assignee = ?6 OR ?6 IS NULL)
                 AND ((last_at, nr) < (SELECT last_at, nr FROM alert WHERE workspace = ?1 AND id = ?7) OR ?7 IS NULL)
             ORDER BY last_at DESC, nr DESC LIMIT ?8"
        ))?;
        let rows = statement.query_map(
            params![
                workspace.as_str(),
                now.micros(),
                wanted.state.map(AlertState::as_str),
                wanted.severity.map_or(0, |severity| severity as u8),
                wanted.rule,
                wanted.assignee.as_ref().map(|id| &id.0),
                wanted.after,
                i64::try_from(limit).unwrap_or(i64::MAX),
            ],
            |row| read(row, now),
        )?;
        rows.map(|row| row?).collect()
    }

    /// An alert.
    pub fn alert(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<KeptAlert>, CatalogError> {
        let sql = self.sql();
        let select = format!("SELECT {COLUMNS} FROM alert WHERE workspace = ?1 AND id = ?2");
        let mut statement = sql.prepare(&select)?;
        statement.query_row([workspace.as_str(), id], |row| read(row, now)).optional()?.transpose()
    }

    /// How many alerts are in each state.
    pub fn alert_counts(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<BTreeMap<AlertState, u64>, CatalogError> {
        let sql = self.sql();
        let mut statement =
            sql.prepare(&format!("SELECT {STATE}, count(*) FROM alert WHERE workspace = ?1 GROUP BY 1"))?;
        let rows = statement.query_map(params![workspace.as_str(), now.micros()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        let counts: Vec<(String, u64)> = rows.collect::<Result<_, _>>()?;
        Ok(counts.into_iter().filter_map(|(word, n)| Some((AlertState::parse(&word)?, n))).collect())
    }

    /// What became of the alerts of each rule, by its id.
    pub fn alert_records(&self, workspace: &WorkspaceId) -> Result<BTreeMap<String, Record>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT rule, count(*), count(*) FILTER (WHERE disposition = 'true_positive'),
                 count(*) FILTER (WHERE disposition = 'benign'), count(*) FILTER (WHERE disposition = 'false_positive'),
                 max(last_at)
             FROM alert WHERE workspace = ?1 GROUP BY rule",
        )?;
        let rows = statement.query_map([workspace.as_str()], |row| {
            let last_at = Some(Timestamp::from_micros(row.get(5)?));
            let decided = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get(0)?, Record { raised: row.get(1)?, decided, last_at }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Which of these entries are behind alerts, and of which: the gravest of each.
    pub fn alerts_behind(
        &self,
        workspace: &WorkspaceId,
        entries: &[u64],
    ) -> Result<BTreeMap<u64, (String, Severity)>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT alert.id, alert.severity FROM alert_entry JOIN alert USING (workspace, id)
             WHERE workspace = ?1 AND entry = ?2 ORDER BY alert.severity DESC, alert.nr DESC LIMIT 1",
        )?;
        let mut found = BTreeMap::new();
        for entry in entries {
            let one =
                statement.query_row(params![workspace.as_str(), entry], |row| Ok((row.get(0)?, row.get(1)?)));
            if let Some((id, severity)) = one.optional()? {
                found.insert(*entry, (id, severity_of(severity)));
            }
        }
        Ok(found)
    }

    /// Does something about an alert, with the entry that tells of it; nothing when there is no such alert.
    pub fn do_about_alert(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        deed: &AlertDeed,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<KeptAlert>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let select = format!("SELECT {COLUMNS} FROM alert WHERE workspace = ?1 AND id = ?2");
        let found =
            transaction.query_row(&select, [workspace.as_str(), id], |row| read(row, now)).optional()?;
        let Some(mut kept) = found.transpose()? else { return Ok(None) };
        let Some(draft) = act(&mut kept, deed, by) else { return Ok(Some(kept)) };
        transaction.execute(
            "UPDATE alert SET state = ?3, assignee = ?4, disposition = ?5, muted_until = ?6 WHERE workspace = ?1 AND id = ?2",
            params![
                workspace.as_str(),
                id,
                kept.state.as_str(),
                kept.assignee.as_ref().map(|id| &id.0),
                kept.disposition.map(Disposition::as_str),
                kept.muted_until.map(Timestamp::micros),
            ],
        )?;
        outbox::put(&transaction, workspace, &draft)?;
        transaction.commit()?;
        Ok(Some(kept))
    }

    /// Forgets alerts of which every entry behind them is among those that went.
    pub fn forget_alerts(&self, workspace: &WorkspaceId, gone: &[Range<u64>]) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        for range in gone {
            transaction.execute(
                "DELETE FROM alert_entry WHERE workspace = ?1 AND entry >= ?2 AND entry < ?3",
                params![workspace.as_str(), range.start, range.end],
            )?;
        }
        transaction.execute(
            "DELETE FROM alert WHERE workspace = ?1
                 AND NOT EXISTS (SELECT 1 FROM alert_entry AS behind WHERE behind.workspace = ?1 AND behind.id = alert.id)",
            [workspace.as_str()],
        )?;
        Ok(transaction.commit()?)
    }

    /// Forgets whom alerts are about where they name any of these texts.
    pub(super) fn forget_in_alerts(
        transaction: &Transaction<'_>,
        workspace: &WorkspaceId,
        text: &str,
    ) -> Result<(), CatalogError> {
        // SQLite knows the lower case of ASCII alone, and JSON escapes some of it.
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        let found: Vec<(i64, String)> = {
            let mut statement = transaction.prepare(
                "SELECT nr, made FROM alert WHERE workspace = ?1 AND (?3 = 0 OR instr(lower(made), ?2) > 0)",
            )?;
            let of = params![workspace.as_str(), text, is_plain];
            let rows = statement.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (nr, made) in found {
            let alert = alert(&made)?;
            if alert.names(text) {
                let made = json!(alert.without_names()).to_string();
                transaction.execute("UPDATE alert SET made = ?2 WHERE nr = ?1", params![nr, made])?;
            }
        }
        Ok(())
    }
}

/// Changes an alert, and says what the entry about it says; nothing when that changes nothing.
fn act(kept: &mut KeptAlert, deed: &AlertDeed, by: &By) -> Option<Value> {
    let before = kept.clone();
    let about = json!({ "rule": kept.alert.rule, "severity": kept.alert.severity.as_str() });
    let (action, more) = match deed {
        AlertDeed::Acknowledge => {
            (kept.state, kept.muted_until, kept.disposition) = (AlertState::Acknowledged, None, None);
            ("alert.acknowledged", json!({}))
        }
        AlertDeed::Assign(to) => {
            kept.assignee.clone_from(to);
            ("alert.assigned", json!({ "assignee": to.as_ref().map(|id| &id.0) }))
        }
        AlertDeed::Mute(until) => {
            (kept.state, kept.muted_until, kept.disposition) = (AlertState::Muted, Some(*until), None);
            ("alert.muted", json!({ "until": until.to_string() }))
        }
        AlertDeed::Resolve(disposition, note) => {
            (kept.state, kept.muted_until) = (AlertState::Resolved, None);
            kept.disposition = Some(*disposition);
            ("alert.closed", json!({ "resolution": disposition.as_str(), "note": note }))
        }
        AlertDeed::Reopen => {
            (kept.state, kept.muted_until, kept.disposition) = (AlertState::Open, None, None);
            ("alert.reopened", json!({}))
        }
    };
    if *kept == before {
        return None;
    }
    let mut metadata = about;
    for (name, value) in more.as_object()? {
        if !value.is_null() && value != "" {
            metadata[name] = value.clone();
        }
    }
    let target = json!([{ "type": "alert", "id": kept.alert.id, "name": kept.alert.title }]);
    Some(by.event(action, target, metadata))
}

/// Keeps one alert, and says whether people should hear of it.
fn keep(
    transaction: &Transaction<'_>,
    workspace: &WorkspaceId,
    moved: &Moved,
    book: &Rulebook,
    now: Timestamp,
) -> Result<bool, CatalogError> {
    let alert = &moved.alert;
    let known: Option<(String, Option<String>, Option<i64>)> = transaction
        .query_row(
            "SELECT state, disposition, muted_until FROM alert WHERE workspace = ?1 AND id = ?2",
            [workspace.as_str(), &alert.id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let is_past = alert.last_at.seconds() < now.seconds() - PAST_SECONDS;
    let muted = book.muted_until(&alert.rule).filter(|until| *until > now);
    let (state, disposition, muted_until, is_heard) = match known {
        None if is_past => ("resolved".to_owned(), Some("past".to_owned()), None, false),
        None if muted.is_some() => ("muted".to_owned(), None, muted.map(Timestamp::micros), false),
        None => ("open".to_owned(), None, None, true),
        // What was found in the past goes on.
        Some((_, Some(past), _)) if past == "past" && !is_past => ("open".to_owned(), None, None, true),
        Some((state, disposition, until)) => {
            let is_muted = state == "muted" && until.is_some_and(|until| until > now.micros());
            let is_heard = moved.is_graver && !is_muted && muted.is_none() && state != "resolved";
            (state, disposition, until, is_heard)
        }
    };
    transaction.execute(
        "INSERT INTO alert (workspace, id, rule, severity, last_at, made, state, disposition, muted_until, raised_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (workspace, id) DO UPDATE SET severity = ?4, last_at = ?5, made = ?6, state = ?7, disposition = ?8,
             muted_until = ?9",
        params![
            workspace.as_str(),
            alert.id,
            alert.rule,
            alert.severity as u8,
            alert.last_at.micros(),
            json!(alert).to_string(),
            state,
            disposition,
            muted_until,
            now.micros(),
        ],
    )?;
    let mut statement = transaction.prepare(
        "INSERT INTO alert_entry (workspace, entry, id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for entry in alert.evidence.iter().collect::<BTreeSet<_>>() {
        statement.execute(params![workspace.as_str(), entry, alert.id])?;
    }
    Ok(is_heard)
}

fn alert(made: &str) -> Result<Alert, CatalogError> {
    serde_json::from_str(made).map_err(|error| CatalogError::Damaged(format!("an alert: {error}")))
}

fn severity_of(number: u8) -> Severity {
    Severity::ALL.into_iter().find(|one| *one as u8 == number).unwrap_or(Severity::Critical)
}

fn read(row: &Row<'_>, now: Timestamp) -> crate::sql::Result<Result<KeptAlert, CatalogError>> {
    let made: String = row.get("made")?;
    let alert = match alert(&made) {
        Ok(alert) => alert,
        Err(error) => return Ok(Err(error)),
    };
    let muted_until: Option<i64> = row.get("muted_until")?;
    let muted_until = muted_until.map(Timestamp::from_micros).filter(|until| *until > now);
    let state = AlertState::parse(&row.get::<_, String>("state")?).unwrap_or(AlertState::Open);
    let is_over = state == AlertState::Muted && muted_until.is_none();
    let disposition: Option<String> = row.get("disposition")?;
    let disposition = disposition.and_then(|word| match word.as_str() {
        "past" => Some(Disposition::Past),
        word => Disposition::parse(word),
    });
    Ok(Ok(KeptAlert {
        nr: row.get("nr")?,
        alert,
        state: if is_over { AlertState::Open } else { state },
        assignee: row.get::<_, Option<String>>("assignee")?.map(PersonId),
        disposition,
        muted_until,
        raised_at: Timestamp::from_micros(row.get("raised_at")?),
    }))
}
