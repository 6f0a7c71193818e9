//! Server-sent events, read as the HTML standard has it.

use std::io::{BufRead, Read as _};
use std::time::Duration;

/// A longer line is no event of ours; the connection is given up.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// What kind it is; `message` when nothing is said.
    pub event: String,
    /// Where to go on from.
    pub id: Option<String>,
    /// What it says.
    pub data: String,
}

/// The events of one connection; they end when it does.
pub(super) struct Stream {
    lines: Box<dyn BufRead>,
    retry: Option<Duration>,
}

impl Stream {
    pub fn new(lines: Box<dyn BufRead>) -> Self {
        Self { lines, retry: None }
    }

    /// How long the server asks us to wait before we come back.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The next event; nothing when the connection ended. An event that is cut short is dropped.
    pub fn next(&mut self) -> Option<Message> {
        let mut message = Message::default();
        let mut data: Option<String> = None;
        loop {
            let mut line = String::new();
            let read = self.lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
            if !matches!(read, Ok(1..)) || !line.ends_with('\n') {
                return None;
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                if let Some(data) = data.take() {
                    let event = if message.event.is_empty() { "message".to_owned() } else { message.event };
                    return Some(Message { event, data, ..message });
                }
                message = Message::default();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut message.event),
                "data" => match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_owned()),
                },
                "id" if !value.contains('\0') => message.id = Some(value.to_owned()),
                "retry" => self.retry = value.parse().ok().map(Duration::from_millis),
                // Comments keep the line open.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &'static str) -> (Vec<Message>, Option<Duration>) {
        let mut stream = Stream::new(Box::new(text.as_bytes()));
        let messages = std::iter::from_fn(|| stream.next()).collect();
        (messages, stream.retry())
    }

    #[test]
    fn events_are_read_between_comments_and_a_cut_one_is_dropped() {
        let (read, retry) = messages(
            ": hello\nretry: 3000\n\nevent: entry\nid: 41\ndata: {\"a\":\ndata: 1}\r\n\r\n:\n\ndata:x\n\nevent: entry\nid: 42\ndata: {",
        );
        let message = |event: &str, id: Option<&str>, data: &str| Message {
            event: event.into(),
            id: id.map(str::to_owned),
            data: data.into(),
        };
        assert_eq!(read, [message("entry", Some("41"), "{\"a\":\n1}"), message("message", None, "x")]);
        assert_eq!(retry, Some(Duration::from_secs(3)));
    }
}
