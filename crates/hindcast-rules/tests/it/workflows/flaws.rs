//! What the author of a workflow is told.

use super::{catalog, head};
use hindcast_rules::workflow::{check, limits};

fn told(text: &str) -> Vec<String> {
    let checked = check(text, &catalog());
    assert_eq!(checked.workflow.is_none(), !checked.errors.is_empty(), "{text}");
    checked.errors.iter().map(ToString::to_string).collect()
}

/// A workflow whose `if` begins on line 5, column 5.
fn asking(test: &str) -> String {
    head(&format!("if: {test}\nthen:\n  - tag.add: hit\n"))
}

/// A workflow whose first action begins on line 6, column 5.
fn doing(steps: &str) -> String {
    head(&format!("then:\n  - {}\n", steps.replace('\n', "\n    ")))
}

#[test]
fn a_flaw_in_a_condition_is_named_with_its_place_and_what_was_meant() {
    assert!(told(&asking("{field: ticket.tags, op: contains, value: a}")).is_empty());
    for (test, expected) in [
        (
            "{field: ticket.tag, op: contains, value: a}",
            "5:13: there is no field `ticket.tag`; did you mean `ticket.tags`?",
        ),
        (
            "{field: conversation.statuss, op: is, value: open}",
            "5:13: there is no field `conversation.statuss`; did you mean `conversation.status`?",
        ),
        (
            "{field: confidence, op: gte, value: 90}",
            "5:13: there is no field `confidence`; did you mean `ai.confidence`?",
        ),
        (
            "{field: custom.seats, op: gt, value: 3}",
            "5:13: there is no field `custom.seats`; declare it under `fields`",
        ),
        (
            "{field: ticket.tags, op: contain_any, value: [a]}",
            "5:30: there is no operator `contain_any`; did you mean `contains_any`?",
        ),
        (
            "{field: ticket.replies, op: greater_than, value: 3}",
            "5:33: there is no operator `greater_than`; did you mean `gt`?",
        ),
        (
            "{field: ticket.replies, op: contains, value: 3}",
            "5:33: `contains` does not work on `ticket.replies`, which holds a number; use is, is_not, any_of, none_of, is_set, \
             is_not_set, changed, not_changed, changed_to, changed_from, gt, gte, lt, lte",
        ),
        (
            "{field: ticket.priority, op: is, value: hihg}",
            "5:45: `hihg` is not one of low, normal, high, urgent; did you mean `high`?",
        ),
        (
            "{field: ticket.replies, op: gt, value: '3'}",
            "5:44: `value`: expected a number without quotes, found a single value",
        ),
        (
            "{field: ticket.replies, op: gt, value: many}",
            "5:44: `value`: expected a number, found a single value",
        ),
        ("{field: ticket.escalated, op: is, value: yes}", "5:46: `value` is true or false"),
        (
            "{field: ticket.created_at, op: before, value: yesterday}",
            "5:51: expected a time such as 2026-03-02T10:00:00Z",
        ),
        (
            "{field: ticket.created_at, op: older_than, value: 2 days}",
            "5:55: `value`: expected a duration such as 30m, 2h or 7d, at most 366d",
        ),
        ("{field: ticket.tags, op: is_set, value: a}", "5:45: `is_set` takes no value"),
        (
            "{field: ticket.team, op: is}",
            "5:5: `value` is missing; to ask whether there is any, use `is_set` or `is_not_set`",
        ),
        (
            "{field: ticket.team, op: is, value: ~}",
            "5:41: `value` is missing; to ask whether there is any, use `is_set` or `is_not_set`",
        ),
        (
            "{field: ticket.team, op: is, value: [a, b]}",
            "5:41: `is` takes one value; for several there is `any_of`",
        ),
        (
            "{field: ticket.team, op: any_of, value: []}",
            "5:45: `value`: expected at least one value, the list is empty",
        ),
        (
            "{field: message.text, op: matches, value: '(a'}",
            "5:47: `value`: not a regular expression: unclosed group",
        ),
        (
            "{field: message.text, op: matches, value: '(a{999}){999}'}",
            "5:47: `value`: expected a pattern that takes at most 262144 bytes when compiled",
        ),
        ("{feild: ticket.team, op: is_set}", "5:5: `field` is missing"),
        ("{field: ticket.team, op: is_set, not: true}", "5:38: a condition has no key `not`"),
        (
            "{al: [{field: ticket.team, op: is_set}]}",
            "5:6: `al` is none of all, any, none; did you mean `all`?",
        ),
        ("{all: []}", "5:11: `all`: the list is empty"),
        ("{}", "5:5: `if` is empty; leave it out to match always"),
        (
            "{all: {field: ticket.team, op: is_set}}",
            "5:11: `all`: expected a list of conditions, found a mapping",
        ),
        (
            "{field: ticket.team, op: is_set, all: [{field: ticket.team, op: is_set}]}",
            "5:5: a condition with `field` and a group stand in one mapping; put both below `all`",
        ),
        (
            "ticket.tags contains a",
            "5:5: `if`: expected `all`, `any` or `none` with a list below, or `{field: …, op: …, value: …}`, found a single value",
        ),
    ] {
        let found = told(&asking(test));
        assert!(found.contains(&expected.to_owned()), "{test}: {found:#?}");
        let other_than_misspelled_key = !test.starts_with("{feild");
        assert!(found.len() == 1 || !other_than_misspelled_key, "{test}: {found:#?}");
    }
}

