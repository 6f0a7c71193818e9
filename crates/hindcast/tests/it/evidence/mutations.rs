//! Evidence changed at random: both verifiers must say the same word to it, whatever that is.

use super::workshop::{Form, Log, SIZE, witness};
use super::{Case, ours, theirs};
use std::collections::BTreeMap;

/// So many in every run; HINDCAST_BUNDLE_MUTATIONS says how many otherwise.
const MUTATIONS: usize = 500;

/// A small generator, so that a seed tells all of it (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// What stands in for a piece of text.
const SPELLINGS: [&str; 34] = [
    "",
    " ",
    "\n",
    "\t",
    "\0",
    "\u{feff}",
    "\"",
    "\\",
    "{",
    "}",
    "[]",
    ",",
    ":",
    "0",
    "-0",
    "00",
    "1.0",
    "1e0",
    "1E+2",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "null",
    "true",
    "NaN",
    "\\u0041",
    "\\ud800",
    "\\ud83d\\ude00",
    "=",
    "A",
    "ä",
    "\u{1b}[2J",
    "+",
];

/// The text of one member, changed.
fn change_text(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (nth, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(9) {
        0 if !lines.is_empty() => drop(lines.remove(nth)),
        1 if !lines.is_empty() => lines.insert(other, lines[nth].clone()),
        2 if !lines.is_empty() => lines.swap(nth, other),
        // One of the tokens is taken for another.
        3..=6 if !lines.is_empty() => {
            let line = String::from_utf8_lossy(&lines[nth]).into_owned();
            let marks: Vec<usize> =
                line.match_indices(['"', ':', ',', '[', ']', '{', '}']).map(|(at, _)| at).collect();
            let (from, to) = match marks.len() {
                0 => (0, line.len()),
                count => {
                    let at = dice.below(count);
                    (marks[at] + 1, marks.get(at + 1 + dice.below(3)).copied().unwrap_or(line.len()))
                }
            };
            let with = match dice.below(3) {
                0 => dice.one(&SPELLINGS).to_owned(),
                1 => line[from..to].to_uppercase(),
                _ => {
                    let at = dice.below(marks.len());
                    let start = marks.get(at).map_or(0, |mark| mark + 1);
                    line[start..marks.get(at + 1).copied().unwrap_or(line.len()).max(start)].to_owned()
                }
            };
            lines[nth] = format!("{}{with}{}", &line[..from], &line[to.max(from)..]).into_bytes();
        }
        _ => {
            let mut flat = lines.concat();
            if !flat.is_empty() {
                let at = dice.below(flat.len());
                flat[at] ^= 1 << dice.below(8);
            }
            *bytes = flat;
            return;
        }
    }
    *bytes = lines.concat();
}

/// A tar, changed below its members.
fn change_tar(dice: &mut Dice, tar: &mut Vec<u8>) {
    let at = dice.below(tar.len());
    match dice.below(6) {
        0 => tar.truncate(at),
        1 => tar.insert(at, b'0'),
        2 => drop(tar.remove(at)),
        3 => tar.extend(vec![0; [1, 512, 1024][dice.below(3)]]),
        4 => {
            // Within the header of some member.
            let block = dice.below(tar.len() / 512) * 512;
            tar[block + dice.below(512)] = [b'0', b'1', b' ', 0, b'/', b'7', 0x80][dice.below(7)];
        }
        _ => tar[at] ^= 1 << dice.below(8),
    }
}

fn mutated(log: &Log, other: &Log, dice: &mut Dice) -> Case {
    let forms = [Form::Open, Form::Withheld, Form::Gone, Form::Erased, Form::Open];
    let pattern = dice.below(1 << 20);
    let form = |index: u64| match index {
        5 => Form::Erased,
        0..3 => Form::Gone,
        9.. => Form::Open,
        _ if pattern.is_multiple_of(3) => forms[(pattern >> index) % forms.len()],
        _ => Form::Open,
    };
    let mut file = match dice.below(8) {
        0 => {
            let erased = if dice.below(3) == 0 { Form::Erased } else { Form::Open };
            log.proof(dice.below(9) as u64, SIZE, erased, |json| json).into_bytes()
        }
        kind => {
            let mut parts = match kind {
                1..=4 => log.range(dice.below(6) as u64, 6 + dice.below(8) as u64, SIZE, form),
                5 => other.range(0, SIZE, SIZE, form),
                _ => log.filtered(&[1, 4, 6, 12], SIZE),
            };
            if dice.below(4) == 0 {
                parts.about.closed = vec![["metadata", "email", "text", "address"][dice.below(4)].to_owned()];
            }
            if dice.below(6) == 0 {
                parts.notices.truncate(dice.below(3));
            }
            let mut members = parts.members();
            for _ in 0..dice.below(3) {
                let nth = 2 + dice.below(members.len() - 2);
                change_text(dice, &mut members[nth].1);
            }
            let (nth, place) = (dice.below(members.len()), dice.below(members.len()));
            match dice.below(30) {
                0 => drop(members.remove(nth)),
                1 => members.swap(nth, place),
                2 => members.insert(place, members[nth].clone()),
                _ => {}
            }
            super::workshop::tar(&members)
        }
    };
    let is_tar = file.starts_with(b"README");
    match dice.below(5) {
        0 if is_tar => change_tar(dice, &mut file),
        0 | 1 if !is_tar => change_text(dice, &mut file),
        _ => {}
    }
    let saved = match dice.below(6) {
        0 => Some(log.note(dice.below(SIZE as usize + 1) as u64)),
        1 => Some(other.note(dice.below(SIZE as usize + 1) as u64)),
        _ => None,
    };
    let saved = saved.map(|note| {
        let mut note = note.into_bytes();
        if dice.below(4) == 0 {
            change_text(dice, &mut note);
        }
        String::from_utf8_lossy(&note).into_owned()
    });
    let key = (dice.below(3) > 0).then(|| log.key());
    let witness = (dice.below(3) == 0).then(|| witness().verifier_key().to_string());
    Case { name: String::new(), file, key, witness, saved, verdict: "" }
}

#[test]
fn both_verifiers_say_the_same_to_whatever_was_changed() {
    let count = std::env::var("HINDCAST_BUNDLE_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(MUTATIONS);
    let log = Log::new();
    let mut other = Log::new();
    other.entries[7].sections[0].1 = r#"{"id":"mallory","type":"user"}"#.to_owned();
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for begin in (0..count).step_by(1000) {
        let cases: Vec<_> = (begin..count.min(begin + 1000))
            .map(|seed| mutated(&log, &other, &mut Dice(0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1) << 8)))
            .collect();
        let said: Vec<_> = cases.iter().map(ours).collect();
        said.iter().for_each(|word| *words.entry(word).or_default() += 1);
        for (nth, theirs) in theirs(&cases).into_iter().flatten().enumerate() {
            let seed = begin + nth;
            if theirs != said[nth] {
                let kept = std::env::temp_dir().join(format!("hindcast-mutation-{seed}"));
                std::fs::write(&kept, &cases[nth].file).expect("kept");
                panic!("mutation {seed}: ours {}, theirs {theirs}; kept in {}", said[nth], kept.display());
            }
        }
    }
    println!("{count} mutations: {words:?}");
    assert!(words.len() >= 5, "hardly anything was tried: {words:?}");
}
