//! Reading the history and the log once: texts become vectors as they pass, and what is kept of a conversation is its id, its
//! tags and how it ended.

use super::corrections::{Corrected, TagEvent, corrections};
use super::evidence::Evidence;
use super::outcome::unresolved;
use super::question::Question;
use crate::catalog::{CatalogError, ConversationRow, History, ShelvedArticle};
use crate::history::{Act, Conversation, Role, Tagging, is_gone};
use hindcast_ledger::WorkspaceId;
use hindcast_segments::{Budget, SearchError, Snapshot};
use hindcast_text::limits::{ARTICLES_MAX, CORRECTIONS_MAX, TAGGINGS_MAX, TEXTS_MAX};
use hindcast_text::{Article, Articles, Outcome, Reader, Reading, Text, TextError};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Conversations that are read between two looks at whether anybody still waits.
const AT_ONCE: usize = 200;

/// What was read; texts are numbered as in the reading.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub reading: Reading,
    /// The ids of the conversations.
    pub ids: Vec<String>,
    pub given: Vec<Given>,
    pub(super) corrected: Vec<(usize, Corrected)>,
    pub outcomes: Vec<Outcome>,
    pub articles: Articles,
    /// The articles, and what was cited that is none of them.
    pub shelf: Vec<ShelvedArticle>,
    /// How many of the shelf are articles.
    pub article_count: usize,
    /// When the newest conversation began.
    pub newest: i64,
    pub without_text: usize,
    pub beyond: usize,
    pub evidence: usize,
    pub is_evidence_cut: bool,
}

/// A tag that a conversation has.
#[derive(Debug)]
pub(crate) struct Given {
    pub text: usize,
    pub tag: String,
    pub by: Option<String>,
    pub version: Option<String>,
}

