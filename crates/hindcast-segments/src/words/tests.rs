use proptest::prelude::*;

use super::*;

fn indexed(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    index_words(text, |word| words.push(word.to_owned()));
    words
}

fn finds(text: &str, question: &str) -> bool {
    let asked = query_words(question);
    let mut wanted = Wanted::all(&asked.words);
    wanted.look_at(text);
    !asked.words.is_empty() && asked.skipped.is_empty() && wanted.is_met()
}

#[test]
fn text_falls_apart_into_words() {
    for (text, words) in [
        ("Don't panic!", "don t panic"),
        ("ana.maria+log@Example.com", "ana maria log example com"),
        ("https://app.example.com/rules/42?tab=edit", "https app example com rules 42 tab edit"),
        ("admin_login_failure", "admin login failure"),
        ("Jürgen Groß, Ελλάδα, Ёлка", "jurgen gross ελλαδα елка"),
        ("v2.14 costs 3€", "v2 14 costs 3"),
        ("Slackの設定", "slack の 設 の設 定 設定"),
        ("カナ・かな。", "カ ナ カナ か な かな"),
        ("관리자가 삭제", "관 리 관리 자 리자 가 자가 삭 제 삭제"),
        ("हिन्दी पाठ", "हिन्दी पाठ"),
        ("\u{308}\u{3099}¨ — 🔥", ""),
    ] {
        assert_eq!(indexed(text).join(" "), words, "{text}");
    }
}

#[test]
fn people_find_what_they_search_for() {
    for (text, question) in [
        ("Jürgen Groß exported 12 conversations", "EXPORTED gross"),
        ("Łukasz changed the macro", "lukasz"),
        ("管理者がパスワードをリセットしました", "パスワード"),
        ("管理者がパスワードをリセットしました", "ﾊﾟｽﾜｰﾄﾞ リセット"),
        ("管理者がパスワードをリセットしました", "理者"),
        ("自動化ルール「古い会話を閉じる」を変更", "会話 変更"),
        ("担当者：山田太郎", "山田"),
        ("担当者：山田太郎", "郎"),
        ("管理員重設了使用者的密碼", "密碼"),
        ("관리자가 비밀번호를 재설정했습니다", "비밀번호 관리자"),
        ("ผู้ดูแลระบบรีเซ็ตรหัสผ่านของผู้ใช้", "รหัสผ่าน"),
        ("ผู้ดูแลระบบรีเซ็ตรหัสผ่านของผู้ใช้", "ผู้ใช้"),
        ("ลบคำสั่งทำงานอัตโนมัติ", "อัตโนมัติ"),
        ("ອັບເດດລະຫັດຜ່ານ", "ລະຫັດຜ່ານ"),
        ("ផ្លាស់ប្តូរពាក្យសម្ងាត់", "ពាក្យសម្ងាត់"),
        ("စကားဝှက်ပြောင်းခဲ့သည်", "စကားဝှက်"),
    ] {
        assert!(finds(text, question), "{question} in {text}: {:?}", indexed(text));
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    for (text, question) in [
        ("changed the macro", "macr"),
        ("か", "が"),
        ("京都府", "東京"),
        ("ผู้ดูแลระบบรีเซ็ตรหัสผ่าน", "อัตโนมัติ"),
        ("anything", "…"),
    ] {
        assert!(!finds(text, question), "{question} in {text}");
    }
}

#[test]
fn only_the_end_of_the_last_word_is_left_open() {
    let words = query_words("ana ma").words;
    for (texts, met) in [
        (&["Ana Maria"][..], true),
        (&["Maria", "ana@example.com"], true),
        (&["Ana Lea"], false),
        (&["Anna Maria"], false),
    ] {
        let mut wanted = Wanted::all_but_the_end(&words);
        texts.iter().for_each(|text| wanted.look_at(text));
        assert_eq!(wanted.is_met(), met, "{texts:?}");
    }
}

#[test]
fn made_up_identifiers_are_told_from_words() {
    for id in [
        "4f3c2a1be5d60798",
        "507f1f77bcf86cd799439011",
        "d41d8cd98f00b204e9800998ecf8427e",
        "01arz3ndektsv4rrffq69g5fav",
        "1mqqbklt4dxk03v5qaibincc",
        "215469876543210",
        "4242424242424242",
        "1795290000000",
    ] {
        assert!(is_random_id(id), "{id}");
    }
    for word in [
        "benutzerverwaltungsberechtigung",
        "internationalization",
        "20261121",
        "1795290000",
        "deadbeef",
        "4f3c2a1b",
        "customersupport24x7",
        "windows10enterprise2019ltsc",
        "conversation2026archive",
        "iphone15promax256gb",
        "galaxys24ultra512gb",
        "x86",
        "sha256withrsaencryption",
        "aes256gcmsha384",
        "ip10201234ec2internal",
        "report2026final2draft",
        "管理者1234567890123",
    ] {
        assert!(!is_random_id(word), "{word}");
    }
}

#[test]
fn identifiers_in_a_text_are_left_out_of_the_index_and_reported_to_who_asks() {
    let uuid = "0199a8f2-4d1e-7c3b-9a52-0e6f1b7d8c90";
    let text = format!("Moved {uuid} to https://example.com/c/{uuid}, trace 4F3C2A1BE5D60798.");
    assert_eq!(indexed(&text).join(" "), "moved to https example com c trace");
    let asked = query_words(&format!("moved {}", uuid.to_uppercase()));
    assert_eq!(asked, QueryWords { words: vec!["moved".into()], skipped: vec![uuid.into()] });
}

#[test]
fn long_words_are_cut_alike() {
    let long = "ä".repeat(30) + &"日本".repeat(30) + &"o".repeat(100);
    assert!(finds(&long, &"o".repeat(100)));
    assert!(finds(&long, &"o".repeat(64)));
    assert!(indexed(&long).iter().all(|word| word.len() <= WORD_BYTES_MAX));
}

/// The share of made-up identifiers of each make that the rule tells, as its documentation says.
#[test]
fn most_identifiers_are_told() {
    const LETTERS_AND_DIGITS: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    const CASELESS_BASE62: &str = "0123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    let mut state = 88_172_645_463_325_252_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for (alphabet, length, percent_min) in [
        ("0123456789abcdef", 16, 99),
        ("0123456789abcdefghjkmnpqrstvwxyz", 26, 97),
        (LETTERS_AND_DIGITS, 25, 95),
        (LETTERS_AND_DIGITS, 16, 85),
        (CASELESS_BASE62, 24, 80),
        (CASELESS_BASE62, 16, 55),
    ] {
        let alphabet = alphabet.as_bytes();
        let mut id =
            || (0..length).map(|_| char::from(alphabet[random() % alphabet.len()])).collect::<String>();
        let told = (0..2_000).filter(|_| is_random_id(&id())).count();
        assert!(told / 20 >= percent_min, "{told} of 2000 with {length} of {} characters", alphabet.len());
    }
}

