use proptest::prelude::*;

use super::*;

/// 2026-11-21T19:40:00Z, on a clock an hour ahead.
const CONTEXT: ParseContext = ParseContext { now_us: 1_795_290_000_000_000, clock: &Ahead { minutes: 60 } };

fn parsed(text: &str) -> Query {
    Query::parse(text, &CONTEXT).unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

fn canonical(text: &str) -> String {
    parsed(text).to_string().replace(".000000Z", "Z")
}

/// Each error as "kind `where` -> suggestion".
fn errors(text: &str) -> Vec<String> {
    let shown = |error: QueryError| {
        let suggestion = error.suggestion.map_or(String::new(), |suggestion| format!(" -> {suggestion}"));
        format!("{:?} `{}`{suggestion}", error.kind, &text[error.span])
    };
    Query::parse(text, &CONTEXT).expect_err(text).0.into_iter().map(shown).collect()
}

fn only_term(text: &str) -> Term {
    let query = parsed(text);
    assert_eq!((query.clauses.len(), query.clauses[0].any.len()), (1, 1), "{text}");
    query.clauses[0].any[0].clone()
}

#[test]
fn every_key_is_read_and_written_in_one_way() {
    for (typed, written) in [
        ("", ""),
        ("   ", ""),
        // Sorted by key, repeated keys together, each value once.
        ("action:b role:owner action:A action:a", "role:owner action:a action:b"),
        ("-action:a action:b", "action:b -action:a"),
        // Aliases, letter case, widths and accents.
        ("result:Denied ROLE:Administrateur", "role:administrateur outcome:denied"),
        ("role:Vérificateur role：ＡＤＭＩＮ", "role:admin role:verificateur"),
        ("action:admin_* source:\"Front End\"* ", "action:admin_* source:\"front end\"*"),
        ("actor:\"Jürgen Groß\" -actor:ana@*", "actor:\"Jürgen Groß\" -actor:ana@*"),
        (r#"actor:"the \"boss\" C:\temp""#, r#"actor:"the \"boss\" C:\\temp""#),
        ("action:\"not_a_wildcard*\"", "action:\"not_a_wildcard*\""),
        (
            "actor_type:user ACTOR_ID:U_1 -actor_id:\" a* \"",
            "actor_id:U_1 -actor_id:\" a* \" actor_type:user",
        ),
        ("actor_id:\" \" actor_id:\u{200b}", "actor_id:\" \" actor_id:\u{200b}"),
        ("actor_type:AGENT category:content kind:hold", "actor_type:agent category:content kind:hold"),
        ("ip:203.0.113.77/24 ip:2001:DB8::1", "ip:203.0.113.0/24 ip:2001:db8::1"),
        ("ip:::ffff:203.0.113.9 ip:::ffff:203.0.113.0/120", "ip:203.0.113.0/24 ip:203.0.113.9"),
        ("country:jp country:DE", "country:DE country:JP"),
        ("target:macro/42 target:macro/* target:refund*", "target:macro/* target:macro/42 target:refund*"),
        ("policy:P-7 id:E-1 request:R1 session:S1", "policy:P-7 id:E-1 request:R1 session:S1"),
        ("alert:ANY -alert:any", "alert:any -alert:any"),
        ("alert:\"any\"", "alert:\"any\""),
        ("changed:permissions.inbox changed:/a~1b/c*", "changed:/a~1b/c* changed:/permissions/inbox"),
        ("changed:* -changed:conditions.*", "changed:/* -changed:/conditions/*"),
        ("created:2026-11-01..2026-11-07", "occurred:2026-10-31T23:00:00Z..2026-11-07T22:59:59.999999Z"),
        (
            "occurred:>=2026-11-01 occurred:<2026-11-02",
            "occurred:2026-10-31T23:00:00Z..2026-11-01T22:59:59.999999Z",
        ),
        ("received:-7d occurred:<-24h", "occurred:<2026-11-20T19:40:00Z received:>=2026-11-14T19:40:00Z"),
        ("refund policy refund", "policy refund"),
        ("\"refund  policy\" -\"test mail\" -spam", "\"refund  policy\" -spam -\"test mail\""),
        ("件名：テスト　パスワード", "パスワード \"件名：テスト\""),
        ("10:30 \"-dash\" \"a:b\"", "\"-dash\" \"10:30\" \"a:b\""),
    ] {
        assert_eq!(canonical(typed), written, "{typed}");
        assert_eq!(canonical(written), written, "{written}");
    }
}

#[test]
fn the_example_of_the_manual_is_read() {
    let query = parsed(
        "actor:\"Jürgen Groß\" role:admin category:authentication action:admin_login_failure outcome:denied \
         ip:203.0.113.0/24 country:JP source:api target:macro/42 policy:P-7 alert:any \
         changed:permissions.inbox occurred:2026-11-01..2026-11-07 id:e-1 \"free text\"",
    );
    assert_eq!(query.clauses.len(), 13);
    assert!(query.occurred.contains(1_793_500_000_000_000));
    assert_eq!(query.words(), ["free", "text"]);
}

#[test]
fn excluded_text_excludes_only_what_has_all_its_words() {
    let query = parsed("-\"closed stale\" -パスワード open");
    let not: Vec<Vec<String>> = query.not_texts.into_iter().map(|text| text.words).collect();
    assert_eq!(not, [vec!["closed", "stale"], vec!["スワ", "パス", "ワー", "ード"]]);
    assert_eq!(query.texts[0].words, ["open"]);
}

#[test]
fn mistakes_are_pointed_at_with_what_to_write_instead() {
    for (typed, wrong) in [
        ("actr:ana", "UnknownKey `actr` -> actor"),
        ("-status:failed", "UnknownKey `status` -> outcome"),
        ("see http://example.com now", "UnknownKey `http://example.com` -> \"http://example.com\""),
        ("fe80::1", "UnknownKey `fe80::1` -> ip:fe80::1"),
        ("subject:\"a b\"", "UnknownKey `subject:\"a b\"` -> \"a b\""),
        ("outcome:failed", "BadValue `failed` -> failure"),
        ("outcome:sucess", "BadValue `sucess` -> success"),
        ("outcome:purple", "BadValue `purple`"),
        ("category:security", "BadValue `security` -> authentication"),
        ("kind:erasure", "BadValue `erasure`"),
        ("actor_type:\"bot\"", "BadValue `\"bot\"` -> agent"),
        ("country:Japan", "BadValue `Japan`"),
        ("ip:203.0.113.*", "BadValue `203.0.113.*` -> 203.0.113.0/24"),
        ("ip:10.*", "BadValue `10.*` -> 10.0.0.0/8"),
        ("ip:203.0.113.0/33", "BadValue `203.0.113.0/33`"),
        ("ip:300.1.1.1", "BadValue `300.1.1.1`"),
        ("changed:a..b", "BadValue `a..b` -> \"a.b\""),
        ("occurred:soon", "BadValue `soon`"),
        ("occurred:2026-*", "BadValue `2026-*`"),
        ("created:2026-11-07..2026-11-01", "BadValue `2026-11-07..2026-11-01` -> 2026-11-01..2026-11-07"),
        ("occurred:today occurred:yesterday", "BadValue `yesterday`"),
        ("-occurred:today", "BadValue `-occurred:today`"),
        ("received:-999999w", "BadValue `-999999w`"),
        ("role:", "EmptyValue `role:`"),
        ("role:\" \" x", "EmptyValue `role:\" \"`"),
        ("role:\u{200d}", "EmptyValue `role:\u{200d}`"),
        ("actor:*", "EmptyValue `actor:*`"),
        ("actor_id:\"\"", "EmptyValue `actor_id:\"\"`"),
        ("a - b", "EmptyValue `-`"),
        ("\"\"", "EmptyValue `\"\"`"),
        ("🔥", "EmptyValue `🔥`"),
        ("a \"b c", "UnbalancedQuote `\"b c` -> \"b c\""),
        ("actor:\"Jürgen", "UnbalancedQuote `\"Jürgen` -> \"Jürgen\""),
        ("\"a\\\"", "UnbalancedQuote `\"a\\\"` -> \"a\\\"\""),
        ("ab\"cd", "UnbalancedQuote `\"`"),
        ("\"a\"b c", "UnbalancedQuote `b` ->  b"),
        ("actor_id:u_*", "BadWildcard `u_*` -> \"u_\""),
        ("role:adm*", "BadWildcard `adm*` -> \"adm\""),
        ("action:*_login", "BadWildcard `*_login` -> \"_login\""),
        ("deploy*", "BadWildcard `deploy*` -> \"deploy\""),
        ("x 4F3C2A1BE5D60798", "RandomId `4F3C2A1BE5D60798` -> id:4F3C2A1BE5D60798"),
        ("\"order 215469876543210\"", "RandomId `\"order 215469876543210\"`"),
    ] {
        assert_eq!(errors(typed), [wrong], "{typed}");
    }
}

#[test]
fn what_is_suggested_mends_the_mistake() {
    for typed in [
        "actr:ana",
        "-status:failure x",
        "see http://example.com now",
        "fe80::1",
        "outcome:sucess",
        "ip:10.*",
        "changed:a..b",
        "created:2026-11-07..2026-11-01",
        "actor:\"Jürgen",
        "\"a\\\"",
        "\"a\"b c",
        "role:adm*",
        "deploy*",
        "4F3C2A1BE5D60798",
        "subject:\"a b\"",
        "category:security",
    ] {
        let error = Query::parse(typed, &CONTEXT).expect_err(typed).0.remove(0);
        let mut mended = typed.to_owned();
        mended.replace_range(error.span, &error.suggestion.expect(typed));
        assert!(Query::parse(&mended, &CONTEXT).is_ok(), "{typed} -> {mended}");
    }
}

#[test]
fn messages_name_what_is_wrong_and_what_is_allowed() {
    for (typed, message) in [
        ("actr:ana", r#"unknown key "actr", did you mean "actor"?"#),
        (
            "outcome:failed",
            r#""failed" is no outcome, did you mean "failure"? (it is one of success, failure, denied, unknown)"#,
        ),
        ("country:Japan", r#""Japan" is no country; write its two letters, such as JP"#),
        ("outcome:", "outcome has no value; it is one of success, failure, denied, unknown"),
        (
            "zz:1 role:",
            r#"unknown key "zz"; to search for the text, put it in quotes; role has no value; write it right after the colon"#,
        ),
    ] {
        assert_eq!(Query::parse(typed, &CONTEXT).expect_err(typed).to_string(), message);
    }
}

#[test]
fn limits_hold() {
    assert_eq!(errors("zz:1 ".repeat(20).trim()).len(), QUERY_ERRORS_MAX);

    let many: Vec<String> = (0..QUERY_TERMS_MAX).map(|n| format!("id:{n}")).collect();
    assert_eq!(parsed(&many.join(" ")).clauses[0].any.len(), QUERY_TERMS_MAX);
    assert_eq!(errors(&(many.join(" ") + " one more")), ["TooManyTerms `one more` -> "]);

    let long = "ä".repeat(QUERY_CHARS_MAX);
    assert!(Query::parse(&long, &CONTEXT).is_ok());
    assert_eq!(errors(&(long + "öü")), ["TooLong `öü`"]);

    // U+FDFA is one character that folds to eighteen.
    let grows = format!("role:{}", "\u{fdfa}".repeat(QUERY_CHARS_MAX / 4));
    assert_eq!(Query::parse(&grows, &CONTEXT).expect_err("grows").0[0].kind, QueryErrorKind::TooLong);
}

#[test]
fn an_actor_is_found_by_id_by_address_and_by_words_of_the_name() {
    let ana =
        Named {
            kind: "user", id: "u_7", email: Some("Ana.Maria@Example.com"), name: Some("Ana María Groß")
        };
    for (typed, matches) in [
        ("u_7", true),
        ("U_7", false),
        ("u_*", true),
        ("ana.maria@example.com", true),
        ("maria@example.com", false),
        ("ana.maria@*", true),
        ("\"GROSS ana\"", true),
        ("mar", false),
        ("mar*", true),
        ("\"gross an\"*", true),
        ("example.com", true),
        ("lea", false),
        ("0199a8f2-4d1e-7c3b-9a52-0e6f1b7d8c90", false),
    ] {
        let Term::Name(name) = only_term(&format!("actor:{typed}")) else { panic!("{typed}") };
        assert_eq!(name.matches(&ana), matches, "{typed}");
    }
    let uuid = "0199A8F2-4d1e-7c3b-9a52-0e6f1b7d8c90";
    let Term::Name(name) = only_term(&format!("actor:{uuid}")) else { panic!("{uuid}") };
    assert!(name.matches(&Named { id: uuid, ..Named::default() }));
}

/// A query narrowed by another, clause by clause; `-` when no query says that.
fn narrowed(text: &str, by: &str) -> String {
    let by = parsed(by).clauses;
    let narrowed = by.iter().try_fold(parsed(text), |query, clause| query.narrowed(clause));
    narrowed.map_or("-".to_owned(), |query| {
        let written = query.to_string();
        assert_eq!(parsed(&written), query, "{written}");
        written
    })
}

#[test]
fn a_condition_more_narrows() {
    for (text, by, both) in [
        ("", "role:admin -role:owner", "role:admin -role:owner"),
        ("refund outcome:denied", "action:a.*", "action:a.* outcome:denied refund"),
        // Of a field that has one value, those stay that both allow.
        ("action:a action:b", "action:b action:c", "action:b"),
        (
            "action:user.*",
            "action:user.signed_in action:user.sign_* action:x",
            "action:user.signed_in action:user.sign_*",
        ),
        ("action:user.signed_in", "action:user.*", "action:user.signed_in"),
        ("ip:203.0.113.0/24 ip:::1", "ip:203.0.113.9 ip:10.0.0.0/8", "ip:203.0.113.9"),
        ("actor:ana", "actor_id:u_1", "actor:ana actor_id:u_1"),
        ("actor_id:u_1 actor_id:u_2", "actor_id:u_2", "actor_id:u_2"),
        // Nothing is both, and nothing is found.
        ("outcome:success", "outcome:denied outcome:failure", "outcome:denied -outcome:denied"),
        (
            "outcome:success -outcome:success",
            "outcome:denied",
            "outcome:denied -outcome:denied -outcome:success",
        ),
        ("ip:10.0.0.0/8", "ip:::/0", "ip:::/0 -ip:::/0"),
        // Whatever is not wanted, none of it may be there.
        ("-role:admin", "-role:owner", "-role:admin -role:owner"),
        ("role:admin", "-role:admin", "role:admin -role:admin"),
        ("-actor:ana", "-actor:bob", "-actor:ana -actor:bob"),
        // Names, targets and paths: only where one side holds the other.
        ("target:macro/* target:refund", "target:macro/42", "target:macro/42"),
        ("target:macro/42 target:macro/7*", "target:macro/*", "target:macro/42 target:macro/7*"),
        ("changed:permissions", "changed:permissions.inbox", "changed:/permissions/inbox"),
        ("changed:permissions", "changed:permissions_old", "-"),
        ("actor:ana", "actor:ana", "actor:ana"),
        ("actor:ana", "actor:diaz", "-"),
        ("target:42", "target:macro/*", "-"),
        ("target:macro/42 target:refund", "target:macro/*", "-"),
    ] {
        assert_eq!(narrowed(text, by), both, "{text} and {by}");
    }
    let many: Vec<String> = (0..QUERY_TERMS_MAX).map(|n| format!("id:{n}")).collect();
    assert_eq!(narrowed(&many.join(" "), "role:admin"), "-");
}

#[test]
fn a_target_is_found_by_type_and_id_by_id_and_by_words_of_the_name() {
    let macro_42 = Named { kind: "Macro", id: "42", name: Some("Refund politely"), email: None };
    let page = Named { kind: "article", id: "docs/intro", ..Named::default() };
    for (typed, target, matches) in [
        ("macro/42", macro_42, true),
        ("macro/4", macro_42, false),
        ("macro/4*", macro_42, true),
        ("macro/*", macro_42, true),
        ("rule/42", macro_42, false),
        ("42", macro_42, true),
        ("refund", macro_42, true),
        ("macro", macro_42, false),
        ("docs/intro", page, true),
        ("article/docs/intro", page, true),
        ("article/docs*", page, true),
    ] {
        let Term::Name(name) = only_term(&format!("target:{typed}")) else { panic!("{typed}") };
        assert_eq!(name.matches(&target), matches, "{typed}");
    }
}

#[test]
fn a_changed_path_is_found_from_its_beginning_step_by_step() {
    for (typed, pointer, matches) in [
        ("permissions", "/permissions", true),
        ("permissions", "/permissions/inbox", true),
        ("PERMISSIONS.inbox", "/permissions/Inbox/read", true),
        ("permissions", "/permissions_old", false),
        ("permissions*", "/permissions_old", true),
        ("permissions.*", "/permissions/inbox", true),
        ("permissions.*", "/permissions_old", false),
        ("inbox", "/permissions/inbox", false),
        ("/conditions/0/value", "/conditions/0/value", true),
        ("conditions/0", "/conditions/0/value", true),
        ("conditions.1", "/conditions/10", false),
        ("/a~1b/c", "/a~1b/c", true),
        ("*", "/anything", true),
        ("*", "", true),
        ("a", "", false),
    ] {
        let Term::Path(path) = only_term(&format!("changed:{typed}")) else { panic!("{typed}") };
        assert_eq!(path.matches(pointer), matches, "{typed} and {pointer}");
    }
}

#[test]
fn a_network_holds_its_addresses() {
    for (typed, address, matches) in [
        ("203.0.113.9", "203.0.113.9", true),
        ("203.0.113.9", "::ffff:203.0.113.9", true),
        ("203.0.113.0/24", "203.0.113.255", true),
        ("203.0.113.0/24", "203.0.114.0", false),
        ("0.0.0.0/0", "8.8.8.8", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false),
        ("::/0", "2001:db8::1", true),
        ("10.0.0.0/8", "not an address", false),
    ] {
        let Term::Network(network) = only_term(&format!("ip:{typed}")) else { panic!("{typed}") };
        assert_eq!(network.matches(address), matches, "{typed} and {address}");
        if matches {
            let (first, last) = network.range();
            let address = address.parse::<std::net::IpAddr>().expect(address).to_canonical();
            assert!(first <= address && address <= last, "{typed} and {address}");
        }
    }
}

#[test]
fn a_fingerprint_tells_queries_apart_and_never_changes() {
    assert_eq!(parsed("b -role:x").fingerprint(), parsed("-role:X b").fingerprint());
    assert_ne!(parsed("role:a").fingerprint(), parsed("-role:a").fingerprint());
    let later = ParseContext { now_us: CONTEXT.now_us + 1, ..CONTEXT };
    assert_ne!(
        Query::parse("occurred:-7d", &later).expect("a time").fingerprint(),
        parsed("occurred:-7d").fingerprint()
    );
    assert_eq!(parsed("").fingerprint(), 0xcbf2_9ce4_8422_2325);
    assert_eq!(parsed("role:admin login").fingerprint(), 17_391_934_438_061_920_485);
}

/// Pieces that are nearly queries, so that chance writes more than free text.
fn nearly_a_query() -> impl Strategy<Value = String> {
    let key = prop::sample::select(Key::ALL.map(Key::name).to_vec());
    let word = || "[a-zA-Z0-9äßか日ﾊﾞ.*/\\\\~\"@_:+-]{0,8}";
    let value = prop_oneof![
        word(),
        "\"[a-z \\\\\"*:é　-]{0,8}\"\\*?",
        prop::sample::select(vec![
            "any",
            "success",
            "user",
            "hold",
            "content",
            "JP",
            "10.0.0.0/9",
            "2001:db8::/33",
            "today",
            "-7d",
            "<-2w",
            "a.b.*",
            "2026-11-01..2026-11-07",
            ">=2026-11-01T10:30",
            "<=0001-01-01",
            "..9999-12-31",
            "macro/*",
            "*",
        ])
        .prop_map(str::to_owned),
    ];
    let pair = ("-?", key, value).prop_map(|(not, key, value)| format!("{not}{key}:{value}"));
    let text = ("-?", word()).prop_map(|(not, word)| not + &word);
    prop::collection::vec(prop_oneof![4 => pair, 1 => text, 1 => "\\PC{0,8}"], 0..4)
        .prop_map(|all| all.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_written_is_read_as_the_same_query(text in nearly_a_query()) {
        match Query::parse(&text, &CONTEXT) {
            Ok(query) => {
                let written = query.to_string();
                let elsewhere = ParseContext { now_us: 0, clock: &Ahead { minutes: -480 } };
                prop_assert_eq!(Query::parse(&written, &elsewhere), Ok(query), "{}", written);
            }
            Err(errors) => {
                prop_assert!((1..=QUERY_ERRORS_MAX).contains(&errors.0.len()));
                for error in errors.0 {
                    prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error, text);
                }
            }
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>(), now_us in any::<i64>(), minutes in any::<i32>()) {
        let context = ParseContext { now_us, clock: &Ahead { minutes } };
        let _ = Query::parse(&text, &context);
        let _ = Query::parse(&format!("occurred:today received:-7d changed:{text}* {text}"), &context);
    }

    #[test]
    fn index_terms_answer_as_rows_do(pointer in "(/[a-cA~10.é]{0,3}){0,3}", asked in "/?[a-cA~10.]{1,6}", star in "\\*?") {
        if let Ok(query) = Query::parse(&format!("changed:{asked}{star}"), &CONTEXT)
            && let Some(Term::Path(path)) = query.clauses.first().map(|clause| &clause.any[0])
        {
            let by_index = Path::index_term(&pointer).starts_with(&path.term_prefix());
            prop_assert_eq!(path.matches(&pointer), by_index);
        }
    }
}
