//! What one answer comes to: would it have resolved the conversation, and if not, why not.
//!
//! *Predicted resolution*: the agent says it is resolved, hands it to nobody, every action it proposes is allowed, and its reply
//! agrees with the human's or was judged correct. What cannot be known (no human reply, a gate that cannot tell) is unknown.

use super::actions::{ActionScore, compare};
use super::answer::{Answer, Failed, Usage};
use super::case::Case;
use super::limits::TAGS_PER_CASE_MAX;
use super::outcome::{Judged, Outcome, Reason};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What has to hold for a resolution, and which tools there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standard {
    /// A reply agrees from here on, in percent.
    pub agreement_min: u8,
    /// Below this confidence, in percent, a person takes over; an agent that does not say is not held to it.
    pub confidence_min: u8,
    /// Tools that only read; their use is no action people could have taken.
    pub reads: BTreeSet<String>,
    /// All tools the agent was told of.
    pub tools: BTreeSet<String>,
}

impl Default for Standard {
    fn default() -> Self {
        Self { agreement_min: 50, confidence_min: 0, reads: BTreeSet::new(), tools: BTreeSet::new() }
    }
}

/// Everything that is known about one case when it is scored.
#[derive(Clone, Copy, Debug)]
pub struct Look<'l> {
    /// What really became of it.
    pub case: &'l Case,
    /// What the agent said.
    pub answer: Result<&'l Answer, &'l Failed>,
    /// What the gate said of each of its actions; one that is missing is unknown.
    pub judged: &'l [Judged],
    /// The rule that hands the conversation over before the agent is asked, if one does.
    pub ruled: Option<&'l str>,
    /// How far the reply agrees with the human's, in percent; none if there is none to compare with.
    pub agreement: Option<u8>,
    /// What a judge said, if one was asked.
    pub correct: Option<bool>,
    /// The tags the agent would have set; none if it sets no tags.
    pub tags: Option<&'l [String]>,
    /// Pieces of personal data found in the reply.
    pub personal_data: u32,
    /// Results of tools that nobody knew.
    pub unknown_tool_results: u32,
    /// Tools that answered with an error.
    pub tool_failures: u32,
}

/// What a case comes to, in all respects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// Would it have been resolved?
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How far the reply agrees with the human's, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<u8>,
    /// What it would have done against what people did.
    pub actions: ActionScore,
    /// The tags it would have set against those people left; none if one of both sets no tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagScore>,
    /// The rules and policies that stopped something here.
    pub stopped_by: Vec<StoppedBy>,
    /// Actions a policy denied.
    pub denied: u32,
    /// Actions that have to be approved.
    pub approvals: u32,
    /// Actions the gate could not tell about.
    pub undecided: u32,
    /// Actions with a tool that does not exist.
    pub invented_tools: u32,
    /// A reply that rests on no article.
    pub uncited: bool,
    /// Pieces of personal data in the reply.
    pub personal_data: u32,
    /// Results of tools that nobody knew.
    pub unknown_tool_results: u32,
    /// How long the agent took; none if it gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// How many messages it would have sent.
    pub replies: u32,
    /// What it used, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// A rule that stopped something in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedBy {
    /// Its id.
    pub rule: String,
    /// Whether the case would be resolved if this rule alone were not there.
    pub prevents: bool,
}

/// Tags set against tags expected, by their real names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagScore {
    /// Both.
    pub matched: BTreeSet<String>,
    /// Expected and not set.
    pub missed: BTreeSet<String>,
    /// Set and not expected.
    pub extra: BTreeSet<String>,
}

impl TagScore {
    fn of(expected: &[String], predicted: &[String]) -> Self {
        let set =
            |tags: &[String]| -> BTreeSet<String> { tags.iter().take(TAGS_PER_CASE_MAX).cloned().collect() };
        let (expected, predicted) = (set(expected), set(predicted));
        Self {
            matched: &expected & &predicted,
            missed: &expected - &predicted,
            extra: &predicted - &expected,
        }
    }

    /// Whether they are the same.
    pub fn is_exact(&self) -> bool {
        self.missed.is_empty() && self.extra.is_empty()
    }
}

