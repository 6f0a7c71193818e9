//! What a strict mail server takes, and what follows from what it says.

use super::super::Guard;
use super::super::message::tests::{alert, hostile, storm, with_people};
use super::super::peers::made;
use super::postbox::{Kept, Manners, Postbox, Secured};
use super::*;
use hindcast_event::Language;
use mail_parser::MessageParser;
use serde_json::{Value, json};

/// An address at which nobody has to answer.
const BOTH: &str = "Ana <ana@example.com>, ben@example.com";

fn opened(given: &Value, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let given = given.as_object().expect("an object");
    open(&Settings::checked(KIND.fields, given, &Settings::default())?, Format::Native, sender)
}

fn given(postbox: &Postbox, to: &str) -> Value {
    json!({
        "to": to, "host": "127.0.0.1", "port": postbox.port, "tls": "none", "from": "Audit log <audit@example.com>",
    })
}

/// A destination of a server that speaks without TLS.
fn sink(postbox: &Postbox, to: &str) -> Box<dyn Sink> {
    opened(&given(postbox, to), &with_people(Language::English)).expect("good settings")
}

fn saying(says: impl Fn(&str, usize) -> Option<&'static str> + Send + Sync + 'static) -> Postbox {
    Postbox::start(Manners { says: Box::new(says), ..Manners::default() })
}

/// A header as it was sent.
fn header(kept: &Kept, name: &str) -> String {
    let mail = MessageParser::default().parse(&kept.mail).expect("a mail");
    mail.header_raw(name).unwrap_or_default().trim().to_owned()
}

#[test]
fn an_alert_is_a_mail_that_can_be_read_with_and_without_html() {
    let postbox = Postbox::start(Manners::default());
    let tried = sink(&postbox, BOTH).send(&[alert(7, "high")]);
    assert_eq!(tried, Tried::Delivered(Said::new(250, "2.0.0 kept as 0")));
    let [kept] = postbox.kept().try_into().expect("one mail");
    assert_eq!(kept.from, "audit@example.com");
    assert_eq!(kept.to, ["ana@example.com", "ben@example.com"]);
    let mail = MessageParser::default().parse(&kept.mail).expect("a mail");
    assert_eq!(mail.subject(), Some("◆ High: Many failed sign-ins of one teammate"));
    let (plain, html) = (mail.body_text(0).expect("text"), mail.body_html(0).expect("HTML"));
    for part in [&plain, &html] {
        for told in ["counted 12 matching entries within 10 minutes", "ana@example.com", "al_7", "Acme"] {
            assert!(part.contains(told), "{told} is missing in {part}");
        }
    }
    assert_eq!((mail.text_body_count(), mail.html_body_count(), mail.attachment_count()), (1, 1, 0));
    assert!(html.contains("Acme &amp; Söhne") && !html.contains("src=") && !html.contains("<img"), "{html}");
    assert_eq!(header(&kept, "Auto-Submitted"), "auto-generated");
    assert_eq!(mail.message_id(), Some("acme.7.d1@audit.example.com"));
    assert_eq!(header(&kept, "References"), "<alert-al-7.d1@audit.example.com>");
    assert_eq!(header(&kept, "In-Reply-To"), "<alert-al-7.d1@audit.example.com>");
    assert_eq!(mail.date().map(|date| date.to_timestamp()), Some(1_763_752_620));
}

