//! What is answered, and what is not known.

use super::told::{judge, line, past, said, vocabulary};
use hindcast_event::{Entries, Kind, Remnant, push_section};
use hindcast_rules::policy::{Approval, Asked, BASE, Judge, PolicyText, Tool, Vocabulary, check};

const AGENTS: &str = r#"@id("agents") permit(principal is Agent, action, resource);"#;

fn agent(action: &str, more: &str) -> String {
    format!(r#"{{"action":"{action}","actor":{{"type":"agent","id":"fin"}}{more}}}"#)
}

#[test]
fn nothing_is_allowed_that_nothing_permits() {
    assert_eq!(said(AGENTS, r#"{"action":"message.sent","actor":{"type":"user","id":"ada"}}"#, ""), "deny");
    assert_eq!(said(AGENTS, &agent("message.sent", ""), ""), "allow by agents");
    assert_eq!(said(AGENTS, &agent("never.heard.of", ""), ""), "allow by agents");
}

#[test]
fn a_forbid_wins_over_any_permit() {
    let policies = format!(
        r#"{AGENTS} @id("no-deleting") @reason("Not without a person.")
        forbid(principal, action in [Action::"conversation.deleted", Action::"data_exports"], resource);"#
    );
    assert_eq!(said(&policies, &agent("conversation.deleted", ""), ""), "deny by no-deleting");
    assert_eq!(said(&policies, &agent("contacts.exported", ""), ""), "deny by no-deleting");
    assert_eq!(said(&policies, &agent("conversation.closed", ""), ""), "allow by agents");
}

#[test]
fn a_guard_on_what_was_not_recorded_is_unknown_and_never_an_allow() {
    let policies = format!(
        r#"{AGENTS} @id("new-country") forbid(principal, action, resource)
        when {{ context.facts has country_new_for_actor && context.facts.country_new_for_actor }};"#
    );
    let said = |facts| said(&policies, &agent("message.sent", ""), facts);
    assert_eq!(said(r#"{"country_new_for_actor":true}"#), "deny by new-country");
    assert_eq!(said(r#"{"country_new_for_actor":false}"#), "allow by agents");
    let unknown = "unknown by new-country; allow or deny; without context.facts.country_new_for_actor";
    assert_eq!(said(r#"{"actions_1h":3}"#), unknown);
    assert_eq!(said(""), unknown);
    assert_eq!(said(r#"{"country_new_for_actor":"yes"}"#), unknown, "a value of another kind is no value");
}

#[test]
fn what_was_not_recorded_does_not_matter_where_something_else_decides() {
    let policies = format!(
        r#"{AGENTS} @id("a") forbid(principal, action, resource)
        when {{ context.facts has off_hours && context.facts.off_hours && context.tool == "refund" }}
        unless {{ !(context has tool) }};"#
    );
    // The tool is recorded and another, so whether it was night does not matter.
    let policies = policies.replace("&& context.tool", "&& context has tool && context.tool");
    let tool = |tool: &str| agent("ai_agent.tool_called", &format!(r#","metadata":{{"tool":"{tool}"}}"#));
    assert_eq!(said(&policies, &tool("lookup"), ""), "allow by agents");
    assert_eq!(
        said(&policies, &tool("refund"), ""),
        "unknown by a; allow or deny; without context.facts.off_hours"
    );
    let forbidden = format!(
        r#"{policies} @id("b") forbid(principal, action == Action::"ai_agent.tool_called", resource);"#
    );
    assert_eq!(said(&forbidden, &tool("refund"), ""), "deny by b");
}

#[test]
fn an_absence_that_says_something_is_no_unknown() {
    let policies = format!(
        r#"{AGENTS} @id("why") forbid(principal, action, resource) unless {{ context has reason }};
        @id("inside") forbid(principal, action, resource)
        when {{ context.facts has ip_class && context.facts.ip_class == "cgnat" }};"#
    );
    let from = |more: &str| agent("message.sent", &format!(r#","context":{{"ip":"192.0.2.1"}}{more}"#));
    assert_eq!(said(&policies, &from(""), r#"{"off_hours":false}"#), "deny by why");
    assert_eq!(said(&policies, &from(r#","reason":"SUP-1""#), r#"{"off_hours":false}"#), "allow by agents");
    // Without an address, nothing is said by there being no class of it.
    let nowhere = agent("message.sent", r#","reason":"SUP-1""#);
    assert_eq!(
        said(&policies, &nowhere, r#"{"off_hours":false}"#),
        "unknown by inside; allow or deny; without context.facts.ip_class"
    );
}

const REFUNDS: &str = r#"@id("agents") permit(principal is Agent, action, resource);
    @id("cap") @approvers("billing") @timeout("30m")
    forbid(principal is Agent, action == Action::"order.refund", resource)
    when { context.arguments.amount > 5000 }
    unless { context has approval && context.approval.granted };
    @id("paid") forbid(principal, action == Action::"order.refund", resource)
    when { context.arguments.amount > context.order.paid };"#;

fn refund(amount: &str, paid: &str) -> String {
    let metadata =
        format!(r#""arguments":{{"amount":{amount},"order":"o1"}},"order":{{"paid":{paid},"items":["a"]}}"#);
    agent("order.refund", &format!(r#","metadata":{{{metadata}}}"#))
}

#[test]
fn what_an_approval_would_change_needs_one() {
    assert_eq!(said(REFUNDS, &refund("5000", "6000"), ""), "allow by agents");
    assert_eq!(said(REFUNDS, &refund("5001", "6000"), ""), "needs_approval by cap");
    assert_eq!(said(REFUNDS, &refund("7000", "6000"), ""), "deny by cap, paid");
    let entries = past(&[(&refund("5001", "6000"), "")]);
    let entry = entries.get(0).expect("an entry");
    let approved = |granted| {
        let asked = Asked::of_entry(&entry).expect("an entry");
        line(&judge(REFUNDS).judge(&asked.approved(Approval { granted, approvers: 1 })))
    };
    assert_eq!(approved(true), "allow by agents");
    assert_eq!(approved(false), "needs_approval by cap");
}

#[test]
fn arguments_that_were_not_recorded_are_unknown() {
    assert_eq!(
        said(REFUNDS, &agent("order.refund", ""), ""),
        "unknown by cap, paid; allow or deny or needs_approval; without context.arguments.amount, context.order.paid"
    );
    assert_eq!(
        said(REFUNDS, &refund("\"5000\"", "6000"), ""),
        "unknown by cap, paid; allow or deny or needs_approval; without context.arguments.amount"
    );
    // What is certain stays certain.
    let lookups =
        format!(r#"{REFUNDS} @id("none") forbid(principal, action == Action::"order.refund", resource);"#);
    assert_eq!(said(&lookups, &agent("order.refund", ""), ""), "deny by none");
}

#[test]
fn a_policy_that_cannot_be_evaluated_is_unknown_in_a_replay_and_denies_live() {
    let policies = format!(
        r#"{AGENTS} @id("twice") forbid(principal, action == Action::"order.refund", resource)
        when {{ context.arguments.amount * 2 > 100 }};"#
    );
    let entries = past(&[(&refund("9223372036854775807", "1"), "")]);
    let verdict = super::told::verdict(&judge(&policies), &entries.get(0).expect("an entry"));
    assert!(line(&verdict).starts_with("unknown by twice; allow or deny; twice: "), "{}", line(&verdict));
    assert_eq!(verdict.live().as_str(), "deny");
}

#[test]
fn addresses_times_people_and_targets_can_be_read() {
    let policies = format!(
        r#"{AGENTS} @id("all") forbid(principal, action, resource) when {{
            context has ip && context.ip.isInRange(ip("192.0.2.0/24")) && resource.type == "conversation"
            && principal has role && principal.role like "tier*" && context.changes.contains("/state")
            && context.occurred_at > datetime("2026-01-01") && context has confidence && context.confidence < 70
        }};"#
    );
    let draft = |ip: &str, confidence: &str| {
        format!(
            r#"{{"action":"conversation.closed","actor":{{"type":"agent","id":"fin","role":"tier1"}},"targets":[{{"type":"conversation","id":"7"}}],
            "changes":[{{"path":"/state","before":1,"after":2}}],"context":{{"ip":"{ip}"}},"metadata":{{"confidence":{confidence}}}}}"#
        )
    };
    assert_eq!(said(&policies, &draft("192.0.2.9", "0.694"), ""), "deny by all");
    assert_eq!(said(&policies, &draft("192.0.2.9", "0.7"), ""), "allow by agents");
    assert_eq!(said(&policies, &draft("198.51.100.1", "0.1"), ""), "allow by agents");
}

#[test]
fn somebody_in_particular_is_told_from_others() {
    let policies = r#"@id("all") permit(principal, action, resource);
        @id("ada") forbid(principal == User::"ada", action in Action::"conversations", resource == Target::"conversation/7");"#;
    let draft = |who: &str, what: &str| {
        format!(
            r#"{{"action":"message.sent","actor":{{"type":"user","id":"{who}"}},"targets":[{{"type":"conversation","id":"{what}"}}]}}"#
        )
    };
    assert_eq!(said(policies, &draft("ada", "7"), ""), "deny by ada");
    assert_eq!(said(policies, &draft("ada", "8"), ""), "allow by all");
    assert_eq!(said(policies, &draft("bob", "7"), ""), "allow by all");
}

#[test]
fn the_base_policies_are_sound_and_do_what_they_say() {
    let vocabulary = vocabulary();
    let set = check(&[BASE], &vocabulary).expect("sound");
    assert_eq!(set.warnings(), []);
    let judge = Judge::new(&set, &vocabulary).expect("ready");
    let said =
        |draft: &str| line(&super::told::verdict(&judge, &past(&[(draft, "")]).get(0).expect("an entry")));
    assert_eq!(said(&agent("conversation.tagged", "")), "allow by base-agents");
    assert_eq!(said(&agent("order.lookup", "")), "allow by base-agents");
    assert_eq!(said(&agent("contacts.exported", "")), "deny");
    assert_eq!(said(&agent("door.opened", "")), "deny");
    assert_eq!(
        said(r#"{"action":"contacts.exported","actor":{"type":"user","id":"ada"}}"#),
        "allow by base-people"
    );
}

/// The same entry with one section erased.
fn erased(entries: &Entries, gone: &str) -> Entries {
    let entry = entries.get(0).expect("an entry");
    let (mut left, mut rest) = (Vec::new(), Vec::new());
    for (name, value) in entry.event.sections() {
        if name == gone {
            Remnant::Digest { digest: [7; 32], name: None }.write(&mut left);
        } else {
            Remnant::Salt([1; 16]).write(&mut left);
            rest.push((name, value));
        }
    }
    let mut entries = Entries::default();
    let write = |out: &mut Vec<u8>| rest.iter().for_each(|(name, value)| push_section(name, "", value, out));
    entries.push_left(0, entry.received_at, Kind::Event, &left, write).expect("an entry");
    entries
}

#[test]
fn what_was_erased_is_unknown_and_not_absent() {
    let policies = format!(
        r#"{AGENTS} @id("why") forbid(principal, action, resource) unless {{ context has reason }};
        @id("seven") forbid(principal, action, resource) when {{ resource.id == "7" }};"#
    );
    let draft = agent("message.sent", r#","reason":"SUP-1","targets":[{"type":"conversation","id":"8"}]"#);
    let entries = past(&[(&draft, "")]);
    let said = |entries: &Entries| {
        line(&super::told::verdict(&judge(&policies), &entries.get(0).expect("an entry")))
    };
    assert_eq!(said(&entries), "allow by agents");
    assert_eq!(said(&erased(&entries, "reason")), "unknown by why; allow or deny; without context.reason");
    assert_eq!(said(&erased(&entries, "target.0")), "unknown by seven; allow or deny; without resource.id");
    assert_eq!(
        said(&erased(&entries, "actor")),
        "unknown; allow or deny or needs_approval; without principal"
    );
}

#[test]
fn the_examples_of_the_documentation_are_sound() {
    let docs = std::fs::read_to_string("../../docs/policies.md").expect("the page");
    let blocks = |language: &str| {
        let fence = format!("```{language}\n");
        let blocks = docs.split(fence.as_str()).skip(1).filter_map(|rest| rest.split_once("```"));
        blocks.map(|(block, _)| block.to_owned()).collect::<Vec<_>>()
    };
    let mut tools = Tool::parse_all(super::told::TOOLS).expect("tools");
    blocks("json").iter().for_each(|block| tools.extend(Tool::parse_all(block).expect("tools")));
    let vocabulary = Vocabulary::new(&tools, &[]).expect("a vocabulary");
    assert_eq!(vocabulary.left_out(), []);
    let policies = blocks("cedar");
    assert_eq!(policies.len(), 2);
    for text in &policies {
        let set = check(&[PolicyText { name: "docs", text }], &vocabulary).expect("sound");
        assert_eq!(set.warnings(), []);
    }
}