/// Scores a case.
pub fn score(look: &Look<'_>, standard: &Standard) -> Scored {
    let empty = Answer::default();
    // Where a rule hands the conversation over, the agent is not asked: what it said only tells what the rule prevents.
    let asked = look.answer.ok().filter(|_| look.ruled.is_none());
    let answer = asked.unwrap_or(&empty);
    let count = |is: fn(&Judged) -> bool| {
        look.judged.iter().take(answer.actions.len()).filter(|j| is(j)).count() as u32
    };
    let undecided = count(|judged| matches!(judged, Judged::Unknown { .. }))
        + answer.actions.len().saturating_sub(look.judged.len()) as u32;
    let forbidden = |at: usize| matches!(look.judged.get(at), Some(Judged::Denied { .. }));
    let reply = answer.reply.as_deref().is_some_and(|reply| !reply.trim().is_empty());
    let tags = look.case.historic.tags.as_deref().zip(look.tags);
    Scored {
        outcome: outcome(look, standard, None),
        agreement: look.agreement.filter(|_| asked.is_some()).map(|percent| percent.min(100)),
        actions: compare(&look.case.historic.actions, &answer.actions, forbidden, &standard.reads),
        tags: tags.map(|(expected, predicted)| TagScore::of(expected, predicted)).filter(|_| asked.is_some()),
        stopped_by: stopped_by(look, standard),
        denied: count(|judged| matches!(judged, Judged::Denied { .. })),
        approvals: count(|judged| matches!(judged, Judged::NeedsApproval { .. })),
        undecided,
        invented_tools: answer.actions.iter().filter(|action| !standard.tools.contains(&action.tool)).count()
            as u32,
        uncited: reply && answer.citations.is_empty(),
        personal_data: look.personal_data,
        unknown_tool_results: look.unknown_tool_results,
        latency_ms: asked.map(|answer| answer.latency_ms),
        replies: answer.replies,
        usage: answer.usage,
    }
}

/// The outcome in the order in which things would stop it live; `without` asks what it would be if that rule were not there.
fn outcome(look: &Look<'_>, standard: &Standard, without: Option<&str>) -> Outcome {
    let escalated = |reason| Outcome::Escalated { reason };
    if look.ruled.is_some_and(|rule| Some(rule) != without) {
        return escalated(Reason::Rule);
    }
    let answer = match look.answer {
        Ok(answer) => answer,
        Err(failed) => return Outcome::Failed { failure: failed.into() },
    };
    let stops = |judged: &&Judged| !without.is_some_and(|rule| is_only(judged, rule));
    let judged = || look.judged.iter().take(answer.actions.len()).filter(stops);
    if judged().any(|judged| matches!(judged, Judged::Denied { .. })) {
        return escalated(Reason::PolicyDenied);
    }
    if judged().any(|judged| matches!(judged, Judged::NeedsApproval { .. })) {
        return escalated(Reason::NeedsApproval);
    }
    if let Some(escalate) = &answer.escalate {
        return escalated(Reason::of_words(&escalate.reason));
    }
    if answer.confidence.is_some_and(|percent| percent < standard.confidence_min) {
        return escalated(Reason::LowConfidence);
    }
    if !answer.resolved {
        return unresolved(answer, look.tool_failures);
    }
    if look.judged.len() < answer.actions.len()
        || judged().any(|judged| matches!(judged, Judged::Unknown { .. }))
    {
        return Outcome::Unknown;
    }
    match (look.correct, look.agreement) {
        (Some(true), _) => Outcome::Resolved,
        (_, Some(percent)) if percent >= standard.agreement_min => Outcome::Resolved,
        (None, None) => Outcome::Unknown,
        _ => Outcome::Disagreed,
    }
}

/// Whether a rule alone made the gate say so.
fn is_only(judged: &Judged, rule: &str) -> bool {
    let policies = judged.policies();
    !policies.is_empty() && policies.iter().all(|policy| policy == rule)
}

fn unresolved(answer: &Answer, tool_failures: u32) -> Outcome {
    if tool_failures > 0 {
        return Outcome::Escalated { reason: Reason::ToolFailure };
    }
    match answer.reply.as_deref().map(str::trim) {
        None | Some("") => Outcome::Escalated { reason: Reason::NoKnowledge },
        Some(_) => Outcome::Unresolved,
    }
}

