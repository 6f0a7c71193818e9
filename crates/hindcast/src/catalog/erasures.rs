//! Erasures: what somebody asked to have erased, who agreed, and what became of it. What to look for is forgotten as soon
//! as it is done.

use super::{By, Catalog, CatalogError, PersonId, outbox, random_id};
use crate::erasure::Manifest;
use crate::sql::{OptionalExtension as _, Row, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use serde_json::json;

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureState {
    /// Somebody asked for it, and nobody has decided.
    Requested,
    /// Somebody agreed; it is carried out as soon as can be.
    Approved,
    /// Somebody did not agree.
    Rejected,
    /// A legal hold or the lock of the retention keeps some of the entries.
    Blocked,
    /// It was carried out.
    Done,
}

impl ErasureState {
    const ALL: [Self; 5] = [Self::Requested, Self::Approved, Self::Rejected, Self::Blocked, Self::Done];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Blocked => "blocked",
            Self::Done => "done",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What somebody decides about an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// It is not to be.
    Reject,
    /// It is to be. This person answers for that, and is not the one who answers for asking.
    AgreeAs(&'p PersonId),
    /// It is to be, in a workspace that wants no second person.
    AgreeAlone,
}

/// Why nothing was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// The workspace has no such erasure.
    #[error("there is no such erasure")]
    Unknown,
    /// It was decided before.
    #[error("the erasure was decided before")]
    Over,
    /// Nobody knows yet how much it is.
    #[error("it is not counted yet what the erasure comes to")]
    Uncounted,
    /// Whoever asked, or nobody who is known, would agree to it.
    #[error("somebody else than whoever asked has to agree")]
    Own,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct NewErasure {
    /// What to look for, as JSON; see [`crate::erasure::Selector`].
    pub selector: String,
    /// Why it may or must be erased, such as `gdpr_art_17`.
    pub basis: String,
    /// Where the request is kept, such as the number of a ticket.
    pub reference: String,
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// Whose entries.
    pub workspace: WorkspaceId,
    /// What to look for, until it is done.
    pub selector: Option<String>,
    /// Why it may or must be erased.
    pub basis: String,
    /// Where the request is kept.
    pub reference: String,
    /// How far it is.
    pub state: ErasureState,
    /// How many entries lose something.
    pub entries: u64,
    /// How many sections go, besides whole entries.
    pub sections: u64,
    /// Whether that is known yet.
    pub is_counted: bool,
    /// How many of the entries a legal hold or a lock keeps.
    pub blocked: u64,
    /// The hash of the manifest.
    pub manifest: String,
    /// The index of the notice.
    pub notice: Option<u64>,
    /// The signed note that says it was done.
    pub certificate: String,
    /// The id of whoever asked.
    pub requested_by: String,
    /// The person who answers for the request; nobody when a token asked that is nobody's.
    pub requester: Option<PersonId>,
    /// When they asked.
    pub requested_at: Timestamp,
    /// The id of whoever agreed or did not.
    pub decided_by: String,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
}

impl Erasure {
    /// Whether this may be decided now.
    pub fn may_be(&self, decision: Decision<'_>) -> Result<(), Undecided> {
        if !matches!(self.state, ErasureState::Requested | ErasureState::Blocked) {
            return Err(Undecided::Over);
        }
        match decision {
            Decision::Reject => Ok(()),
            // Where it is not known who asked, it may have been the same person.
            Decision::AgreeAs(person) if self.requester.as_ref().is_none_or(|asked| asked == person) => {
                Err(Undecided::Own)
            }
            _ if self.is_counted => Ok(()),
            _ => Err(Undecided::Uncounted),
        }
    }

    /// One that a restored copy has to go through again.
    pub(crate) fn replayed(id: &str, workspace: &WorkspaceId, manifest: &Manifest) -> anyhow::Result<Self> {
        Ok(Self {
            id: format!("{id}-again"),
            workspace: workspace.clone(),
            selector: None,
            basis: "restored_copy".to_owned(),
            reference: id.to_owned(),
            state: ErasureState::Approved,
            entries: manifest.items.len() as u64,
            sections: manifest.sections(),
            is_counted: true,
            blocked: 0,
            manifest: manifest.digest()?,
            notice: None,
            certificate: String::new(),
            requested_by: "hindcast".to_owned(),
            requester: None,
            requested_at: Timestamp::default(),
            decided_by: "hindcast".to_owned(),
            finished_at: None,
        })
    }
}

impl Catalog {
    /// Keeps what somebody asks for, and says its id. `requester` answers for it.
    pub fn request_erasure(
        &self,
        workspace: &WorkspaceId,
        new: &NewErasure,
        requester: Option<&PersonId>,
        now: Timestamp,
        by: &By,
    ) -> Result<String, CatalogError> {
        let id = random_id()?;
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        transaction.execute(
            "INSERT INTO erasure
                (id, workspace, selector, basis, reference, state, requested_by, requested_at, requester)
             VALUES (?1, ?2, ?3, ?4, ?5, 'requested', ?6, ?7, ?8)",
            params![
                id,
                workspace.as_str(),
                new.selector,
                new.basis,
                new.reference,
                actor(by),
                now.micros(),
                requester.map(|person| &person.0),
            ],
        )?;
        let about = json!({ "basis": new.basis, "reference": new.reference });
        outbox::put(&transaction, workspace, &by.event("erasure.requested", target(&id), about))?;
        transaction.commit()?;
        Ok(id)
    }

    /// Agrees to an erasure or does not, or says why it cannot be decided.
    pub fn decide_erasure(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        decision: Decision<'_>,
        by: &By,
    ) -> Result<Result<(), Undecided>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let found = transaction.query_row(
            "SELECT * FROM erasure WHERE workspace = ?1 AND id = ?2",
            [workspace.as_str(), id],
            read,
        );
        let Some(erasure) = found.optional()?.transpose()? else { return Ok(Err(Undecided::Unknown)) };
        if let Err(undecided) = erasure.may_be(decision) {
            return Ok(Err(undecided));
        }
        let (state, action) = match decision {
            Decision::Reject => (ErasureState::Rejected, "erasure.rejected"),
            _ => (ErasureState::Approved, "erasure.approved"),
        };
        transaction.execute(
            "UPDATE erasure SET state = ?2, decided_by = ?3, blocked = 0,
                    selector = CASE WHEN ?2 = 'rejected' THEN NULL ELSE selector END
             WHERE id = ?1",
            params![id, state.as_str(), actor(by)],
        )?;
        let count = json!({ "count": erasure.entries });
        outbox::put(&transaction, workspace, &by.event(action, target(id), count))?;
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// The erasures of a workspace, the newest first.
    pub fn erasures(&self, workspace: &WorkspaceId) -> Result<Vec<Erasure>, CatalogError> {
        self.erasures_after(workspace, None, usize::MAX)
    }

    /// As many of them, from the one after this.
    pub fn erasures_after(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Erasure>, CatalogError> {
        self.erasures_where(
            "workspace = ?1 AND ((requested_at, id) <
                (SELECT requested_at, id FROM erasure WHERE workspace = ?1 AND id = ?2) OR ?2 IS NULL)
             ORDER BY requested_at DESC, id DESC LIMIT ?3",
            params![workspace.as_str(), after, i64::try_from(limit).unwrap_or(i64::MAX)],
        )
    }

    /// One of the erasures of a workspace.
    pub fn erasure(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<Erasure>, CatalogError> {
        let found = self.erasures_where("workspace = ?1 AND id = ?2", params![workspace.as_str(), id])?;
        Ok(found.into_iter().next())
    }

    /// The erasures of all workspaces that somebody agreed to and that are not done, the oldest first.
    pub fn erasures_to_do(&self) -> Result<Vec<Erasure>, CatalogError> {
        self.erasures_where("state = ?1 ORDER BY requested_at, id", [ErasureState::Approved.as_str()])
    }

    /// Those somebody asked for of which nobody knows yet how much it is.
    pub fn erasures_to_count(&self) -> Result<Vec<Erasure>, CatalogError> {
        self.erasures_where(
            "state = ?1 AND is_counted = 0 ORDER BY requested_at, id",
            [ErasureState::Requested.as_str()],
        )
    }

    /// Keeps how much an erasure would be.
    pub fn count_erasure(&self, erasure: &Erasure) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE erasure SET entries = ?2, sections = ?3, blocked = ?4, is_counted = 1
             WHERE id = ?1 AND state = 'requested'",
            params![erasure.id, erasure.entries, erasure.sections, erasure.blocked],
        )?;
        Ok(())
    }

    fn erasures_where(
        &self,
        condition: &str,
        values: impl crate::sql::Params,
    ) -> Result<Vec<Erasure>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(&format!("SELECT * FROM erasure WHERE {condition}"))?;
        let rows = statement.query_map(values, read)?;
        rows.map(|row| row?).collect()
    }

    /// Forgets what an erasure looks for, once the manifest says what goes.
    pub fn forget_selector(&self, id: &str) -> Result<(), CatalogError> {
        self.sql().execute("UPDATE erasure SET selector = NULL WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Keeps what became of an erasure.
    pub fn put_erasure(&self, erasure: &Erasure) -> Result<(), CatalogError> {
        self.sql().execute(
            "UPDATE erasure SET state = ?2, entries = ?3, sections = ?4, is_counted = 1, blocked = ?5, manifest = ?6,
                    notice = ?7, certificate = ?8, finished_at = ?9
             WHERE id = ?1",
            params![
                erasure.id,
                erasure.state.as_str(),
                erasure.entries,
                erasure.sections,
                erasure.blocked,
                erasure.manifest,
                erasure.notice,
                erasure.certificate,
                erasure.finished_at.map(Timestamp::micros),
            ],
        )?;
        Ok(())
    }

    /// Forgets what people here keep under these texts: saved views and reports that ask for them, invitations, failed sign-ins and
    /// what replays found.
    pub fn forget_texts<'t>(
        &self,
        workspace: &WorkspaceId,
        texts: impl Iterator<Item = &'t String>,
    ) -> Result<(), CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        for text in texts {
            let spelled: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            for text in [text.to_lowercase(), spelled.to_lowercase()] {
                transaction.execute(
                    "DELETE FROM view WHERE workspace = ?1 AND (instr(lower(name), ?2) > 0 OR instr(lower(address), ?2) > 0
                        OR instr(lower(coalesce(opened, '')), ?2) > 0)",
                    params![workspace.as_str(), text],
                )?;
                transaction.execute(
                    "DELETE FROM invitation WHERE workspace = ?1 AND ended_at IS NOT NULL AND instr(lower(email), ?2) > 0",
                    params![workspace.as_str(), text],
                )?;
                transaction.execute(
                    "DELETE FROM report_schedule WHERE workspace = ?1
                        AND (instr(lower(query), ?2) > 0 OR instr(lower(mail_to), ?2) > 0)",
                    params![workspace.as_str(), text],
                )?;
                transaction.execute(
                    "DELETE FROM report_mail WHERE workspace = ?1
                        AND (instr(lower(mail_to), ?2) > 0 OR instr(lower(problem), ?2) > 0)",
                    params![workspace.as_str(), text],
                )?;
                // Nobody answers or uses an approval about them any more.
                transaction.execute(
                    "DELETE FROM approval WHERE workspace = ?1 AND (instr(lower(asked), ?2) > 0
                        OR instr(lower(answers), ?2) > 0 OR instr(lower(approvers), ?2) > 0 OR instr(lower(comments), ?2) > 0)",
                    params![workspace.as_str(), text],
                )?;
                transaction.execute("DELETE FROM attempt WHERE instr(lower(key), ?1) > 0", [&text])?;
                Self::forget_in_alerts(&transaction, workspace, &text)?;
                Self::forget_replays(&transaction, workspace, &text)?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Leaves nothing in the files of the catalog of what was deleted.
    pub fn scrub(&self) -> Result<(), CatalogError> {
        Ok(self.pool.scrub()?)
    }
}

fn target(id: &str) -> serde_json::Value {
    json!([{ "type": "erasure", "id": id }])
}

fn actor(by: &By) -> String {
    by.actor["id"].as_str().unwrap_or_default().to_owned()
}

fn read(row: &Row<'_>) -> crate::sql::Result<Result<Erasure, CatalogError>> {
    let (state, workspace): (String, String) = (row.get("state")?, row.get("workspace")?);
    let (Some(state), Ok(workspace)) = (ErasureState::parse(&state), workspace.parse()) else {
        return Ok(Err(CatalogError::Damaged("an erasure cannot be read".to_owned())));
    };
    Ok(Ok(Erasure {
        id: row.get("id")?,
        workspace,
        selector: row.get("selector")?,
        basis: row.get("basis")?,
        reference: row.get("reference")?,
        state,
        entries: row.get("entries")?,
        sections: row.get("sections")?,
        is_counted: row.get("is_counted")?,
        blocked: row.get("blocked")?,
        manifest: row.get("manifest")?,
        notice: row.get("notice")?,
        certificate: row.get("certificate")?,
        requested_by: row.get("requested_by")?,
        requester: row.get::<_, Option<String>>("requester")?.map(PersonId),
        requested_at: Timestamp::from_micros(row.get("requested_at")?),
        decided_by: row.get("decided_by")?,
        finished_at: row.get::<_, Option<i64>>("finished_at")?.map(Timestamp::from_micros),
    }))
}