#[test]
fn a_flaw_in_an_action_is_named_with_its_place_and_what_was_meant() {
    for (steps, expected) in [
        (
            "tag.ad: a",
            "6:5: there is no action `tag.ad`, and no tool of this name was declared; did you mean `tag.add`?",
        ),
        (
            "order.refnd: {}",
            "6:5: there is no action `order.refnd`, and no tool of this name was declared; did you mean `order.refund`?",
        ),
        ("tag.add: {}", "6:5: `tag.add`: `tags` is missing"),
        ("tag.add: {tag: a}", "6:15: `tag.add` has no key `tag`; did you mean `tags`?"),
        ("tag.add: [[a]]", "6:15: `tags`: expected a text, found a list"),
        (
            "ticket.priority: higher",
            "6:22: `priority` is one of low, normal, high, urgent; did you mean `high`?",
        ),
        ("ticket.resolve: now", "6:21: `ticket.resolve` takes no arguments; write `{}`"),
        (
            "ticket.resolve",
            "6:5: expected an action with its arguments, found a single value; write `ticket.resolve: {}`",
        ),
        ("assign: {}", "6:5: `assign` takes one of agent, team, best"),
        ("assign: {agent: a, team: b}", "6:5: `assign` takes one of agent, team, best"),
        ("webhook.call: http://example.org", "6:19: `url`: expected an address that begins with https://"),
        ("tag.add: a\ntag.remove: b", "7:5: a step is one action; begin the next with `-`"),
        (
            "ai.handle: {agent: fin, allow: [order.lookup, reply.drft]}",
            "6:51: there is no action `reply.drft`, and no tool of this name was declared; did you mean `reply.draft`?",
        ),
        ("ai.handle: {agent: fin, budget: {replies: 0}}", "6:47: `replies` is a whole number from 1 on"),
        ("ai.handle: {agent: fin, budget: {reply: 3}}", "6:38: `budget` has no key `reply`"),
        ("order.refund: {amount_cents: many}", "6:34: `order.refund`: expected integer, found a string"),
        (
            "order.refund: {order_id: 17}",
            "6:30: `order.refund`: expected string, found a number, so put it in quotes",
        ),
        (
            "order.refund: {order_id: {field: order.nr}}",
            "6:38: there is no field `order.nr`; did you mean `order.id`?",
        ),
        (
            "order.refund: {amount_cents: {field: order.id}}",
            "6:34: `order.refund`: expected integer, and the field holds a string",
        ),
        (
            "ticket.field: {field: customer.name, value: x}",
            "6:27: `customer.name` cannot be set; fields of tickets and of your own can",
        ),
        ("do: [{tag.add: a}]", "6:5: a block needs `when` or `approve` beside `do`"),
        ("approve: {approvers: []}\ndo: [{tag.add: a}]", "6:26: `approvers`: expected 1 to 1000 texts"),
        (
            "approve: {approvers: [a], timeout: 8d}\ndo: [{tag.add: a}]",
            "6:40: `timeout`: expected a duration such as 30m, 2h or 7d, at most 1w",
        ),
        (
            "approve: {approvers: [a], on_timeout: escalat}\ndo: [{tag.add: a}]",
            "6:43: `on_timeout` is escalate or deny; did you mean `escalate`?",
        ),
        (
            "approve: {approvers: [a]}\ndo: [{approve: {approvers: [b]}, do: [{tag.add: a}]}]",
            "7:20: an approval within an approval; one block asks for one",
        ),
        ("approve: {approvers: [a]}", "6:5: `do` is missing"),
    ] {
        let found = told(&doing(steps));
        let near: Vec<_> = found.iter().map(|flaw| flaw.replace("at most 7d", "at most 1w")).collect();
        assert_eq!(near.first().map(String::as_str), Some(expected), "{steps}: {found:#?}");
    }
}