#[test]
fn a_duplicate_has_the_same_id_and_another_message_another() {
    let postbox = Postbox::start(Manners::default());
    let mut sink = sink(&postbox, BOTH);
    for entries in [storm(3), storm(3), storm(4), vec![alert(2, "low")], vec![alert(3, "high")]] {
        assert!(matches!(sink.send(&entries), Tried::Delivered(_)));
    }
    let kept = postbox.kept();
    let ids: Vec<_> = kept.iter().map(|kept| header(kept, "Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0] != ids[2] && ids[2] != ids[3] && ids[3] != ids[4], "{ids:?}");
    assert_eq!(header(&kept[3], "References"), header(&kept[4], "References"), "one alert is one thread");
    assert_eq!(header(&kept[0], "References"), "");
}

#[test]
fn hostile_text_stays_text() {
    let postbox = Postbox::start(Manners::default());
    for entries in [vec![hostile(0)], vec![hostile(1)], (0..12).map(hostile).collect(), storm(10_000)] {
        assert!(matches!(sink(&postbox, "ana@example.com").send(&entries), Tried::Delivered(_)));
    }
    for kept in postbox.kept() {
        assert_eq!(kept.to, ["ana@example.com"]);
        assert!(kept.mail.len() < 100_000);
        let mail = MessageParser::default().parse(&kept.mail).expect("a mail");
        assert!(mail.bcc().is_none() && mail.subject().is_some_and(|subject| !subject.contains('\n')));
        let html = mail.body_html(0).expect("HTML");
        assert!(
            !html.contains("<script") && !html.contains("<!channel") && !html.contains('\u{202e}'),
            "{html}"
        );
        let plain = mail.body_text(0).expect("text");
        assert!(plain.lines().all(|line| line != "." && !line.starts_with("Bcc:")), "{plain}");
    }
}

#[test]
fn dots_at_the_start_of_a_line_survive() {
    let postbox = Postbox::start(Manners::default());
    let mut entry = made(3, 1_763_752_620_000_000);
    entry.json.insert("description".to_owned(), ".. .hidden".into());
    assert!(matches!(sink(&postbox, BOTH).send(&[entry]), Tried::Delivered(_)));
    let kept = postbox.kept();
    let mail = MessageParser::default().parse(&kept[0].mail).expect("a mail");
    assert!(mail.body_text(0).expect("text").lines().any(|line| line == ".. .hidden"));
}

#[test]
fn whoever_is_refused_is_a_dead_letter_and_the_others_have_their_mail() {
    let postbox =
        saying(|line, _| line.starts_with("RCPT TO:<ben").then_some("550 5.1.1 nobody of that name"));
    let tried = sink(&postbox, BOTH).send(&storm(2));
    let Tried::But(dead, _) = tried else { panic!("{tried:?}") };
    let why = "ben@example.com: 550 5.1.1 nobody of that name";
    assert_eq!(dead, [(0, why.to_owned()), (1, why.to_owned())]);
    assert_eq!(postbox.kept()[0].to, ["ana@example.com"]);
    let tried = sink(&postbox, "ben@example.com").send(&storm(1));
    assert!(matches!(&tried, Tried::But(dead, _) if dead.len() == 1), "{tried:?}");
}

#[test]
fn whoever_is_put_off_gets_it_later_and_nobody_gets_it_twice() {
    let postbox = saying(|line, count| {
        (line.starts_with("RCPT TO:<ben") && count < 1).then_some("451 4.7.1 greylisted, come back")
    });
    let mut sink = sink(&postbox, BOTH);
    let tried = sink.send(&storm(2));
    let Tried::Again { taken: 0, after: Some(_), said, .. } = tried else { panic!("{tried:?}") };
    assert_eq!((said.status, said.text.contains("greylisted")), (Some(451), true));
    // More has come meanwhile: it is a mail of its own, for both.
    let tried = sink.send(&storm(3));
    assert!(matches!(tried, Tried::Delivered(_)), "{tried:?}");
    let kept = postbox.kept();
    let to: Vec<Vec<_>> = kept.iter().map(|kept| kept.to.iter().map(|to| &to[..3]).collect()).collect();
    assert_eq!(to, [vec!["ana"], vec!["ben"], vec!["ana", "ben"]]);
    assert_eq!(header(&kept[0], "Message-ID"), header(&kept[1], "Message-ID"));
}

#[test]
fn what_a_server_says_decides_what_follows() {
    for (command, answer, follows) in [
        ("EHLO", "421 4.3.2 closing", "again"),
        ("MAIL", "451 4.3.0 later", "again"),
        ("MAIL", "550 5.7.1 you may not send", "pause"),
        ("RCPT", "451 4.7.1 later", "again"),
        ("RCPT", "550 5.1.1 nobody", "dead"),
        ("DATA", "452 4.3.1 no room", "again"),
        ("DATA", "554 5.6.0 not like this", "dead"),
    ] {
        let postbox = saying(move |line, _| line.starts_with(command).then_some(answer));
        let tried = sink(&postbox, BOTH).send(&storm(2));
        let followed = match &tried {
            Tried::Again { taken: 0, .. } => "again",
            Tried::Pause(_) => "pause",
            Tried::But(dead, _) if dead.len() == 2 => "dead",
            _ => "other",
        };
        assert_eq!(followed, follows, "{command} {answer}: {tried:?}");
        let told = format!("{tried:?}");
        assert!(told.contains(&answer[4..]), "{told} does not say {answer}");
        assert!(postbox.kept().is_empty());
    }
}

#[test]
fn with_tls_and_a_password_it_signs_in_and_never_before() {
    for (secured, word) in [(Secured::StartTls, "starttls"), (Secured::Tls, "tls")] {
        let login = Some(("mailer", "correct horse"));
        let postbox = Postbox::start(Manners { secured, login, ..Manners::default() });
        let mut settings = given(&postbox, BOTH);
        settings["tls"] = word.into();
        settings["user"] = "mailer".into();
        settings["password"] = "correct horse".into();
        let send = |settings: &Value| {
            let sink = opened(settings, &with_people(Language::English));
            sink.expect("good settings").send(&storm(1))
        };
        let untrusted = send(&settings);
        assert!(matches!(untrusted, Tried::Again { .. }), "{untrusted:?}");
        settings["ca"] = postbox.ca.as_str().into();
        assert!(matches!(send(&settings), Tried::Delivered(_)), "{word}");
        settings["password"] = "wrong".into();
        let refused = send(&settings);
        assert!(matches!(&refused, Tried::Pause(said) if said.status == Some(535)), "{refused:?}");
        let kept = postbox.kept();
        assert!(kept.len() == 1 && kept[0].is_secured);
    }
}

#[test]
fn a_server_without_starttls_gets_nothing() {
    let postbox = Postbox::start(Manners { login: Some(("a", "b")), ..Manners::default() });
    let mut settings = given(&postbox, BOTH);
    settings["tls"] = "starttls".into();
    let tried = opened(&settings, &with_people(Language::English)).expect("good settings").send(&storm(1));
    assert!(matches!(&tried, Tried::Again { said, .. } if said.text.contains("STARTTLS")), "{tried:?}");
    assert!(postbox.kept().is_empty());
}

#[test]
fn the_guard_says_where_mail_may_go() {
    let postbox = Postbox::start(Manners::default());
    let guarded = Sender { guard: Arc::new(Guard::new(&[])), ..with_people(Language::English) };
    let tried = opened(&given(&postbox, BOTH), &guarded).expect("good settings").send(&storm(1));
    assert!(matches!(&tried, Tried::Again { said, .. } if said.text.contains("loopback")), "{tried:?}");
    assert!(postbox.kept().is_empty());
}

#[test]
fn a_wrong_setting_is_named() {
    let sender = with_people(Language::English);
    for (given, field) in [
        (json!({}), "to"),
        (json!({ "to": "ana" }), "to"),
        (json!({ "to": "ana@example.com," }), "to"),
        (json!({ "to": "ana@example.com; ben@example.com" }), "to"),
        (json!({ "to": "änä@example.com", "host": "x", "from": "a@example.com" }), "to"),
        (json!({ "to": "ana@example.com" }), "host"),
        (json!({ "to": "ana@example.com", "host": "x" }), "from"),
        (json!({ "to": "ana@example.com", "host": "x", "from": "nobody" }), "from"),
        (json!({ "to": "ana@example.com", "host": "a b", "from": "a@example.com" }), "host"),
        (json!({ "to": "ana@example.com", "host": "x", "from": "a@example.com", "user": "u" }), "password"),
        (json!({ "to": "ana@example.com", "host": "x", "from": "a@example.com", "ca": "no PEM" }), "ca"),
        (
            json!({ "to": "ana@example.com", "host": "x", "from": "a@example.com", "language": "es" }),
            "language",
        ),
    ] {
        assert_eq!(opened(&given, &sender).err().expect("refused").field, field, "{given}");
    }
}

#[test]
fn through_the_server_s_own_mail_server_nobody_writes_in_another_name() {
    let postbox = Postbox::start(Manners::default());
    let mail = crate::config::Mail {
        host: "127.0.0.1".to_owned(),
        port: postbox.port,
        tls: MailTls::None,
        user: String::new(),
        password_file: Default::default(),
        from: "Audit log <log@example.com>".to_owned(),
        ca: Default::default(),
    };
    let ours = Ours::open(&mail, "audit.example.com/x").expect("good settings");
    let people = super::super::People { mail: ours, ..(*with_people(Language::English).people).clone() };
    // It is the operator's choice, so the guard has no say.
    let guard = Arc::new(Guard::new(&[]));
    let sender = Sender { people: Arc::new(people), guard, ..with_people(Language::English) };
    let tried = opened(&json!({ "to": "ana@example.com" }), &sender).expect("good settings").send(&storm(1));
    assert!(matches!(tried, Tried::Delivered(_)), "{tried:?}");
    assert_eq!(postbox.kept()[0].from, "log@example.com");
    let given = json!({ "to": "ana@example.com", "from": "ceo@example.com" });
    assert_eq!(opened(&given, &sender).err().expect("refused").field, "from");
}
