//! One function for the gate and for a replay: a request in, a verdict out.

use super::asked::{Approval, Asked};
use super::condition::{Evaluation, Status, Truth, takes_action, takes_principal};
use super::limits::SLICES_MAX;
use super::memo::{Key, Memo, Table, shorten};
use super::read::{self, Found, Read};
use super::set::{PolicySet, Rule};
use super::slice::Slice;
use super::verdict::{Decision, Determining, Verdict};
use super::vocabulary::{PRINCIPALS, TARGET, UNKNOWN_ACTION, Vocabulary};
use cedar_policy::{
    Authorizer, Context, Decision as Cedar, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request,
    RestrictedExpression,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many people an approval is taken to come from when it is asked what an approval would change.
pub(crate) const APPROVERS_ASSUMED: u32 = 1_000;

/// A policy set ready to judge; the same requests get the same verdicts, with or without a memo.
#[derive(Debug)]
pub struct Judge {
    version: String,
    rules: Vec<Rule>,
    slices: Vec<Slice>,
    actions: Table,
    rows: Vec<Row>,
    authorizer: Authorizer,
    principals: Vec<EntityTypeName>,
    target: EntityTypeName,
    action: EntityTypeName,
}

/// What there is to know of an action.
#[derive(Debug)]
struct Row {
    groups: Vec<&'static str>,
    /// By kind of actor, the slice that answers.
    slices: [usize; PRINCIPALS.len()],
}

/// What was read of a request.
struct Seen {
    statuses: Vec<Status>,
    request: Request,
    entities: Entities,
}

/// The judge cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policies cannot be made ready: {0}")]
pub struct NotReady(pub String);

impl Judge {
    /// Makes a checked set ready, for the vocabulary it was checked against.
    pub fn new(set: &PolicySet, vocabulary: &Vocabulary) -> Result<Self, NotReady> {
        let name = |name: &str| name.parse::<EntityTypeName>().map_err(|error| NotReady(error.to_string()));
        let mut judge = Self {
            version: set.version().to_owned(),
            rules: set.rules.clone(),
            slices: Vec::new(),
            actions: Table::default(),
            rows: Vec::new(),
            authorizer: Authorizer::new(),
            principals: PRINCIPALS.iter().map(|kind| name(kind)).collect::<Result<_, _>>()?,
            target: name(TARGET)?,
            action: name("Action")?,
        };
        let mut known = BTreeMap::new();
        // What nobody declared comes first: its row is that of every unknown action.
        for action in std::iter::once(UNKNOWN_ACTION).chain(vocabulary.actions()) {
            let groups = vocabulary.groups_of(action);
            let mut slices = [0; PRINCIPALS.len()];
            for (kind, slice) in PRINCIPALS.iter().zip(&mut slices) {
                let takes = |rule: &Rule| {
                    takes_principal(&rule.template, kind) && takes_action(&rule.template, action, &groups)
                };
                let rules: Vec<_> = (0..judge.rules.len()).filter(|&at| takes(&judge.rules[at])).collect();
                // Only calls of tools have attributes of their own.
                let own = vocabulary.is_tool(action).then(|| action.to_owned());
                *slice = *known.entry((rules, own)).or_insert_with_key(|(rules, _)| {
                    judge.slices.push(Slice::of(rules.clone(), &judge.rules, vocabulary, action));
                    judge.slices.len() - 1
                });
            }
            if judge.slices.len() > SLICES_MAX {
                return Err(NotReady(format!("the policies tell more than {SLICES_MAX} cases apart")));
            }
            judge.actions.insert(action.as_bytes());
            judge.rows.push(Row { groups, slices });
        }
        Ok(judge)
    }

    /// The version of its policy set.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Answers a request.
    pub fn judge(&self, asked: &Asked<'_>) -> Verdict {
        let Some((slice, row)) = self.place(asked) else { return unknown_actor() };
        let first = self.evaluate(slice, row, asked);
        let is_approved = asked.approval.is_some_and(|approval| approval.granted);
        if first.decision == Decision::Allow || is_approved || !slice.reads_approval {
            return first;
        }
        let approved = asked.clone().approved(Approval { granted: true, approvers: APPROVERS_ASSUMED });
        if_approved(first, self.evaluate(slice, row, &approved))
    }

    /// The same, answered from memory where the policies cannot tell the request from one before.
    pub fn judge_with(&self, memo: &mut Memo, asked: &Asked<'_>) -> Arc<Verdict> {
        memo.key.clear();
        let Some((slice, row)) = self.place(asked) else { return Arc::new(unknown_actor()) };
        let at = row.slices[asked.kind.unwrap_or(0)];
        memo.key.extend_from_slice(&(at as u32).to_le_bytes());
        memo.key.push(asked.kind.unwrap_or(0) as u8);
        if slice.reads_action {
            memo.key.part(b'a', asked.action().as_bytes());
        }
        write_key(asked, &slice.reads, &mut memo.key);
        shorten(&mut memo.key);
        if let Some(known) = memo.known() {
            return known.clone();
        }
        let verdict = Arc::new(self.judge(asked));
        memo.keep(&verdict);
        verdict
    }

    /// The slice that answers for a kind of actor and an action.
    pub(crate) fn slice(&self, kind: usize, action: &str) -> Option<&Slice> {
        let row = self.rows.get(self.actions.get(action.as_bytes()).unwrap_or(0))?;
        self.slices.get(*row.slices.get(kind)?)
    }

    fn place(&self, asked: &Asked<'_>) -> Option<(&Slice, &Row)> {
        let row = self.rows.get(self.actions.get(asked.action().as_bytes()).unwrap_or(0))?;
        Some((self.slices.get(*row.slices.get(asked.kind?)?)?, row))
    }

    fn evaluate(&self, slice: &Slice, row: &Row, asked: &Asked<'_>) -> Verdict {
        let seen = match self.see(slice, row, asked) {
            Ok(seen) => seen,
            Err(error) => return not_evaluated(vec![error]),
        };
        if !seen.statuses.contains(&Status::NotRecorded) {
            let response = self.authorizer.is_authorized(&seen.request, &slice.cedar, &seen.entities);
            let diagnostics = response.diagnostics();
            if diagnostics.errors().next().is_none() {
                let decision = match response.decision() {
                    Cedar::Allow => Decision::Allow,
                    Cedar::Deny => Decision::Deny,
                };
                let reasons = diagnostics.reason().filter_map(|id| {
                    let is = |rule: &&Rule| rule.info.id == <_ as AsRef<str>>::as_ref(id);
                    self.rules.iter().find(is)
                });
                return told(decision, reasons.collect());
            }
        }
        self.evaluate_apart(slice, &seen)
    }

    /// Policy by policy, with three values.
    fn evaluate_apart(&self, slice: &Slice, seen: &Seen) -> Verdict {
        let (mut missing, mut errors) = (Vec::new(), Vec::new());
        // Permits and forbids that do and that may apply.
        let mut surely: [Vec<&Rule>; 2] = Default::default();
        let mut maybe: [Vec<&Rule>; 2] = Default::default();
        for (at, rule) in slice.rules.iter().filter_map(|&at| self.rules.get(at)).enumerate() {
            let status = slice.status(at, &seen.statuses);
            let mut evaluation = Evaluation {
                request: &seen.request,
                entities: &seen.entities,
                status: &status,
                missing: Vec::new(),
                errors: Vec::new(),
            };
            let side = usize::from(rule.info.forbids);
            match rule.condition.truth(&mut evaluation) {
                Truth::Yes => surely[side].push(rule),
                Truth::No => {}
                Truth::Unknown => {
                    maybe[side].push(rule);
                    errors.extend(evaluation.errors.iter().map(|error| format!("{}: {error}", rule.info.id)));
                    let read = |path: &usize| slice.reads.get(*slice.places.get(at)?.get(*path)?);
                    missing.extend(evaluation.missing.iter().filter_map(read).map(Read::name));
                }
            }
        }
        let [permits, forbids] = surely;
        let [maybe_permits, maybe_forbids] = maybe;
        if !forbids.is_empty() {
            return told(Decision::Deny, forbids);
        }
        if permits.is_empty() && maybe_permits.is_empty() {
            return told(Decision::Deny, Vec::new());
        }
        if maybe_forbids.is_empty() && !permits.is_empty() {
            return told(Decision::Allow, permits);
        }
        missing.sort();
        missing.dedup();
        errors.sort();
        errors.dedup();
        let may: Vec<_> =
            if maybe_forbids.is_empty() { maybe_permits } else { maybe_forbids.into_iter().collect() };
        let possible = vec![Decision::Allow, Decision::Deny];
        Verdict { decision: Decision::Unknown, possible, errors, missing, ..told(Decision::Unknown, may) }
    }

    /// Builds what Cedar is asked: only what the slice reads.
    fn see(&self, slice: &Slice, row: &Row, asked: &Asked<'_>) -> Result<Seen, String> {
        let mut statuses = vec![Status::NotRecorded; slice.reads.len()];
        let mut variables: BTreeMap<&str, Tree> = BTreeMap::new();
        read::each(asked, &slice.reads, |at, found| {
            let Some(read) = slice.reads.get(at) else { return };
            let Some((variable, path)) = read.path.split_first() else { return };
            let tree = variables.entry(variable).or_insert_with(|| Tree::Record(BTreeMap::new()));
            match found {
                Found::Absent(parts) => {
                    statuses[at] = Status::Absent;
                    tree.record(path.get(..parts.saturating_sub(1)).unwrap_or_default());
                }
                Found::NotRecorded => {}
                found => {
                    if let Some(value) = read.value(found, asked) {
                        statuses[at] = Status::There;
                        tree.put(path, value);
                    }
                }
            }
        });
        let mut attributes =
            |variable: &str| variables.remove(variable).map_or(Ok(Vec::new()), Tree::members);
        let context = attributes("context")?;
        let context = Context::from_pairs(context).map_err(|error| error.to_string())?;
        let kind =
            asked.kind.and_then(|kind| self.principals.get(kind)).ok_or("the actor is of no known kind")?;
        let principal = uid(kind, &asked.actor_id());
        let resource = uid(&self.target, &format!("{}/{}", asked.target_type(), asked.target_id()));
        let action = uid(&self.action, asked.action());
        let groups = || row.groups.iter().map(|group| uid(&self.action, group));
        let entity = |uid: &EntityUid, attributes: Vec<(String, RestrictedExpression)>| {
            Entity::new(uid.clone(), attributes.into_iter().collect(), std::iter::empty().collect())
                .map_err(|error| error.to_string())
        };
        let mut entities = vec![
            entity(&principal, attributes("principal")?)?,
            entity(&resource, attributes("resource")?)?,
            Entity::new_no_attrs(action.clone(), groups().collect()),
        ];
        entities.extend(groups().map(|group| Entity::new_no_attrs(group, std::iter::empty().collect())));
        let entities = Entities::from_entities(entities, None).map_err(|error| error.to_string())?;
        let request =
            Request::new(principal, action, resource, context, None).map_err(|error| error.to_string())?;
        Ok(Seen { statuses, request, entities })
    }
}

/// What the policies of a slice can see of a request, in a spelling that is the same only if that is the same.
pub(crate) fn write_key(asked: &Asked<'_>, reads: &[Read], key: &mut Vec<u8>) {
    read::each(asked, reads, |at, found| {
        key.extend_from_slice(&(at as u32).to_le_bytes());
        match found {
            Found::Text(text) => key.part(b't', text.as_bytes()),
            Found::At(time) => key.part(b'@', &time.micros().to_le_bytes()),
            Found::Flag(flag) => key.push(if flag { b'1' } else { b'0' }),
            Found::Absent(parts) => key.part(b'-', &[parts as u8]),
            Found::NotRecorded => key.push(b'?'),
            Found::Asked => {
                asked.changed().for_each(|path| key.part(b'c', path.as_bytes()));
                let approval = asked.approval.map_or([0; 5], |approval| {
                    let [a, b, c, d] = approval.approvers.to_le_bytes();
                    [u8::from(approval.granted) + 1, a, b, c, d]
                });
                key.part(b'.', &approval);
            }
        }
    });
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn told(decision: Decision, mut rules: Vec<&Rule>) -> Verdict {
    rules.sort_by(|a, b| a.info.id.cmp(&b.info.id));
    let determining = rules.into_iter().map(|rule| Determining(rule.info.clone())).collect();
    Verdict { decision, possible: vec![decision], determining, errors: Vec::new(), missing: Vec::new() }
}

fn not_evaluated(errors: Vec<String>) -> Verdict {
    let possible = vec![Decision::Allow, Decision::Deny];
    Verdict { decision: Decision::Unknown, possible, determining: Vec::new(), errors, missing: Vec::new() }
}

/// Who it was is erased, or of a kind we do not know.
fn unknown_actor() -> Verdict {
    let possible = vec![Decision::Allow, Decision::Deny, Decision::NeedsApproval];
    let missing = vec!["principal".to_owned()];
    Verdict { decision: Decision::Unknown, possible, determining: Vec::new(), errors: Vec::new(), missing }
}

/// What an answer becomes that an approval could change.
fn if_approved(first: Verdict, second: Verdict) -> Verdict {
    use Decision::{Allow, Deny, NeedsApproval, Unknown};
    let (decision, possible) = match (first.decision, second.decision) {
        (Deny, Allow) => (NeedsApproval, vec![NeedsApproval]),
        (Deny, Unknown) => (Unknown, vec![Deny, NeedsApproval]),
        (Unknown, Allow) => (Unknown, vec![Allow, NeedsApproval]),
        (Unknown, Unknown) => (Unknown, vec![Allow, Deny, NeedsApproval]),
        (decision, _) => (decision, first.possible.clone()),
    };
    let (missing, errors) = match (first.decision, decision) {
        (Deny, Unknown) => (second.missing, second.errors),
        _ => (first.missing, first.errors),
    };
    Verdict { decision, possible, determining: first.determining, errors, missing }
}

/// A record being put together from what is read of it.
enum Tree {
    Value(RestrictedExpression),
    Record(BTreeMap<String, Tree>),
}

impl Tree {
    /// Makes sure that there is a record at a path; what is there as a whole stays.
    fn record(&mut self, path: &[String]) -> Option<&mut BTreeMap<String, Tree>> {
        let Self::Record(members) = self else { return None };
        match path.split_first() {
            None => Some(members),
            Some((name, rest)) => {
                members.entry(name.clone()).or_insert_with(|| Self::Record(BTreeMap::new())).record(rest)
            }
        }
    }

    fn put(&mut self, path: &[String], value: RestrictedExpression) {
        let Some((name, above)) = path.split_last() else { return };
        if let Some(members) = self.record(above) {
            members.insert(name.clone(), Self::Value(value));
        }
    }

    fn members(self) -> Result<Vec<(String, RestrictedExpression)>, String> {
        let Self::Record(members) = self else { return Ok(Vec::new()) };
        members.into_iter().map(|(name, tree)| Ok((name, tree.value()?))).collect()
    }

    fn value(self) -> Result<RestrictedExpression, String> {
        match self {
            Self::Value(value) => Ok(value),
            record => RestrictedExpression::new_record(record.members()?).map_err(|error| error.to_string()),
        }
    }
}
