//! Somebody between servers and a storage: passes on what they say as it is, and answers otherwise when told to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Plain,
    /// 503, as a storage says that asks for less.
    Busy,
    /// Answers come, after this time.
    Slow(Duration),
    /// Answers end in the middle of it.
    Torn,
    /// Lists say what was so when this began, where it was asked for before.
    Stale,
}

/// See the module.
#[derive(Clone)]
pub struct Between(Arc<Inner>);

struct Inner {
    port: u16,
    storage: u16,
    mood: Mutex<Mood>,
    /// Answers to what was listed, by what was asked for.
    lists: Mutex<BTreeMap<String, Vec<u8>>>,
    /// What the storage has, as far as its answers tell.
    objects: Mutex<BTreeSet<String>>,
    spoilt: AtomicUsize,
}

impl Between {
    /// Before a storage that listens on this machine.
    pub fn start(storage: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let port = listener.local_addr().expect("an address").port();
        let between = Self(Arc::new(Inner {
            port,
            storage,
            mood: Mutex::new(Mood::Plain),
            lists: Mutex::default(),
            objects: Mutex::default(),
            spoilt: AtomicUsize::new(0),
        }));
        let inner = between.0.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = inner.clone();
                // Whoever goes away in the middle of it does so.
                std::thread::spawn(move || inner.answer(stream).ok());
            }
        });
        between
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    pub fn set(&self, mood: Mood) {
        *self.0.mood.lock().expect("not poisoned") = mood;
    }

    /// How many requests were answered otherwise than by the storage.
    pub fn spoilt(&self) -> usize {
        self.0.spoilt.load(Ordering::Relaxed)
    }

    /// What lies in the storage now.
    pub fn objects(&self) -> BTreeSet<String> {
        self.0.objects.lock().expect("not poisoned").clone()
    }
}

impl Inner {
    /// Answers one request and closes.
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_lowercase();
            if let Some(told) = lower.strip_prefix("content-length:") {
                length = told.trim().parse().map_err(std::io::Error::other)?;
            }
            if lower.starts_with("expect:") {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            } else if line == "\r\n" {
                head += "connection: close\r\n\r\n";
                break;
            } else if !lower.starts_with("connection:") {
                head += &line;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mood = *self.mood.lock().expect("not poisoned");
        let mut words = head.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_list = method == "GET" && target.contains("list-type=2");
        match mood {
            Mood::Busy => {
                self.spoilt.fetch_add(1, Ordering::Relaxed);
                let said =
                    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
                return write!(
                    stream,
                    "HTTP/1.1 503 Slow Down\r\ncontent-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
                    said.len()
                );
            }
            Mood::Slow(time) => {
                self.spoilt.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(time);
            }
            Mood::Stale if is_list => {
                let before = self.lists.lock().expect("not poisoned").get(target).cloned();
                if let Some(before) = before {
                    self.spoilt.fetch_add(1, Ordering::Relaxed);
                    return stream.write_all(&before);
                }
            }
            _ => {}
        }
        let mut storage = TcpStream::connect(("127.0.0.1", self.storage))?;
        storage.write_all(head.as_bytes())?;
        storage.write_all(&body)?;
        let mut answer = Vec::new();
        storage.read_to_end(&mut answer)?;
        let is_good = answer.starts_with(b"HTTP/1.1 2");
        let object = target.split('?').next().unwrap_or_default().to_owned();
        if is_good && method == "PUT" {
            self.objects.lock().expect("not poisoned").insert(object);
        } else if is_good && method == "DELETE" {
            self.objects.lock().expect("not poisoned").remove(&object);
        } else if is_good && method == "POST" && target.contains("?delete") {
            // Several at once, named in XML.
            let (text, mut objects) =
                (String::from_utf8_lossy(&body), self.objects.lock().expect("not poisoned"));
            for key in text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
                objects.remove(&format!("{}/{key}", object.trim_end_matches('/')));
            }
        }
        if is_list && mood != Mood::Stale {
            self.lists.lock().expect("not poisoned").insert(target.to_owned(), answer.clone());
        }
        if mood == Mood::Torn {
            self.spoilt.fetch_add(1, Ordering::Relaxed);
            answer.truncate(answer.len() * 2 / 3);
        }
        stream.write_all(&answer)
    }
}
