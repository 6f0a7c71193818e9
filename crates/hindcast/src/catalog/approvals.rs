//! Approvals: calls that wait for people, what these answered, and what became of it.

use super::{By, Catalog, CatalogError, PersonId, outbox, random_id};
use crate::sql::{OptionalExtension as _, Row, Transaction, params};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use hindcast_rules::approval::{Answer, Approval, Became, CallDigest, Deed, Refused, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// So many approvals wait in a workspace at most; beyond that the gate says no.
pub const PENDING_MAX: u64 = 10_000;

/// People and programs talk about an approval at most so many times.
pub const COMMENTS_MAX: usize = 50;

/// What becomes of a call nobody answered about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTimeout {
    /// It is denied.
    Deny,
    /// It is denied, and whoever asked is told to hand over to a person.
    #[default]
    Escalate,
}

impl OnTimeout {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        if self == Self::Deny { "deny" } else { "escalate" }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Deny, Self::Escalate].into_iter().find(|known| known.as_str() == word)
    }
}

/// An approval to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApproval {
    /// The call it is for.
    pub call: CallDigest,
    /// The version of the policies that ask for it.
    pub policies: String,
    /// The ids of those that did.
    pub determining: Vec<String>,
    /// The call as it was asked about: the JSON of a draft.
    pub asked: Value,
    /// The id of the decision that asked for it.
    pub decision: String,
    /// The id of the token that asked.
    pub token: String,
    /// Who answers for that token.
    pub requester: Option<PersonId>,
    /// Who may answer, such as `team:billing-leads`; everybody who may approve at all when empty.
    pub approvers: Vec<String>,
    /// How many have to agree.
    pub required: u32,
    /// What becomes of it if they do not in time.
    pub on_timeout: OnTimeout,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An approval as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptApproval {
    /// Its id.
    pub id: String,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// How it stands.
    pub approval: Approval,
    /// What was asked for.
    pub new: NewApproval,
    /// What people said with their answers, in the same order.
    pub said: Vec<Said>,
    /// What was asked about it and answered, the oldest first.
    pub comments: Vec<Comment>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Their name when they did.
    pub name: String,
    /// Why.
    pub comment: String,
}

/// A question about an approval, or the answer to one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The id of the person, or of the token when it is nobody's.
    pub by: String,
    /// What they are called.
    pub name: String,
    /// What they say.
    pub text: String,
    /// When, in microseconds.
    pub at: i64,
}

/// Which approvals to list.
#[derive(Clone, Debug, Default)]
pub struct ApprovalsWanted {
    /// Only these states; all when empty.
    pub states: Vec<State>,
    /// Only what this person, or a token of theirs, asked for.
    pub requester: Option<PersonId>,
    /// Only what this token asked for.
    pub token: Option<String>,
    /// From the one after this.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl Catalog {
    /// Asks for an approval. One that waits for the same call, or was given for it and not used, is taken instead; nothing
    /// when too many wait.
    pub fn ask_approval(
        &self,
        workspace: &WorkspaceId,
        new: &NewApproval,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<KeptApproval>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let same = transaction
            .query_row(
                "SELECT * FROM approval WHERE workspace = ?1 AND call = ?2 AND policies = ?3 AND token = ?4
                     AND state IN ('pending', 'approved') AND expires_at > ?5 ORDER BY created_at LIMIT 1",
                params![workspace.as_str(), new.call.to_string(), new.policies, new.token, now.micros()],
                read,
            )
            .optional()?;
        if let Some(same) = same {
            return Ok(Some(same));
        }
        let pending: u64 = transaction.query_row(
            "SELECT count(*) FROM approval WHERE workspace = ?1 AND state = 'pending'",
            [workspace.as_str()],
            |row| row.get(0),
        )?;
        if pending >= PENDING_MAX {
            return Ok(None);
        }
        let kept = KeptApproval {
            id: random_id()?,
            workspace: workspace.clone(),
            approval: Approval {
                state: State::Pending,
                call: new.call,
                policies: new.policies.clone(),
                required: new.required,
                answers: Vec::new(),
                expires_at: new.expires_at,
            },
            new: new.clone(),
            said: Vec::new(),
            comments: Vec::new(),
            created_at: now,
            closed_at: None,
        };
        insert(&transaction, &kept)?;
        outbox::put(&transaction, workspace, &kept.event("approval.requested", by))?;
        transaction.commit()?;
        Ok(Some(kept))
    }

    /// One of the approvals of a workspace.
    pub fn approval(&self, workspace: &WorkspaceId, id: &str) -> Result<Option<KeptApproval>, CatalogError> {
        find(&self.sql(), workspace, id)
    }