fn stopped_by(look: &Look<'_>, standard: &Standard) -> Vec<StoppedBy> {
    let actions = look.answer.map_or(0, |answer| answer.actions.len());
    let rules: BTreeSet<&str> = match look.ruled {
        Some(rule) => BTreeSet::from([rule]),
        None => look.judged.iter().take(actions).flat_map(Judged::policies).map(String::as_str).collect(),
    };
    rules
        .into_iter()
        .map(|rule| StoppedBy {
            rule: rule.to_owned(),
            prevents: outcome(look, standard, Some(rule)) == Outcome::Resolved,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Arguments;
    use crate::simulation::answer::{Action, Escalate};
    use crate::simulation::case::{Historic, Stratum};

    struct Told {
        case: Case,
        answer: Result<Answer, Failed>,
        judged: Vec<Judged>,
        ruled: Option<&'static str>,
        agreement: Option<u8>,
        correct: Option<bool>,
        tool_failures: u32,
    }

    /// An agent that closes the ticket, is allowed to, and agrees with the human.
    fn told() -> Told {
        let close = Action { tool: "close".into(), arguments: Arguments::none() };
        let historic = Historic { actions: vec![close.clone()], ..Historic::default() };
        Told {
            case: Case { id: "c".into(), stratum: Stratum::default(), historic },
            answer: Ok(Answer {
                reply: Some("Done.".into()),
                resolved: true,
                actions: vec![close],
                replies: 1,
                confidence: Some(80),
                ..Answer::default()
            }),
            judged: vec![Judged::Allowed],
            ruled: None,
            agreement: Some(70),
            correct: None,
            tool_failures: 0,
        }
    }

    impl Told {
        fn with(mut self, change: impl FnOnce(&mut Answer)) -> Self {
            self.answer = self.answer.map(|mut answer| {
                change(&mut answer);
                answer
            });
            self
        }

        fn scored(&self) -> Scored {
            let look = Look {
                case: &self.case,
                answer: self.answer.as_ref(),
                judged: &self.judged,
                ruled: self.ruled,
                agreement: self.agreement,
                correct: self.correct,
                tags: None,
                personal_data: 0,
                unknown_tool_results: 0,
                tool_failures: self.tool_failures,
            };
            let tools = BTreeSet::from(["close".to_owned()]);
            score(&look, &Standard { confidence_min: 60, tools, ..Standard::default() })
        }

        fn outcome(&self) -> String {
            match self.scored().outcome {
                Outcome::Escalated { reason } => format!("escalated: {}", reason.as_str()),
                other => other.kind().to_owned(),
            }
        }
    }

    fn denied(policies: &[&str]) -> Judged {
        Judged::Denied { policies: policies.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn a_resolution_is_predicted_where_everything_holds() {
        let scored = told().scored();
        assert_eq!(scored.outcome, Outcome::Resolved);
        assert!(scored.actions.total.is_exact() && scored.uncited && scored.stopped_by.is_empty());
    }

    #[test]
    fn each_way_of_not_resolving_has_its_name() {
        let escalate = |reason: &str| Some(Escalate { reason: reason.into(), team: None });
        for (told, outcome) in [
            (Told { ruled: Some("vip"), ..told() }, "escalated: rule"),
            (Told { judged: vec![denied(&["p"])], ..told() }, "escalated: policy_denied"),
            (
                Told { judged: vec![Judged::NeedsApproval { policies: vec![] }], ..told() },
                "escalated: needs_approval",
            ),
            (told().with(|a| a.escalate = escalate("Customer asked")), "escalated: customer_asked"),
            (told().with(|a| a.escalate = escalate("it is raining")), "escalated: other"),
            (told().with(|a| a.confidence = Some(59)), "escalated: low_confidence"),
            (told().with(|a| a.resolved = false), "unresolved"),
            (told().with(|a| (a.resolved, a.reply) = (false, Some(" ".into()))), "escalated: no_knowledge"),
            (Told { tool_failures: 1, ..told() }.with(|a| a.resolved = false), "escalated: tool_failure"),
            (Told { judged: vec![Judged::Unknown { policies: vec![] }], ..told() }, "unknown"),
            (Told { judged: vec![], ..told() }, "unknown"),
            (Told { agreement: Some(49), ..told() }, "disagreed"),
            (Told { agreement: None, ..told() }, "unknown"),
            (Told { agreement: Some(10), correct: Some(true), ..told() }, "resolved"),
            (Told { agreement: None, correct: Some(false), ..told() }, "disagreed"),
            (Told { answer: Err(Failed::Slow { after_ms: 1 }), ..told() }, "failed"),
        ] {
            assert_eq!(told.outcome(), outcome);
        }
    }

    #[test]
    fn a_rule_prevents_what_would_be_resolved_without_it_alone() {
        let stopped = |judged, ruled| {
            let scored = Told { judged: vec![judged], ruled, ..told() }.scored();
            let told: Vec<_> =
                scored.stopped_by.iter().map(|by| format!("{}={}", by.rule, by.prevents)).collect();
            told.join(" ")
        };
        assert_eq!(stopped(denied(&["p"]), None), "p=true");
        assert_eq!(stopped(denied(&["p", "q"]), None), "p=false q=false");
        assert_eq!(stopped(denied(&["p"]), Some("vip")), "vip=false");
        assert_eq!(stopped(Judged::Allowed, Some("vip")), "vip=true");
        assert_eq!(stopped(Judged::Allowed, None), "");
    }

    #[test]
    fn an_agent_that_is_not_asked_does_nothing_forbidden() {
        let scored = Told { judged: vec![denied(&["p"])], ruled: Some("vip"), ..told() }.scored();
        assert_eq!((scored.denied, scored.latency_ms, scored.actions.total.proposed), (0, None, 0));
    }

    #[test]
    fn what_is_kept_of_a_case_can_be_read_again() {
        let scored = Told { judged: vec![denied(&["p"])], ..told() }.scored();
        let text = serde_json::to_string(&scored).expect("written");
        assert!(
            text.starts_with(r#"{"outcome":"escalated","reason":"policy_denied","agreement":70,"actions":"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Scored>(&text).expect("read"), scored);
    }
}