#[test]
fn a_flaw_in_the_frame_is_named_with_its_place() {
    let good = asking("{field: ticket.team, op: is_set}");
    let with = |what: &str, with: &str| {
        let bad = good.replace(what, with);
        assert_ne!(bad, good, "{what}");
        bad
    };
    for (text, expected) in [
        (
            with("trigger: ticket.updated", "on: ticket.updated"),
            "3:1: `on` is no key here: many YAML readers take `on` for the boolean true; did you mean `trigger`?",
        ),
        (with("workflow/1", "workflow/2"), "1:9: expected `workflow/1`, the schema this version reads"),
        (with("schema: workflow/1\n", ""), "1:1: `schema` is missing"),
        (
            with("name: w", "name: My Workflow"),
            "2:7: a name has up to 64 lower-case letters, digits, `-`, `_` and `.`, and begins with a letter or digit",
        ),
        (
            with("mode: enforce", "mode: enforced"),
            "4:7: `mode` is one of off, shadow, enforce; did you mean `enforce`?",
        ),
        (with("mode: enforce", "prio: 3"), "4:1: a workflow has no key `prio`"),
        (
            with("mode: enforce", "priority: high"),
            "4:11: `priority` is a whole number from -1000000 to 1000000",
        ),
        (with("mode: enforce", "stop: yes"), "4:7: `stop` is true or false"),
        (with("mode: enforce", "trigger: manual"), "4:1: `trigger` stands here twice"),
        (
            with("mode: enforce", "mode: &m enforce"),
            "4:7: anchors are not read; write the value out where it is needed",
        ),
        (
            with("mode: enforce", "mode: !!str enforce"),
            "4:7: tags are not read; what a value is follows from its place",
        ),
        (
            with("mode: enforce", "fields: {seats: number}"),
            "4:10: `seats`: a field of your own begins with `custom.`, or with `event.metadata.`",
        ),
        (
            with("mode: enforce", "fields: {custom.seats: nmber}"),
            "4:24: expected string, number, bool, time, set, or a list of the words it can hold; did you mean `number`?",
        ),
        (with("then:\n  - tag.add: hit", "then: []"), "6:7: `then`: the list is empty"),
        (
            good.clone() + "tests: [{given: {ticket.teem: x}, expect: {matched: true}}]",
            "8:18: there is no field `ticket.teem`; did you mean `ticket.team`?",
        ),
        (
            good.clone() + "tests: [{given: {ticket.tags: x}, expect: {matched: true}}]",
            "8:31: expected a list of words, found a single value",
        ),
        (
            good.clone() + "tests: [{given: {}, expect: {}}]",
            "8:29: `expect` says nothing: give `matched`, `actions` or `approval`",
        ),
        (
            good.clone() + "tests: [{given: {}, expect: {matched: maybe}}]",
            "8:39: `matched` is true, false or unknown",
        ),
        (
            good.clone()
                + "tests: [{given: {ticket.team: x}, unknown: [ticket.team], expect: {matched: true}}]",
            "8:45: `ticket.team` is given and unknown at once",
        ),
        (
            good.clone() + "---\nschema: workflow/1\n",
            "8:1: a file holds one workflow, and a second document begins here",
        ),
        (String::new(), "1:1: a workflow was expected, and nothing is here"),
        (
            "a workflow".into(),
            "1:1: expected a workflow, a mapping with `schema: workflow/1`, found a single value",
        ),
    ] {
        let found = told(&text);
        assert_eq!(found.first().map(String::as_str), Some(expected), "{text}\n{found:#?}");
    }
    let aliased = with("mode: enforce", "description: *m");
    assert!(told(&aliased)[0].starts_with("4:"), "{:?}", told(&aliased));
}

#[test]
fn all_flaws_are_told_at_once_and_in_order() {
    let text = head("if: {field: ticket.tag, op: contain, value: a}\nthen:\n  - tag.ad: x\nstop: 1\n");
    let places: Vec<_> =
        told(&text).iter().map(|flaw| flaw.split(": ").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(places, ["5:13", "5:29", "7:5", "8:7"]);
}

#[test]
fn limits_say_which_they_are() {
    let conditions: Vec<_> =
        (0..=limits::CONDITIONS_MAX).map(|_| "{field: ticket.team, op: is_set}").collect();
    let found = told(&asking(&format!("{{all: [{}]}}", conditions.join(", "))));
    assert!(found[0].ends_with("conditions of a workflow: at most 200, there are 201"), "{found:?}");
    let actions = "tag.add: a\n".to_owned() + &"- tag.add: a\n".repeat(limits::ACTIONS_MAX);
    let found = told(&head(&format!("then:\n- {actions}")));
    assert!(found[0].ends_with("actions of a workflow: at most 50, there are 51"), "{found:?}");
    let deep = "{all: [".repeat(9) + "{field: ticket.team, op: is_set}" + &"]}".repeat(9);
    assert!(told(&asking(&deep))[0].ends_with("groups of conditions nest at most 6 deep"));
    let deep = "[".repeat(50) + &"]".repeat(50);
    assert!(told(&asking(&deep))[0].contains("nested too deeply"), "{:?}", &told(&asking(&deep)));
    let deeper = "[".repeat(20_000) + &"]".repeat(20_000);
    assert_eq!(told(&asking(&deeper)).len(), 1);
    let long = head(&format!("then:\n  - note.add: {}\n", "a".repeat(limits::VALUE_BYTES_MAX + 1)));
    assert!(told(&long)[0].contains("bytes of a text: at most 8192"));
    let long = head(&format!("#{}\nthen:\n  - note.add: a\n", "a".repeat(limits::WORKFLOW_BYTES_MAX)));
    assert!(told(&long)[0].contains("bytes of a workflow: at most 65536"));
}

#[test]
fn else_without_if_is_told_as_a_warning() {
    let text = head("then:\n  - tag.add: a\nelse:\n  - tag.add: b\n");
    let warnings = check(&text, &catalog()).warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].to_string().contains("`else` never runs"), "{warnings:?}");
}
