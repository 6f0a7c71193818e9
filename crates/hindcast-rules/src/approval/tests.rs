use super::*;
use hindcast_event::{Draft, Timestamp};
use proptest::prelude::*;

const REFUND: &str = r#"{"action":"order.refund","actor":{"type":"agent","id":"fin","name":"Fin"},
    "targets":[{"type":"order","id":"o-7"}],"metadata":{"arguments":{"amount_cents":9900}}}"#;

fn digest(json: &str) -> CallDigest {
    CallDigest::of(&Draft::parse(json).expect("a draft"))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn asked_of_two() -> Approval {
    Approval {
        state: State::Pending,
        call: digest(REFUND),
        policies: "v1".to_owned(),
        required: 2,
        answers: Vec::new(),
        expires_at: at(1800),
    }
}

fn manager(person: &str) -> Standing<'_> {
    Standing { person, may_answer: true, is_requester: false }
}

#[test]
fn two_agree_and_the_call_is_made_once() {
    let mut approval = asked_of_two();
    let call = approval.call;
    let use_it = Deed::Use { call, policies: "v1" };
    assert_eq!(approval.apply(&use_it, at(1)), Err(Refused::Pending));
    assert_eq!(approval.apply(&Deed::Approve(manager("ana")), at(2)), Ok(Became::Closer));
    assert_eq!(approval.apply(&Deed::Approve(manager("ana")), at(3)), Err(Refused::Twice));
    assert_eq!(approval.apply(&Deed::Approve(manager("ben")), at(4)), Ok(Became::State(State::Approved)));
    assert_eq!(approval.apply(&Deed::Deny(manager("eve")), at(5)), Err(Refused::Over(State::Approved)));
    assert_eq!(approval.apply(&use_it, at(6)), Ok(Became::State(State::Used)));
    assert_eq!(approval.apply(&use_it, at(7)), Err(Refused::Over(State::Used)));
}

#[test]
fn nobody_approves_their_own_request_and_strangers_do_not_answer() {
    let mut approval = asked_of_two();
    let requester = Standing { is_requester: true, ..manager("ana") };
    let stranger = Standing { may_answer: false, ..manager("eve") };
    assert_eq!(approval.apply(&Deed::Approve(requester), at(1)), Err(Refused::OwnRequest));
    assert_eq!(approval.apply(&Deed::Approve(stranger), at(1)), Err(Refused::NotAsked));
    assert_eq!(approval.apply(&Deed::Deny(stranger), at(1)), Err(Refused::NotAsked));
    assert_eq!(approval.apply(&Deed::Deny(requester), at(1)), Ok(Became::State(State::Denied)));
}

#[test]
fn time_denies_whatever_was_agreed() {
    let mut approval = Approval { required: 1, ..asked_of_two() };
    assert_eq!(approval.apply(&Deed::Wait, at(1799)), Ok(Became::Same));
    approval.apply(&Deed::Approve(manager("ana")), at(1)).expect("agreed");
    let use_it = Deed::Use { call: approval.call, policies: "v1" };
    assert_eq!(approval.apply(&use_it, at(1800)), Err(Refused::Over(State::Expired)));
    assert_eq!(approval.state, State::Expired);
}

#[test]
fn other_arguments_another_actor_or_other_policies_are_not_what_was_approved() {
    let mut approval = Approval { state: State::Approved, ..asked_of_two() };
    for other in [
        REFUND.replace("9900", "9901"),
        REFUND.replace("\"fin\"", "\"fin2\""),
        REFUND.replace("o-7", "o-8"),
        REFUND.replace("order.refund", "order.cancel"),
        REFUND.replace("\"actor\"", "\"on_behalf_of\":{\"type\":\"user\",\"id\":\"u\"},\"actor\""),
        REFUND.replace("\"metadata\"", "\"changes\":[{\"path\":\"/a\",\"after\":1}],\"metadata\""),
        REFUND.replace("\"arguments\":", "\"note\":null,\"arguments\":"),
    ] {
        let deed = Deed::Use { call: digest(&other), policies: "v1" };
        assert_eq!(approval.apply(&deed, at(1)), Err(Refused::OtherCall), "{other}");
    }
    let newer = Deed::Use { call: approval.call, policies: "v2" };
    assert_eq!(approval.apply(&newer, at(1)), Err(Refused::OtherPolicies));
    let renamed = REFUND.replace("\"name\":\"Fin\"", "\"name\":\"Fin 2\"").replace("99", " 99");
    let same = Deed::Use { call: digest(&renamed), policies: "v1" };
    assert_eq!(approval.apply(&same, at(1)), Ok(Became::State(State::Used)));
}

#[test]
fn a_digest_reads_back() {
    let call = digest(REFUND);
    assert_eq!(CallDigest::parse(&call.to_string()), Some(call));
    for wrong in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(CallDigest::parse(wrong), None, "{wrong}");
    }
}

/// What a test does, in numbers: what, who, and how many seconds later.
fn deeds() -> impl Strategy<Value = Vec<(u8, usize, i64)>> {
    prop::collection::vec((0_u8..5, 0_usize..4, 0_i64..400), 0..40)
}

proptest! {
    #[test]
    fn a_call_is_never_made_without_enough_people_in_time(deeds in deeds(), required in 1_u32..4) {
        let people = ["ana", "ben", "eve", "requester"];
        let mut approval = Approval { required, ..asked_of_two() };
        let (mut now, mut used) = (0, 0);
        for (what, who, later) in deeds {
            now += later;
            let person = people[who];
            let standing = Standing { person, may_answer: person != "eve", is_requester: person == "requester" };
            let call = if what == 4 { digest(&REFUND.replace("9900", "1")) } else { approval.call };
            let deed = match what {
                0 => Deed::Approve(standing),
                1 => Deed::Deny(standing),
                2 => Deed::Wait,
                _ => Deed::Use { call, policies: "v1" },
            };
            let before = approval.clone();
            let became = approval.apply(&deed, at(now));
            prop_assert!(!before.state.is_over() || approval == before, "what is over stays as it is");
            if became == Ok(Became::State(State::Used)) {
                used += 1;
                prop_assert!(what == 3 && at(now) < approval.expires_at);
                let agreed = approval.answers.iter().filter(|answer| answer.agrees);
                prop_assert!(agreed.clone().count() >= required as usize);
                prop_assert!(agreed.clone().all(|answer| answer.by != "eve" && answer.by != "requester"));
            }
        }
        prop_assert!(used <= 1);
    }
}