    /// The last approval that a token asked for about a call, if people said no and their time was not over.
    pub fn denied_approval(
        &self,
        workspace: &WorkspaceId,
        call: &CallDigest,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<String>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT id, state FROM approval WHERE workspace = ?1 AND call = ?2 AND token = ?3 AND expires_at > ?4
             ORDER BY created_at DESC LIMIT 1",
        )?;
        let wanted = params![workspace.as_str(), call.to_string(), token, now.micros()];
        let last: Option<(String, String)> =
            statement.query_row(wanted, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(last.filter(|(_, state)| state == State::Denied.as_str()).map(|(id, _)| id))
    }

    /// Approvals of a workspace, the newest first.
    pub fn approvals(
        &self,
        workspace: &WorkspaceId,
        wanted: &ApprovalsWanted,
    ) -> Result<Vec<KeptApproval>, CatalogError> {
        let states: Vec<_> = wanted.states.iter().map(|state| state.as_str()).collect();
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM approval WHERE workspace = ?1
                 AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2)))
                 AND (requester = ?3 OR ?3 IS NULL)
                 AND (token = ?4 OR ?4 IS NULL)
                 AND ((created_at, id) < (SELECT created_at, id FROM approval WHERE workspace = ?1 AND id = ?5) OR ?5 IS NULL)
             ORDER BY created_at DESC, id DESC LIMIT ?6",
        )?;
        let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
        let requester = wanted.requester.as_ref().map(|person| &person.0);
        let rows = statement.query_map(
            params![
                workspace.as_str(),
                json!(states).to_string(),
                requester,
                wanted.token,
                wanted.after,
                limit
            ],
            read,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Approvals of all workspaces that time has overtaken, the oldest first.
    pub fn overdue_approvals(&self, now: Timestamp, limit: usize) -> Result<Vec<KeptApproval>, CatalogError> {
        let sql = self.sql();
        let mut statement = sql.prepare(
            "SELECT * FROM approval WHERE state IN ('pending', 'approved') AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![now.micros(), limit], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Does something about an approval, or says why not; nothing when there is none. The entry about it says who did it and,
    /// for an answer, what they said.
    pub fn do_about_approval(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        deed: &Deed<'_>,
        said: Option<Said>,
        now: Timestamp,
        by: &By,
    ) -> Result<Option<Result<KeptApproval, Refused>>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(mut kept) = find(&transaction, workspace, id)? else { return Ok(None) };
        let before = kept.approval.state;
        let became = kept.approval.apply(deed, now);
        // Time may have overtaken it just now, whatever was tried.
        let became = match became {
            Err(refused) if kept.approval.state == before => return Ok(Some(Err(refused))),
            Err(refused) => Err(refused),
            Ok(Became::Same) => return Ok(Some(Ok(kept))),
            Ok(became) => Ok(became),
        };
        if kept.approval.state.is_over() {
            kept.closed_at = Some(now);
        }
        let comment = said.as_ref().map(|said| said.comment.clone()).unwrap_or_default();
        if became.is_ok() {
            kept.said.extend(said);
        }
        update(&transaction, &kept)?;
        let (action, by) = match &became {
            Err(_) => ("approval.expired", &By::server()),
            Ok(became) => (action_of(*became), by),
        };
        let mut event = kept.event(action, by);
        if became.is_ok() && !comment.is_empty() {
            event["reason"] = comment.into();
        }
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(became.map(|_| kept)))
    }

    /// Adds to what is said about an approval that is not over; nothing when there is none, when it is over or when enough was
    /// said.
    pub fn comment_on_approval(
        &self,
        workspace: &WorkspaceId,
        id: &str,
        comment: Comment,
        by: &By,
    ) -> Result<Option<KeptApproval>, CatalogError> {
        let mut sql = self.sql();
        let transaction = sql.transaction()?;
        let Some(mut kept) = find(&transaction, workspace, id)? else { return Ok(None) };
        if kept.approval.state.is_over() || kept.comments.len() >= COMMENTS_MAX {
            return Ok(None);
        }
        let mut event = kept.event("approval.commented", by);
        event["reason"] = json!(comment.text);
        kept.comments.push(comment);
        transaction.execute(
            "UPDATE approval SET comments = ?2 WHERE id = ?1",
            params![kept.id, json!(kept.comments).to_string()],
        )?;
        outbox::put(&transaction, workspace, &event)?;
        transaction.commit()?;
        Ok(Some(kept))
    }
}

fn action_of(became: Became) -> &'static str {
    match became {
        Became::State(State::Approved) => "approval.granted",
        Became::State(State::Denied) => "approval.denied",
        Became::State(State::Cancelled) => "approval.cancelled",
        Became::State(State::Used) => "approval.used",
        Became::State(State::Expired | State::Pending) => "approval.expired",
        Became::Closer | Became::Same => "approval.answered",
    }
}

