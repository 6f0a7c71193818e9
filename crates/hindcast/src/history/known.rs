//! A conversation as it was known at a moment: what has a time is cut, and what is known only of the end is not there before.
//!
//! Who the customer is, the subject, the channel and the language have no time: they count as known from the beginning, as the
//! history has them today.

use super::conversation::{
    Act, Author, Cited, Conversation, Escalation, Message, Rating, Resolution, Role, Tagging,
};
use hindcast_event::Timestamp;
use std::collections::BTreeSet;

/// What was known of a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'c> {
    /// The conversation, for what has no time.
    pub conversation: &'c Conversation,
    /// What had been said.
    pub messages: &'c [Message],
    /// Which tags had come and gone.
    pub tags: &'c [Tagging],
    /// How often it had been handed over.
    pub escalations: &'c [Escalation],
    /// When it had ended.
    pub closed_at: Option<Timestamp>,
    /// How.
    pub resolution: Option<Resolution>,
    /// What the customer thought of it.
    pub rating: Option<&'c Rating>,
    /// Which articles had been cited; nothing when nobody recorded when.
    pub cited: Option<&'c [Cited]>,
    /// When something had happened last.
    pub last_at: Timestamp,
    is_whole: bool,
}

impl<'c> Known<'c> {
    /// All of it.
    pub fn whole(conversation: &'c Conversation) -> Self {
        Self {
            conversation,
            messages: &conversation.messages,
            tags: &conversation.tags,
            escalations: &conversation.escalations,
            closed_at: conversation.closed_at,
            resolution: conversation.resolution,
            rating: conversation.rating.as_ref(),
            cited: Some(&conversation.cited),
            last_at: conversation.last_at(),
            is_whole: true,
        }
    }

    /// What was known at a moment, what happened in that moment included.
    pub fn at(conversation: &'c Conversation, at: Timestamp) -> Self {
        Self::cut(conversation, |then| then <= at)
    }

    /// What was known just before.
    pub fn before(conversation: &'c Conversation, at: Timestamp) -> Self {
        Self::cut(conversation, |then| then < at)
    }

    fn cut(conversation: &'c Conversation, is_known: impl Fn(Timestamp) -> bool) -> Self {
        let whole = Self::whole(conversation);
        if is_known(whole.last_at) {
            return Self { escalations: until(whole.escalations, |one| is_known(one.at)), ..whole };
        }
        let messages = until(whole.messages, |one| is_known(one.at));
        let tags = until(whole.tags, |one| is_known(one.at));
        let closed_at = whole.closed_at.filter(|at| is_known(*at));
        let times = [messages.last().map(|one| one.at), tags.last().map(|one| one.at), closed_at];
        Self {
            conversation,
            messages,
            tags,
            escalations: until(whole.escalations, |one| is_known(one.at)),
            closed_at,
            resolution: whole.resolution.filter(|_| closed_at.is_some()),
            // Nobody says when it was given: it is as new as the newest thing in the conversation.
            rating: None,
            cited: whole.cited.filter(|cited| cited.is_empty()),
            last_at: times.into_iter().flatten().fold(conversation.opened_at, Timestamp::max),
            is_whole: false,
        }
    }

    /// The tags it had, in their order by name.
    pub fn current_tags(&self) -> BTreeSet<&'c str> {
        let mut tags = BTreeSet::new();
        for tagging in self.tags {
            match tagging.act {
                Act::Added => tags.insert(tagging.tag.as_str()),
                Act::Removed => tags.remove(tagging.tag.as_str()),
            };
        }
        tags
    }

    /// Whether an AI agent had taken part.
    pub fn has_ai(&self) -> bool {
        let is_told = self.is_whole && self.conversation.ai.is_some();
        is_told || self.messages.iter().any(|message| message.role == Role::Agent)
    }

    /// Which AI agent had.
    pub fn agent(&self) -> Option<&'c str> {
        let ai = self.conversation.ai.as_ref().filter(|_| self.has_ai())?;
        ai.agent.as_deref()
    }
}

/// What comes in the order of its times, as far as it is known.
fn until<T>(all: &[T], is_known: impl Fn(&T) -> bool) -> &[T] {
    let end = all.iter().position(|one| !is_known(one)).unwrap_or(all.len());
    all.get(..end).unwrap_or(all)
}

/// What an author is called.
pub(crate) fn called(author: &Author) -> &str {
    author.name.as_ref().unwrap_or(&author.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn a_moment_knows_what_had_happened_and_nothing_of_the_end() {
        let conversation = Conversation::parse(
            r#"{"id":"c","source":"x","opened_at":"2026-11-23T04:00:00Z","closed_at":"2026-11-23T06:00:00Z","resolution":"confirmed",
                "rating":{"score":5},"cited":[{"id":"a"}],"ai":{"agent":"fin"},
                "tags":[{"at":"2026-11-23T05:00:00Z","tag":"late"},{"at":"2026-11-23T05:30:00Z","tag":"late","act":"removed"}],
                "escalations":[{"at":"2026-11-23T05:10:00Z"}],
                "messages":[{"at":"2026-11-23T04:00:00Z","role":"customer","text":"where is it"},
                            {"at":"2026-11-23T04:01:00Z","role":"agent","text":"there"},
                            {"at":"2026-11-23T07:00:00Z","role":"customer","text":"thanks"}]}"#,
        )
        .expect("a conversation");
        let first = Known::at(&conversation, at("2026-11-23T04:00:00Z"));
        assert_eq!((first.messages.len(), first.agent(), first.has_ai()), (1, None, false));
        assert_eq!((first.closed_at, first.resolution, first.cited), (None, None, None));
        let tagged = Known::at(&conversation, at("2026-11-23T05:00:00Z"));
        assert_eq!(tagged.current_tags().into_iter().collect::<Vec<_>>(), ["late"]);
        assert!(Known::before(&conversation, at("2026-11-23T05:00:00Z")).current_tags().is_empty());
        assert_eq!((tagged.agent(), tagged.last_at), (Some("fin"), at("2026-11-23T05:00:00Z")));
        let closed = Known::at(&conversation, at("2026-11-23T06:00:00Z"));
        assert_eq!((closed.resolution, closed.rating), (Some(Resolution::Confirmed), None));
        assert_eq!(closed.escalations.len(), 1);
        let end = Known::at(&conversation, at("2026-11-23T07:00:00Z"));
        assert_eq!((end.rating.map(|one| one.score), end.cited.map(<[_]>::len)), (Some(5), Some(1)));
    }
}
