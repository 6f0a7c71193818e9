//! A hundred recorded conversations of a real agent (tau-bench, MIT) as a simulation without an agent: what it did against what should
//! have been done.
//!
//! They lie in `shared/data/tau-bench` and are no part of the project; without them this test says so and passes. The expected
//! counts were worked out from the file by a few lines of Python, not by this code.

use hindcast_rules::simulation::Arguments;
use hindcast_rules::simulation::actions::Compared;
use hindcast_rules::simulation::answer::{Action, Answer};
use hindcast_rules::simulation::case::{Case, Historic, Stratum};
use hindcast_rules::simulation::outcome::Judged;
use hindcast_rules::simulation::report::{Report, Setup};
use hindcast_rules::simulation::score::{Look, Standard, score};
use hindcast_rules::simulation::share::Weight;
use serde_json::Value;
use std::path::PathBuf;

const READS: [&str; 8] = [
    "get_user_details",
    "get_reservation_details",
    "list_all_airports",
    "search_direct_flight",
    "search_onestop_flight",
    "calculate",
    "think",
    "transfer_to_human_agents",
];

fn conversations() -> Option<Vec<Value>> {
    let shared = std::env::var_os("HINDCAST_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from("../../../shared"));
    let Ok(text) = std::fs::read_to_string(shared.join("data/tau-bench/gpt-4o-airline-trials-0-1.json"))
    else {
        eprintln!("skipped: there is no data/tau-bench; set HINDCAST_SHARED to its folder");
        return None;
    };
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What should have been done, as if people had done it.
fn case(at: usize, conversation: &Value) -> Case {
    let action = |action: &Value| Action {
        tool: action["name"].as_str().expect("a name").into(),
        arguments: Arguments::parse(&action["kwargs"].to_string()).expect("arguments"),
    };
    let actions = items(&conversation["info"]["task"]["actions"]).map(action).collect();
    let historic = Historic { actions, ..Historic::default() };
    Case { id: format!("t{at:03}"), stratum: Stratum::default(), historic }
}

/// What the agent did.
fn answer(conversation: &Value) -> Answer {
    let calls = items(&conversation["traj"]).flat_map(|message| items(&message["tool_calls"]));
    let action = |call: &Value| Action {
        tool: call["function"]["name"].as_str().expect("a name").into(),
        arguments: Arguments::parse(call["function"]["arguments"].as_str().expect("a text"))
            .expect("arguments"),
    };
    Answer { resolved: true, actions: calls.map(action).collect(), ..Answer::default() }
}

#[test]
fn recorded_conversations_are_simulated_without_an_agent() {
    let Some(conversations) = conversations() else { return };
    let standard = Standard { reads: READS.map(str::to_owned).into(), ..Standard::default() };
    let mut report = Report::new(Setup { planned: 100, ..Setup::default() });
    for (at, conversation) in conversations.iter().enumerate() {
        let (case, answer) = (case(at, conversation), answer(conversation));
        let look = Look {
            case: &case,
            answer: Ok(&answer),
            judged: &vec![Judged::Allowed; answer.actions.len()],
            ruled: None,
            agreement: None,
            correct: Some(conversation["reward"] == 1.0),
            tags: None,
            personal_data: 0,
            unknown_tool_results: 0,
            tool_failures: 0,
        };
        report.count(&case, Weight::ONE, &score(&look, &standard), None);
    }
    assert!(report.is_complete());
    assert_eq!(report.resolution.hits(), 43);
    assert_eq!(report.actions.exact_cases.hits(), 40);
    let expected = Compared {
        expected: 112,
        proposed: 121,
        exact: 46,
        wrong_argument: 21,
        missing: 45,
        extra: 54,
        forbidden: 0,
    };
    assert_eq!(report.actions.total, expected);
}