impl KeptApproval {
    /// The entry about it.
    fn event(&self, action: &str, by: &By) -> Value {
        let asked = &self.new.asked;
        let mut targets = vec![json!({ "type": "approval", "id": self.id })];
        targets.extend(asked["targets"].as_array().into_iter().flatten().take(20).cloned());
        let answers: Vec<_> = self.approval.answers.iter().map(|answer| &answer.by).collect();
        let mut metadata = json!({
            "action": asked["action"],
            "actor": asked["actor"],
            "approvers": self.new.approvers,
            "call": self.approval.call.to_string(),
            "decision": self.new.decision,
            "expires_at": self.approval.expires_at.to_string(),
            "missing": self.approval.missing(),
            "policy": self.new.determining.first(),
            "required": self.approval.required,
        });
        if !answers.is_empty() {
            metadata["answered_by"] = json!(answers);
        }
        if self.approval.state == State::Expired {
            metadata["on_timeout"] = self.new.on_timeout.as_str().into();
        }
        by.event(action, targets.into(), metadata)
    }
}

fn find(
    sql: &crate::sql::Connection,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<KeptApproval>, CatalogError> {
    let mut statement = sql.prepare("SELECT * FROM approval WHERE workspace = ?1 AND id = ?2")?;
    Ok(statement.query_row([workspace.as_str(), id], read).optional()?)
}

fn insert(transaction: &Transaction<'_>, kept: &KeptApproval) -> Result<(), CatalogError> {
    let KeptApproval { id, workspace, approval, new, created_at, .. } = kept;
    transaction.execute(
        "INSERT INTO approval (id, workspace, state, call, policies, determining, asked, decision, token, requester,
             approvers, required, answers, on_timeout, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, '[]', ?13, ?14, ?15)",
        params![
            id,
            workspace.as_str(),
            approval.state.as_str(),
            approval.call.to_string(),
            approval.policies,
            super::list(&new.determining),
            new.asked.to_string(),
            new.decision,
            new.token,
            new.requester.as_ref().map(|person| &person.0),
            super::list(&new.approvers),
            new.required,
            new.on_timeout.as_str(),
            created_at.micros(),
            approval.expires_at.micros(),
        ],
    )?;
    Ok(())
}

fn update(transaction: &Transaction<'_>, kept: &KeptApproval) -> Result<(), CatalogError> {
    let answers = kept.approval.answers.iter().zip(&kept.said).map(|(answer, said)| {
        json!({ "by": answer.by, "agrees": answer.agrees, "at": answer.at.micros(), "name": said.name,
                "comment": said.comment })
    });
    transaction.execute(
        "UPDATE approval SET state = ?2, answers = ?3, closed_at = ?4 WHERE id = ?1",
        params![
            kept.id,
            kept.approval.state.as_str(),
            Value::from_iter(answers).to_string(),
            kept.closed_at.map(Timestamp::micros)
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> crate::sql::Result<KeptApproval> {
    let damaged = |what: &str| {
        let error = CatalogError::Damaged(format!("an approval has no {what}"));
        crate::sql::Error::unread(error)
    };
    let text = |name: &str| row.get::<_, String>(name);
    let call = CallDigest::parse(&text("call")?).ok_or_else(|| damaged("call"))?;
    let state = State::parse(&text("state")?).ok_or_else(|| damaged("state"))?;
    let workspace = text("workspace")?.parse().map_err(|_| damaged("workspace"))?;
    let answers: Vec<Value> = serde_json::from_str(&text("answers")?).unwrap_or_default();
    let word = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
    let new = NewApproval {
        call,
        policies: text("policies")?,
        determining: super::read_list(&text("determining")?),
        asked: serde_json::from_str(&text("asked")?).unwrap_or_default(),
        decision: text("decision")?,
        token: text("token")?,
        requester: row.get::<_, Option<String>>("requester")?.map(PersonId),
        approvers: super::read_list(&text("approvers")?),
        required: row.get("required")?,
        on_timeout: OnTimeout::parse(&text("on_timeout")?).unwrap_or_default(),
        expires_at: Timestamp::from_micros(row.get("expires_at")?),
    };
    let answered = answers.iter().map(|answer| Answer {
        by: word(answer, "by"),
        agrees: answer["agrees"] == true,
        at: Timestamp::from_micros(answer["at"].as_i64().unwrap_or_default()),
    });
    let approval = Approval {
        state,
        call,
        policies: new.policies.clone(),
        required: new.required,
        answers: answered.collect(),
        expires_at: new.expires_at,
    };
    let said =
        answers.iter().map(|answer| Said { name: word(answer, "name"), comment: word(answer, "comment") });
    Ok(KeptApproval {
        id: row.get("id")?,
        workspace,
        approval,
        said: said.collect(),
        comments: serde_json::from_str(&text("comments")?).unwrap_or_default(),
        created_at: Timestamp::from_micros(row.get("created_at")?),
        closed_at: row.get::<_, Option<i64>>("closed_at")?.map(Timestamp::from_micros),
        new,
    })
}
