//! Measures the masks against a corpus of made-up secrets and of ordinary text that looks like them.
//!
//! A line of `corpus.tsv` is a kind and a text; the secret stands between `⟦` and `⟧`, and a text without
//! one has the kind `-`. The marks `¦` are taken out on reading: they keep scanners that look for secrets
//! in repositories from finding these.

use super::shape::by_shape;

const CORPUS: &str = include_str!("corpus.tsv");

struct Case {
    kind: &'static str,
    text: String,
    secret: Option<std::ops::Range<usize>>,
}

fn cases() -> Vec<Case> {
    let case = |line: &'static str| {
        let (kind, marked) = line.split_once('\t').expect("a kind and a text");
        let text = marked.replace('¦', "");
        let secret = text.find('⟦').map(|start| start..text.find('⟧').expect("closed") - '⟦'.len_utf8());
        Case { kind, text: text.replace(['⟦', '⟧'], ""), secret }
    };
    CORPUS.lines().map(case).collect()
}

#[test]
fn nearly_every_secret_is_found_whole_and_under_its_name() {
    let (mut all, mut missed) = (0, Vec::new());
    for Case { kind, text, secret } in cases() {
        let Some(secret) = secret else { continue };
        all += 1;
        let found = by_shape(&text);
        if !(found.len() == 1 && found[0].kind == kind && found[0].span == secret) {
            missed.push((kind, text, found));
        }
    }
    assert!(all >= 120);
    assert!(missed.len() * 50 <= all, "missed {} of {all}: {missed:#?}", missed.len());
}

#[test]
fn ordinary_text_is_hardly_ever_taken_for_a_secret() {
    let (mut all, mut taken) = (0, Vec::new());
    for Case { text, .. } in cases().into_iter().filter(|case| case.secret.is_none()) {
        all += 1;
        let found = by_shape(&text);
        if !found.is_empty() {
            taken.push((text, found));
        }
    }
    assert!(all >= 300);
    assert!(taken.len() * 200 <= all, "took {} of {all}: {taken:#?}", taken.len());
}

#[test]
fn several_secrets_in_one_text_come_in_order_and_apart() {
    let text = format!(
        "password={} then {} and card 4111 1111 1111 1111",
        "hunter2-hunter2",
        ["AKIA", "ABCDEFGH23456789"].concat()
    );
    let found = by_shape(&text);
    assert_eq!(
        found.iter().map(|secret| secret.kind).collect::<Vec<_>>(),
        ["secret", "aws_key", "card_number"]
    );
    assert!(found.is_sorted_by(|a, b| a.span.end <= b.span.start));
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken_without_panic_and_spans_can_be_cut(
        text in "(\\PC{0,8}|eyJ|\\.|-----BEGIN |PRIVATE KEY-----|://|a:b@|password=|Bearer |[0-9 -]{0,20}|[A-Za-z0-9+/_=-]{0,50}|SG\\.|xox[a-z]|\\\\n|\"){0,12}"
    ) {
        let mut end = 0;
        for secret in by_shape(&text) {
            proptest::prop_assert!(secret.span.start >= end && !text[secret.span.clone()].is_empty());
            end = secret.span.end;
        }
    }

    #[test]
    fn any_name_is_judged_without_panic(name in "\\PC{0,90}") {
        super::judge(&name);
    }
}