proptest! {
    #[test]
    fn every_whole_word_of_a_text_finds_it(words in prop::collection::vec("[A-Za-zäöüßéñœŁΣσЖёй]{1,12}[0-9]{0,4}", 1..12)) {
        let text = words.join(" ");
        for word in &words {
            prop_assert!(finds(&text, word), "{} in {}", word, text);
        }
    }

    #[test]
    fn every_cut_of_two_characters_or_more_finds_its_japanese_text(
        text in "[ぁ-ゖァ-ヺー一-龠々]{2,20}",
        from in any::<prop::sample::Index>(),
        length in any::<prop::sample::Index>(),
    ) {
        let characters: Vec<char> = text.chars().collect();
        let from = from.index(characters.len() - 1);
        let length = 2 + length.index(characters.len() - from - 1);
        let cut: String = characters[from..from + length].iter().collect();
        let around = format!("Slackで「{text}」を2026年に");
        prop_assert!(finds(&around, &cut), "{} in {}", cut, around);
    }

    #[test]
    fn a_text_finds_itself_and_nothing_panics(text in "\\PC{0,60}") {
        let asked = query_words(&text);
        let indexed = indexed(&text);
        for word in &asked.words {
            prop_assert!(indexed.contains(word), "{} of {:?}", word, text);
        }
    }

    #[test]
    fn words_are_asked_for_as_they_are(text in "[ -~äößé日本かガ-]{0,60}") {
        for word in query_words(&text).words {
            prop_assert_eq!(query_words(&word).words, vec![word]);
        }
    }
}
