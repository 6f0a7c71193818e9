//! What two programs could read differently: spellings of JSON, hashes and numbers, and tricks of tars.

use super::attacks::{Suite, good_range};
use super::workshop::{header, tar};

pub fn spellings(suite: &mut Suite) {
    suite.under("Spellings that two programs could read differently");
    let records = "records.jsonl";
    suite.text("INVALID", "a member is there twice", records, |text| {
        text.replacen("{\"index\":3,", "{\"index\":4,\"index\":3,", 1)
    });
    suite.text("INVALID", "white space", records, |text| text.replacen("{\"index\":3,", "{\"index\": 3,", 1));
    suite.text("INVALID", "members in another order", records, |text| {
        text.replacen("{\"index\":3,\"kind\":0,", "{\"kind\":0,\"index\":3,", 1)
    });
    suite.text("INVALID", "a list instead of an object", records, |text| {
        let (first, rest) = text.split_once('\n').expect("lines");
        let first: serde_json::Value = serde_json::from_str(first).expect("JSON");
        let list = serde_json::json!([
            first["index"],
            first["kind"],
            first["received_at_us"],
            first["sections"],
            null,
            null,
            null
        ]);
        format!("{list}\n{rest}")
    });
    suite.text("INVALID", "a member that nobody knows", records, |text| {
        text.replacen("{\"index\":3,", "{\"x\":1,\"index\":3,", 1)
    });
    suite.text("INVALID", "a member that is null", records, |text| {
        text.replacen("}]}\n", "}],\"path\":null}\n", 1)
    });
    for (name, number) in [("3.0", "3.0"), ("0.3e1", "0.3e1"), ("03", "03"), ("+3", "+3"), ("true", "true")] {
        suite.text("INVALID", &format!("a number spelled {name}"), records, |text| {
            text.replacen("{\"index\":3,", &format!("{{\"index\":{number},"), 1)
        });
    }
    suite.text("INVALID", "an escape that is not needed", records, |text| {
        text.replacen("action", "\\u0061ction", 1)
    });
    suite.text("INVALID", "half a character", records, |text| text.replacen("action", "\\ud800", 1));
    suite.text("INVALID", "hexadecimal in capitals", records, |text| {
        let at = text.find("\"salt\":\"").expect("a salt") + 8;
        format!("{}{}{}", &text[..at], text[at..at + 32].to_uppercase(), &text[at + 32..])
    });
    suite.text("INVALID", "base64 without its end", "proof.json", |text| text.replacen('=', "", 1));
    suite.text("INVALID", "base64 with bits left over", "proof.json", |text| {
        let at = text.find('=').expect("base64") - 1;
        let next = char::from(text.as_bytes()[at] + 1);
        format!("{}{next}{}", &text[..at], &text[at + 1..])
    });
    suite.text("INVALID", "a size beyond all logs", "bundle.json", |text| {
        text.replacen("\"size\":13", "\"size\":9223372036854775808", 1)
    });
    suite.text("INVALID", "the last line does not end", records, |text| text.trim_end().to_owned());
    suite.text("INVALID", "an empty line", records, |text| text + "\n");
    suite.text("INVALID", "a line with a carriage return", records, |text| text.replacen('\n', "\r\n", 1));
    suite.text("INVALID", "a mark of byte order", "bundle.json", |text| format!("\u{feff}{text}"));
    suite.text("INVALID", "the key does not end its line", "vkey", |text| text.trim_end().to_owned());
    suite.text("INVALID", "a format of another version", "bundle.json", |text| {
        text.replacen("bundle/1", "bundle/2", 1)
    });
}

pub fn tars(suite: &mut Suite) {
    suite.under("The tar");
    let members = good_range(&suite.log).members();
    let good = tar(&members);
    let change = |change: fn(&mut Vec<(String, Vec<u8>)>)| {
        let mut members = members.clone();
        change(&mut members);
        tar(&members)
    };
    suite.file("INVALID", "a member is there twice", change(|members| members.insert(3, members[2].clone())));
    suite.file("INVALID", "members in another order", change(|members| members.swap(3, 4)));
    suite.file(
        "INVALID",
        "a member that nobody knows",
        change(|members| {
            members.insert(5, ("extra.txt".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file(
        "INVALID",
        "a member beside the bundle (../x)",
        change(|members| {
            members.insert(5, ("../x".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file(
        "INVALID",
        "an anchor that is not listed",
        change(|members| {
            members.insert(5, ("anchors/x".to_owned(), b"x".to_vec()));
        }),
    );
    suite.file("INVALID", "a member is missing", change(|members| drop(members.remove(4))));
    suite.file("INVALID", "something stands behind the end", [good.clone(), vec![0; 512]].concat());
    suite.file("INVALID", "the end is missing", good[..good.len() - 1024].to_vec());
    suite.file("INVALID", "the file is cut off", good[..good.len() / 2].to_vec());
    let at = 512 + members[0].1.len();
    let hiding: Vec<u8> =
        good.iter().enumerate().map(|(n, byte)| if n == at { b'x' } else { *byte }).collect();
    suite.file("INVALID", "something hides behind a member", hiding);
    let headed = |change: &dyn Fn(&mut [u8])| {
        let mut tar = good.clone();
        let at = 512 + members[0].1.len().next_multiple_of(512);
        tar[at..at + 512].copy_from_slice(&header("verify.py", members[1].1.len(), |block| change(block)));
        tar
    };
    assert_eq!(headed(&|_| ()), good);
    suite.file("INVALID", "a member is a link", headed(&|block| block[156] = b'2'));
    suite.file("INVALID", "a member has an extended header", headed(&|block| block[156] = b'x'));
    suite.file("INVALID", "a name has a prefix", headed(&|block| block[345] = b'a'));
    suite.file("INVALID", "a size is binary", headed(&|block| block[124] = 0x80));
    suite.file("INVALID", "a member has an owner", headed(&|block| block[114] = b'1'));
    let mut damaged = good.clone();
    damaged[148] ^= 1;
    suite.file("INVALID", "a checksum is wrong", damaged);
    suite.file("UNREADABLE", "the file is something else", "just text\n");
    suite.file("UNREADABLE", "the file is empty", "");
}
