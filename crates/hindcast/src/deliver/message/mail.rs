//! A message as a mail: plain text and HTML with the same content, nothing that is fetched from elsewhere, and headers by which
//! a duplicate and the mails about one alert are told (RFC 5322 3.6.4; RFC 3834 5 for `Auto-Submitted`).

use super::{Line, Listed, Message};
use hindcast_event::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// Who writes to whom, and when.
pub(in crate::deliver) struct Letter<'a> {
    pub from: &'a Mailbox,
    pub to: &'a [Mailbox],
    pub at: Timestamp,
    /// The same for the same message, without brackets.
    pub id: String,
    /// The same for all messages about one alert.
    pub thread: Option<String>,
}

impl Letter<'_> {
    /// The headers, before there is a body.
    pub fn begun(&self, subject: &str) -> lettre::message::MessageBuilder {
        let seconds = u64::try_from(self.at.seconds()).unwrap_or(0);
        let header =
            |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let begun = lettre::Message::builder()
            .from(self.from.clone())
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .subject(subject)
            .message_id(Some(format!("<{}>", self.id)))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            // What Exchange goes by.
            .raw_header(header("X-Auto-Response-Suppress", "All"));
        let begun = self.to.iter().fold(begun, |begun, to| begun.to(to.clone()));
        match &self.thread {
            Some(thread) => begun.in_reply_to(format!("<{thread}>")).references(format!("<{thread}>")),
            None => begun,
        }
    }
}

impl Message {
    /// The bytes of a mail, ready to be handed over.
    pub fn mail(
        &self,
        letter: &Letter<'_>,
        attached: Option<SinglePart>,
    ) -> Result<Vec<u8>, lettre::error::Error> {
        let told = MultiPart::alternative()
            .singlepart(SinglePart::plain(self.plain()))
            .singlepart(SinglePart::html(self.html()));
        let body = match attached {
            Some(attached) => MultiPart::mixed().multipart(told).singlepart(attached),
            None => told,
        };
        Ok(letter.begun(&self.title).multipart(body)?.formatted())
    }

    /// As text alone.
    pub fn plain(&self) -> String {
        let mut out = format!("{}\n", self.title);
        for text in &self.text {
            let _ = write!(out, "\n{text}\n");
        }
        if !self.facts.is_empty() {
            out.push('\n');
        }
        for (name, value) in &self.facts {
            let _ = writeln!(out, "{name}: {value}");
        }
        for list in &self.lists {
            let _ = writeln!(out, "\n{}", list.heading);
            for Line { text, href } in &list.lines {
                let _ = writeln!(out, "- {text}");
                if let Some(href) = href {
                    let _ = writeln!(out, "  {href}");
                }
            }
            if let Some(more) = self.more(list) {
                let _ = writeln!(out, "  {more}");
            }
        }
        if let Some((text, href)) = &self.link {
            let _ = write!(out, "\n{text}:\n{href}\n");
        }
        let _ = write!(out, "\n-- \n{}\n", self.footer);
        out
    }

    /// As a page of its own.
    pub fn html(&self) -> String {
        let (language, title) = (self.t.language.code(), escaped(&self.title));
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.5;max-width:42em\">\n<h1 style=\"font-size:1.2em\">{title}</h1>\n"
        );
        for text in &self.text {
            let _ = writeln!(out, "<p>{}</p>", escaped(text));
        }
        if !self.facts.is_empty() {
            out.push_str("<table>\n");
            for (name, value) in &self.facts {
                let (name, value) = (escaped(name), escaped(value));
                let _ = writeln!(
                    out,
                    "<tr><th scope=\"row\" style=\"text-align:start;padding-inline-end:1em;vertical-align:top\">{name}</th>\
                     <td>{value}</td></tr>"
                );
            }
            out.push_str("</table>\n");
        }
        self.lists.iter().for_each(|list| self.html_list(list, &mut out));
        if let Some((text, href)) = &self.link {
            let _ = writeln!(out, "<p>{}</p>", anchor(text, href));
        }
        let _ =
            writeln!(out, "<hr><p style=\"font-size:.85em\">{}</p>\n</body></html>", escaped(&self.footer));
        out
    }

    fn html_list(&self, list: &Listed, out: &mut String) {
        let _ = writeln!(out, "<h2 style=\"font-size:1em\">{}</h2>\n<ul>", escaped(&list.heading));
        for Line { text, href } in &list.lines {
            let item = href.as_ref().map_or_else(|| escaped(text), |href| anchor(text, href));
            let _ = writeln!(out, "<li>{item}</li>");
        }
        out.push_str("</ul>\n");
        if let Some(more) = self.more(list) {
            let _ = writeln!(out, "<p>{}</p>", escaped(&more));
        }
    }
}

fn anchor(text: &str, href: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(href), escaped(text))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
