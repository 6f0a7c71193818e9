//! What happened in conversations, in the order of time. Conversations are read as they began and held while they go on; when
//! those take too much, of later ones only the place is held, and they are read again for each thing that happens.

use crate::catalog::{Began, CatalogError, ConversationsWanted, History};
use crate::history::{Change, Conversation, happened};
use hindcast_event::Timestamp;
use hindcast_ledger::WorkspaceId;
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// Conversations that go on are held up to so many bytes of JSON.
const HELD_BYTES_MAX: usize = 64 << 20;

/// The past of a workspace.
pub(super) struct Past<'p> {
    history: &'p History,
    workspace: &'p WorkspaceId,
    which: &'p ConversationsWanted,
    /// Only conversations in which something happened since then.
    since: Option<Timestamp>,
    after: Option<Began>,
    read: VecDeque<(Began, usize, Conversation)>,
    is_read: bool,
    waiting: BinaryHeap<Reverse<Waiting>>,
    held_bytes: usize,
    held_bytes_max: usize,
}

/// A conversation in which something more happened.
struct Waiting {
    at: Timestamp,
    nr: i64,
    /// Which of all that happened in it.
    nth: usize,
    id: String,
    held: Option<Box<Held>>,
}

struct Held {
    conversation: Conversation,
    happened: Vec<(Timestamp, Change)>,
    bytes: usize,
}

impl Held {
    fn of(conversation: Conversation, bytes: usize) -> Self {
        Self { happened: happened(None, &conversation), conversation, bytes }
    }
}

impl<'p> Past<'p> {
    pub fn new(
        history: &'p History,
        workspace: &'p WorkspaceId,
        which: &'p ConversationsWanted,
        since: Option<Timestamp>,
    ) -> Self {
        Self {
            history,
            workspace,
            which,
            since,
            after: None,
            read: VecDeque::new(),
            is_read: false,
            waiting: BinaryHeap::new(),
            held_bytes: 0,
            held_bytes_max: HELD_BYTES_MAX,
        }
    }

    /// Hands over all that happened, one after the other, and whether it was the last in its conversation.
    pub fn each(
        mut self,
        mut take: impl FnMut(&Conversation, Timestamp, &Change, bool) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        loop {
            self.begin()?;
            let Some(Reverse(mut next)) = self.waiting.pop() else { return Ok(()) };
            let was_held = next.held.is_some();
            let held = match next.held.take() {
                Some(held) => held,
                // Erased meanwhile, it is not there any more.
                None => match self.history.get(self.workspace, &next.id)? {
                    Some(conversation) => Box::new(Held::of(conversation, 0)),
                    None => continue,
                },
            };
            let then = held.happened.get(next.nth + 1).map(|(at, _)| *at);
            if let Some((at, change)) = held.happened.get(next.nth) {
                take(&held.conversation, *at, change, then.is_none())?;
            }
            match then {
                Some(at) => {
                    (next.at, next.nth, next.held) = (at, next.nth + 1, was_held.then_some(held));
                    self.waiting.push(Reverse(next));
                }
                None => self.held_bytes -= held.bytes,
            }
        }
    }

    /// Takes in the conversations that began before the next thing that happened.
    fn begin(&mut self) -> Result<(), CatalogError> {
        loop {
            if self.read.is_empty() && !self.is_read {
                self.read = self.history.past(self.workspace, self.which, self.since, self.after)?.into();
                self.is_read = self.read.is_empty();
                self.after = self.read.back().map(|(place, ..)| *place).or(self.after);
            }
            let next = self.waiting.peek().map(|Reverse(next)| next.at.micros());
            let is_next =
                |(place, ..): &(Began, usize, Conversation)| next.is_none_or(|next| place.0 <= next);
            let Some((place, bytes, conversation)) = self.read.pop_front_if(|read| is_next(read)) else {
                return Ok(());
            };
            let held = Held::of(conversation, bytes);
            let Some((at, _)) = held.happened.first() else { continue };
            let (at, id) = (*at, held.conversation.id.clone());
            let fits = self.held_bytes + bytes <= self.held_bytes_max;
            self.held_bytes += if fits { bytes } else { 0 };
            let held = fits.then(|| Box::new(held));
            self.waiting.push(Reverse(Waiting { at, nr: place.1, nth: 0, id, held }));
        }
    }
}

impl Waiting {
    fn key(&self) -> (Timestamp, i64, usize) {
        (self.at, self.nr, self.nth)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::By;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_micros(1_790_000_000_000_000 + minute * 60_000_000)
    }

    /// Conversations that begin one after the other and go on at the same time.
    fn conversation(nr: i64) -> Conversation {
        let messages = (0..4).map(|turn| {
            let at = minute(nr * 3 + turn * (nr % 5 + 1));
            format!(r#"{{"at":"{at}","role":"customer","text":"{nr} {turn}"}}"#)
        });
        let messages = messages.collect::<Vec<_>>().join(",");
        let opened = minute(nr * 3);
        let text = format!(r#"{{"id":"c{nr}","source":"x","opened_at":"{opened}","messages":[{messages}]}}"#);
        Conversation::parse(&text).expect("a conversation")
    }

    #[test]
    fn what_happened_comes_in_the_order_of_time_however_much_is_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::open(&folder.path().join("history.db")).expect("opens");
        let workspace: WorkspaceId = "acme".parse().expect("an id");
        // They are imported in another order than they began in.
        let all: Vec<_> = (0..250).map(|nr| conversation((nr * 7) % 250)).collect();
        history.put(&workspace, all, minute(9_999), &By::server()).expect("kept").expect("all new");
        let which = ConversationsWanted::default();
        let told = |held_bytes_max: usize, since: Option<Timestamp>| {
            let past = Past::new(&history, &workspace, &which, since);
            let (mut told, mut ended) = (Vec::new(), 0);
            let take = |conversation: &Conversation, at: Timestamp, change: &Change, is_last: bool| {
                told.push((at, conversation.id.clone(), change.id.clone()));
                ended += u32::from(is_last);
                Ok(())
            };
            Past { held_bytes_max, ..past }.each(take).expect("read");
            (told, ended)
        };
        let (all, ended) = told(HELD_BYTES_MAX, None);
        assert_eq!((all.len(), ended), (1_000, 250));
        assert!(all.is_sorted_by_key(|(at, ..)| *at));
        assert_eq!(told(0, None), (all.clone(), 250), "nothing is held, and all is read again");
        assert_eq!(told(1_000, None).0.len(), 1_000);
        let (late, ended) = told(HELD_BYTES_MAX, Some(minute(600)));
        assert!(ended < 250 && ended > 0 && late.is_sorted_by_key(|(at, ..)| *at), "{ended}");
        let (count, digest) = history.past_digest(&workspace, &which, None).expect("counted");
        assert_eq!(count, 250);
        let more = Conversation { subject: Some("x".to_owned()), ..conversation(3) };
        history.put(&workspace, vec![more], minute(9_999), &By::server()).expect("kept").expect("changed");
        let (again, other) = history.past_digest(&workspace, &which, None).expect("counted");
        assert!(again == 250 && digest != other, "what a conversation holds tells one past from another");
    }
}