/// Why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGathered {
    #[error("nobody waits for it any more")]
    Cancelled,
    #[error("the history changed while it was read; ask again")]
    Changed,
    #[error(transparent)]
    Unread(#[from] CatalogError),
    #[error(transparent)]
    Unsearched(#[from] SearchError),
    #[error(transparent)]
    Text(#[from] TextError),
}

/// Reads what a question is about, the newest first. `progress` hears how much of how much, and says whether to go on.
pub(crate) fn gather(
    history: &History,
    snapshot: &Snapshot,
    workspace: &WorkspaceId,
    question: &Question,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Gathered, NotGathered> {
    let wanted = question.wanted();
    let all = history.count_wanted(workspace, &wanted)?;
    let evidence = Evidence::read(snapshot, &Budget::unlimited())?;
    let mut gathering = Gathering::new(evidence, history.shelf(workspace)?);
    let mut after: Option<String> = None;
    let mut read = 0;
    while gathering.ids.len() < TEXTS_MAX {
        if !progress(read, all) {
            return Err(NotGathered::Cancelled);
        }
        let page = history.list(workspace, &wanted, after.as_deref(), AT_ONCE)?;
        let page = page.ok_or(NotGathered::Changed)?;
        let Some(last) = page.last() else { break };
        after = Some(format!("{:016x}", last.nr));
        read += page.len();
        for ConversationRow { conversation, .. } in page.into_iter().take(TEXTS_MAX - gathering.ids.len()) {
            if !gathering.take(conversation)? {
                return Ok(gathering.finish(all.saturating_sub(read))?);
            }
        }
    }
    Ok(gathering.finish(all.saturating_sub(read))?)
}

/// What somebody asked first, with the subject: nothing where they said nothing, or nothing of it is kept.
pub(crate) fn question_of(conversation: &Conversation) -> Option<String> {
    let subject = conversation.subject.as_deref();
    let mut said = conversation.messages.iter().filter(|message| message.role == Role::Customer);
    let said = said.find(|message| !message.text.trim().is_empty()).map(|message| message.text.as_str());
    let parts =
        [subject, said].into_iter().flatten().filter(|text| !text.trim().is_empty() && !is_gone(text));
    let parts: Vec<&str> = parts.collect();
    // Mail repeats its subject as the first line often enough.
    match parts[..] {
        [] => None,
        [subject, said] if said.starts_with(subject) => Some(said.to_owned()),
        _ => Some(parts.join("\n")),
    }
}

struct Gathering {
    reader: Reader,
    evidence: Evidence,
    ids: Vec<String>,
    given: Vec<Given>,
    corrected: Vec<(usize, Corrected)>,
    outcomes: Vec<Outcome>,
    shelf: Vec<ShelvedArticle>,
    article_count: usize,
    /// The numbers of articles by id and by address.
    known: BTreeMap<String, usize>,
    newest: i64,
    without_text: usize,
}

impl Gathering {
    fn new(evidence: Evidence, shelf: Vec<ShelvedArticle>) -> Self {
        let mut known = BTreeMap::new();
        for (number, article) in shelf.iter().enumerate() {
            known.insert(article.id.clone(), number);
            if !article.url.is_empty() {
                known.entry(article.url.clone()).or_insert(number);
            }
        }
        let (reader, ids, given, corrected, outcomes) = Default::default();
        let article_count = shelf.len();
        Self {
            reader,
            evidence,
            ids,
            given,
            corrected,
            outcomes,
            shelf,
            article_count,
            known,
            newest: i64::MIN,
            without_text: 0,
        }
    }

    /// Takes a conversation; says whether there is room for more.
    fn take(&mut self, conversation: Conversation) -> Result<bool, NotGathered> {
        let asked = question_of(&conversation);
        let mut events: Vec<TagEvent> =
            conversation.tags.iter().map(|tagging| event(&conversation, tagging)).collect();
        events.extend(self.evidence.tags.remove(&conversation.id).into_iter().flatten());
        let corrected = corrections(&events);
        // What a person corrected is evidence even where the text is not kept.
        if asked.is_none() {
            self.without_text += 1;
            if corrected.is_empty() {
                return Ok(true);
            }
        }
        let at_micros = conversation.opened_at.micros();
        let text = match self.reader.add(Text { text: asked.as_deref().unwrap_or_default(), at_micros }) {
            Ok(text) => text,
            // What was read before is enough for an answer, which says how much that is.
            Err(TextError::TooMany { .. }) => return Ok(false),
            Err(other) => return Err(other.into()),
        };
        self.newest = self.newest.max(at_micros);
        if asked.is_some() {
            self.take_tags(text, &conversation);
        }
        let room = CORRECTIONS_MAX - self.corrected.len().min(CORRECTIONS_MAX);
        self.corrected.extend(corrected.into_iter().take(room).map(|one| (text, one)));
        self.take_outcome(text, &conversation);
        self.ids.push(conversation.id);
        Ok(true)
    }

    fn take_tags(&mut self, text: usize, conversation: &Conversation) {
        for tag in conversation.current_tags() {
            if self.given.len() >= TAGGINGS_MAX {
                return;
            }
            let last = conversation.tags.iter().rev().find(|one| one.act == Act::Added && one.tag == tag);
            let (by, version) = last.map_or((None, None), |last| {
                let TagEvent { by, version, .. } = event(conversation, last);
                (by, version)
            });
            self.given.push(Given { text, tag: tag.to_owned(), by, version });
        }
    }

    fn take_outcome(&mut self, text: usize, conversation: &Conversation) {
        let blocked = self.evidence.denied.contains(&conversation.id);
        let Some(unresolved) = unresolved(conversation, blocked) else { return };
        let cited = conversation.cited.first().and_then(|cited| self.number(cited));
        self.outcomes.push(Outcome { text, unresolved, cited, blocked });
    }

    /// The number of an article that was cited; what nobody imported is known by its title.
    fn number(&mut self, cited: &crate::history::Cited) -> Option<usize> {
        if let Some(number) = self.known.get(&cited.id) {
            return Some(*number);
        }
        if self.shelf.len() >= ARTICLES_MAX {
            return None;
        }
        let number = self.shelf.len();
        self.known.insert(cited.id.clone(), number);
        let title = cited.title.clone().unwrap_or_default();
        self.shelf.push(ShelvedArticle { id: cited.id.clone(), title, ..ShelvedArticle::default() });
        Some(number)
    }

    fn finish(mut self, beyond: usize) -> Result<Gathered, TextError> {
        let shelf = self.shelf.iter().map(|article| Article { title: &article.title, body: &article.text });
        let articles = Articles::of(shelf)?;
        // They are searched now; what is told of one is its id, title and address.
        self.shelf.iter_mut().for_each(|article| article.text = String::new());
        Ok(Gathered {
            reading: self.reader.finish(),
            ids: self.ids,
            given: self.given,
            corrected: self.corrected,
            outcomes: self.outcomes,
            articles,
            shelf: self.shelf,
            article_count: self.article_count,
            newest: self.newest,
            without_text: self.without_text,
            beyond,
            evidence: self.evidence.entries,
            is_evidence_cut: self.evidence.is_cut,
        })
    }
}

/// A tag that was added or removed, as the history has it. A workflow may act in the name of whoever switched it on.
fn event(conversation: &Conversation, tagging: &Tagging) -> TagEvent {
    let by = tagging.by.as_ref();
    let kind = by.and_then(|by| by.kind.as_deref());
    let name = by.map(|by| by.name.as_ref().unwrap_or(&by.id)).map(Cow::Borrowed);
    let is_agent = tagging.workflow.is_none() && kind == Some("agent");
    let version = conversation.ai.as_ref().filter(|_| is_agent).and_then(|ai| ai.version.clone());
    TagEvent {
        at: tagging.at.micros(),
        tag: tagging.tag.clone(),
        is_added: tagging.act == Act::Added,
        is_by_person: tagging.workflow.is_none() && kind == Some("user"),
        by: tagging.workflow.clone().or(name.map(Cow::into_owned)),
        version: tagging.version.clone().or(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn conversation(and: Value) -> Conversation {
        let mut one = json!({ "id": "c", "source": "x", "opened_at": "2026-01-01T10:00:00Z" });
        one.as_object_mut().expect("an object").extend(and.as_object().expect("an object").clone());
        Conversation::parse(&one.to_string()).expect("a conversation")
    }

    fn said(role: &str, text: &str) -> Value {
        json!({ "at": "2026-01-01T10:00:00Z", "role": role, "text": text })
    }

    #[test]
    fn what_is_asked_is_the_subject_and_what_the_customer_said_first() {
        let asked = |and: Value| question_of(&conversation(and));
        let messages =
            json!([said("system", "hello"), said("customer", " "), said("customer", "My card is gone")]);
        let of = |subject: &str| asked(json!({ "subject": subject, "messages": messages }));
        assert_eq!(of("Card"), Some("Card\nMy card is gone".to_owned()));
        assert_eq!(of("My card"), Some("My card is gone".to_owned()), "not twice");
        assert_eq!(of("[masked]"), Some("My card is gone".to_owned()));
        assert_eq!(
            asked(json!({ "messages": [said("customer", "[masked]")] })),
            None,
            "nothing of it is kept"
        );
        assert_eq!(asked(json!({ "messages": [said("agent", "hi")] })), None);
    }

    #[test]
    fn a_tag_is_given_by_a_workflow_an_agent_of_a_version_or_a_person() {
        let at = "2026-01-01T10:00:00Z";
        let one = conversation(json!({ "ai": { "agent": "fin", "version": "7" }, "tags": [
            { "at": at, "tag": "a", "workflow": "triage", "version": "14", "by": { "id": "ana", "type": "user" } },
            { "at": at, "tag": "b", "by": { "id": "fin", "type": "agent" } },
            { "at": at, "tag": "c", "by": { "id": "u1", "name": "Ana", "type": "user" } },
            { "at": at, "tag": "d" },
        ] }));
        let told: Vec<_> = one.tags.iter().map(|tagging| event(&one, tagging)).collect();
        let told: Vec<_> = told
            .iter()
            .map(|told| (told.by.as_deref(), told.version.as_deref(), told.is_by_person))
            .collect();
        let expected = [
            (Some("triage"), Some("14"), false),
            (Some("fin"), Some("7"), false),
            (Some("Ana"), None, true),
            (None, None, false),
        ];
        assert_eq!(told, expected);
    }
}
