//! What the API document cannot know of an address: a query worth trying, a body that makes sense, the command that does
//! the same. Tests of [`super::example`] hold it against the document and the command line.

/// What the document cannot know of an operation.
#[derive(Default)]
pub(super) struct Known {
    pub(super) operation: &'static str,
    /// Values of parameters.
    pub(super) asked: &'static [(&'static str, &'static str)],
    pub(super) body: &'static str,
    /// Options of curl.
    pub(super) options: &'static str,
    /// The command that does the same, or what one does next.
    pub(super) command: &'static str,
}

pub(super) const KNOWN: &[Known] = &[
    Known {
        operation: "appendEvents",
        body: r#"{"action":"macro.updated","actor":{"type":"user","id":"1","name":"Ana"}}"#,
        command: "hindcast ingest --url {base} events.ndjson",
        ..NOTHING
    },
    Known {
        operation: "searchEvents",
        asked: &[("q", "category:authentication -outcome:success")],
        command: "hindcast search --url {base} 'category:authentication -outcome:success'",
        ..NOTHING
    },
    Known { operation: "getEvent", asked: &[("id", "0")], ..NOTHING },
    Known { operation: "countEvents", asked: &[("q", "outcome:denied occurred:-7d")], ..NOTHING },
    Known { operation: "histogram", asked: &[("interval", "day")], ..NOTHING },
    Known { operation: "suggest", asked: &[("key", "action"), ("prefix", "admin")], ..NOTHING },
    Known {
        operation: "tailEvents",
        asked: &[("q", "outcome:denied")],
        options: "-N",
        command: "hindcast tail --url {base} outcome:denied",
        ..NOTHING
    },
    Known {
        operation: "exportEvents",
        asked: &[("q", "occurred:-30d"), ("format", "csv")],
        options: "-o log.csv",
        command: "hindcast export --url {base} occurred:-30d --output log.csv",
        ..NOTHING
    },
    Known { operation: "listReports", command: "hindcast report list --url {base}", ..NOTHING },
    Known {
        operation: "createReport",
        body: r#"{"template":"access-review","from":"2026-10-01T00:00:00Z","until":"2026-11-01T00:00:00Z"}"#,
        command: "hindcast report make access-review --url {base} --from 2026-10-01 --until 2026-10-31 --output review.pdf",
        ..NOTHING
    },
    Known { operation: "getReport", asked: &[("id", "REPORT_ID")], ..NOTHING },
    Known {
        operation: "fetchReport",
        asked: &[("id", "REPORT_ID"), ("kind", "pdf")],
        options: "-o report.pdf",
        ..NOTHING
    },
    Known {
        operation: "proveEvent",
        asked: &[("id", "0"), ("format", "tlog-proof")],
        options: "-o entry.tlog-proof",
        command: "hindcast verify entry.tlog-proof --vkey @log.vkey",
        ..NOTHING
    },
    Known { operation: "consistency", asked: &[("old", "1")], ..NOTHING },
    Known { operation: "listWorkspaces", command: "hindcast workspace list --url {base}", ..NOTHING },
    Known {
        operation: "createWorkspace",
        body: r#"{"name":"Acme"}"#,
        command: "hindcast workspace create --url {base} Acme",
        ..NOTHING
    },
    Known { operation: "listTokens", command: "hindcast token list", ..NOTHING },
    Known {
        operation: "createToken",
        body: r#"{"name":"shop backend","scopes":["ingest"],"workspace":"{workspace}"}"#,
        command: "hindcast token create --workspace {workspace} --scope ingest 'shop backend'",
        ..NOTHING
    },
    Known {
        operation: "revokeToken",
        asked: &[("id", "TOKEN_ID")],
        command: "hindcast token revoke TOKEN_ID",
        ..NOTHING
    },
    Known {
        operation: "connectSource",
        body: r#"{"workspace":"{workspace}","kind":"intercom","name":"Support","token":"INTERCOM_TOKEN","region":"eu"}"#,
        ..NOTHING
    },
    Known { operation: "getRetention", command: "hindcast retention show --url {base}", ..NOTHING },
    Known {
        operation: "changeRetention",
        body: r#"{"days":365,"categories":{"ai_agents":90},"archive_days":180}"#,
        command: "hindcast retention set --url {base} --days 365 --category ai_agents=90 --archive 180",
        ..NOTHING
    },
    Known {
        operation: "previewRetention",
        body: r#"{"policy":{"days":365}}"#,
        command: "hindcast retention preview --url {base} --days 365",
        ..NOTHING
    },
    Known { operation: "runRetention", command: "hindcast retention run --url {base}", ..NOTHING },
    Known { operation: "listHolds", command: "hindcast hold list --url {base}", ..NOTHING },
    Known {
        operation: "placeHold",
        body: r#"{"name":"Case 7","reason":"a lawsuit","query":"actor:ana@example.com"}"#,
        command: "hindcast hold add --url {base} 'Case 7' actor:ana@example.com --reason 'a lawsuit'",
        ..NOTHING
    },
    Known {
        operation: "releaseHold",
        asked: &[("id", "HOLD_ID")],
        command: "hindcast hold release --url {base} HOLD_ID",
        ..NOTHING
    },
    Known {
        operation: "requestErasure",
        body: r#"{"selector":{"person":{"ids":["u_4711"],"texts":["zoe@example.com"]}},"basis":"gdpr_art_17","reference":"DSR-17"}"#,
        command: "hindcast erase request --url {base} --id u_4711 --text zoe@example.com --basis gdpr_art_17 --reference DSR-17",
        ..NOTHING
    },
    Known {
        operation: "approveErasure",
        asked: &[("id", "ERASURE_ID")],
        command: "hindcast erase approve --url {base} ERASURE_ID",
        ..NOTHING
    },
    Known {
        operation: "erasureCertificate",
        asked: &[("id", "ERASURE_ID")],
        command: "hindcast erase certificate --url {base} ERASURE_ID --output certificate.txt",
        ..NOTHING
    },
    Known {
        operation: "createDestination",
        body: r#"{"kind":"webhook","name":"Ticket desk","settings":{"url":"https://example.com/hooks/audit"},"query":"-outcome:success"}"#,
        command: "hindcast destination create --url {base} webhook 'Ticket desk' --set url=https://example.com/hooks/audit --query '-outcome:success'",
        ..NOTHING
    },
    Known {
        operation: "changeDestination",
        asked: &[("id", "DESTINATION_ID")],
        body: r#"{"name":"Ticket desk","settings":{"url":"https://example.com/hooks/audit"},"query":"category:security"}"#,
        ..NOTHING
    },
    Known {
        operation: "testDestination",
        asked: &[("id", "DESTINATION_ID")],
        command: "hindcast destination test --url {base} DESTINATION_ID",
        ..NOTHING
    },
    Known {
        operation: "replayDestination",
        asked: &[("id", "DESTINATION_ID")],
        body: r#"{"from":"2026-11-01T00:00:00Z"}"#,
        command: "hindcast destination replay --url {base} DESTINATION_ID --from 2026-11-01T00:00:00Z",
        ..NOTHING
    },
    Known {
        operation: "listAlerts",
        asked: &[("state", "open"), ("severity", "high")],
        command: "hindcast alert list --url {base} --state open --severity high",
        ..NOTHING
    },
    Known {
        operation: "getAlert",
        asked: &[("id", "ALERT_ID")],
        command: "hindcast alert show --url {base} ALERT_ID",
        ..NOTHING
    },
    Known {
        operation: "getAlertEvidence",
        asked: &[("id", "ALERT_ID")],
        command: "hindcast alert show --url {base} ALERT_ID --evidence",
        ..NOTHING
    },
    Known {
        operation: "acknowledgeAlert",
        asked: &[("id", "ALERT_ID")],
        command: "hindcast alert ack --url {base} ALERT_ID",
        ..NOTHING
    },
    Known {
        operation: "assignAlert",
        asked: &[("id", "ALERT_ID")],
        body: r#"{"person":"PERSON_ID"}"#,
        command: "hindcast alert assign --url {base} ALERT_ID PERSON_ID",
        ..NOTHING
    },
    Known {
        operation: "muteAlert",
        asked: &[("id", "ALERT_ID")],
        body: r#"{"until":"2027-01-31T00:00:00Z"}"#,
        command: "hindcast alert mute --url {base} ALERT_ID --for 2027-01-31T00:00:00Z",
        ..NOTHING
    },
    Known {
        operation: "resolveAlert",
        asked: &[("id", "ALERT_ID")],
        body: r#"{"disposition":"benign","note":"a drill"}"#,
        command: "hindcast alert resolve --url {base} ALERT_ID benign --note 'a drill'",
        ..NOTHING
    },
    Known {
        operation: "reopenAlert",
        asked: &[("id", "ALERT_ID")],
        command: "hindcast alert reopen --url {base} ALERT_ID",
        ..NOTHING
    },
    Known { operation: "listRules", command: "hindcast rule list --url {base}", ..NOTHING },
    Known {
        operation: "createRule",
        body: r#"{"text":"title: Door opened at night\nid: 0b8e1c52-6a1f-4c0e-9d0a-2f4f5f6a7b8c\nlevel: medium\nlogsource:\n  product: hindcast\ndetection:\n  selection:\n    action: door.open\n    facts.off_hours: true\n  condition: selection\n"}"#,
        command: "hindcast rule create --url {base} door-at-night.yml",
        ..NOTHING
    },
    Known {
        operation: "getRule",
        asked: &[("key", "A1")],
        command: "hindcast rule show --url {base} A1",
        ..NOTHING
    },
    Known {
        operation: "changeRule",
        asked: &[("key", "A1")],
        body: r#"{"version":0,"tuned":{"failures":5}}"#,
        command: "hindcast rule set --url {base} A1 --tune failures=5",
        ..NOTHING
    },
    Known {
        operation: "deleteRule",
        asked: &[("key", "RULE_ID")],
        command: "hindcast rule delete --url {base} RULE_ID",
        ..NOTHING
    },
    Known {
        operation: "checkRule",
        body: r#"{"text":"title: Door opened at night\nid: 0b8e1c52-6a1f-4c0e-9d0a-2f4f5f6a7b8c\nlevel: medium\nlogsource:\n  product: hindcast\ndetection:\n  selection:\n    action: door.open\n    facts.off_hours: true\n  condition: selection\n"}"#,
        command: "hindcast rule check door-at-night.yml",
        ..NOTHING
    },
    Known {
        operation: "decide",
        body: r#"{"action":"order.refund","actor":{"type":"agent","id":"fin"},"targets":[{"type":"order","id":"o-7"}],"metadata":{"arguments":{"amount_cents":9000}}}"#,
        ..NOTHING
    },
    Known { operation: "changeGate", body: r#"{"fail_open":["conversation.tagged"]}"#, ..NOTHING },
    Known { operation: "approve", body: r#"{"comment":"the customer is right"}"#, ..NOTHING },
    Known { operation: "deny", body: r#"{"comment":"not twice in a month"}"#, ..NOTHING },
    Known {
        operation: "savePolicy",
        body: r#"{"text":"@id(\"refund-cap\") forbid(principal is Agent, action == Action::\"order.refund\", resource) when { context.arguments.amount_cents > 5000 } unless { context has approval && context.approval.granted };"}"#,
        ..NOTHING
    },
    Known { operation: "activatePolicy", body: r#"{"version":1,"enforced":1}"#, ..NOTHING },
    Known { operation: "commentOnApproval", body: r#"{"comment":"Which order is it?"}"#, ..NOTHING },
    Known { operation: "agreeToPolicy", body: r#"{"version":2}"#, ..NOTHING },
    Known { operation: "rejectPolicy", body: r#"{"version":2}"#, ..NOTHING },
    Known {
        operation: "checkPolicy",
        body: r#"{"text":"@id(\"refund-cap\") forbid(principal is Agent, action == Action::\"order.refund\", resource) when { context.arguments.amount_cents > 5000 } unless { context has approval && context.approval.granted };"}"#,
        ..NOTHING
    },
    Known { operation: "listPolicies", command: "hindcast policy list --url {base}", ..NOTHING },
    Known {
        operation: "getPolicy",
        asked: &[("name", "refunds")],
        command: "hindcast policy show --url {base} refunds",
        ..NOTHING
    },
    Known {
        operation: "saveWorkflow",
        asked: &[("name", "refunds")],
        body: r#"{"text":"schema: workflow/1\nname: refunds\ntrigger: [message.received]\nif: {field: message.text, op: contains, value: refund}\nthen:\n  - tag.add: refund\n"}"#,
        command: "hindcast workflow save --url {base} refunds refunds.yaml",
        ..NOTHING
    },
    Known {
        operation: "activateWorkflow",
        asked: &[("name", "refunds")],
        body: r#"{"version":1,"shadow":1}"#,
        command: "hindcast workflow activate --url {base} refunds --shadow 1",
        ..NOTHING
    },
    Known {
        operation: "restoreWorkflow",
        asked: &[("name", "refunds")],
        body: r#"{"version":3,"number":1}"#,
        ..NOTHING
    },
    Known {
        operation: "checkWorkflow",
        body: r#"{"text":"schema: workflow/1\nname: refunds\ntrigger: [message.received]\nthen:\n  - tag.add: refund\n"}"#,
        ..NOTHING
    },
    Known { operation: "listWorkflows", command: "hindcast workflow list --url {base}", ..NOTHING },
    Known { operation: "listWorkflowRuns", command: "hindcast workflow runs --url {base}", ..NOTHING },
    Known {
        operation: "triggerWorkflows",
        body: r#"{"trigger":"message.received","facts":{"message.text":"I want a refund"},"dry_run":true}"#,
        ..NOTHING
    },
    Known {
        operation: "connect",
        asked: &[("kind", "intercom")],
        body: r#"{"token":"INTERCOM_TOKEN","admin":"814","hook_secret":"CLIENT_SECRET"}"#,
        ..NOTHING
    },
    Known {
        operation: "createReplay",
        body: r#"{"name":"a lower cap","candidate":{"policy":"refunds","number":2},"from":"2026-10-01T00:00:00Z"}"#,
        command: "hindcast replay run --url {base} --policy refunds --number 2 --from 2026-10-01T00:00:00Z",
        ..NOTHING
    },
    Known { operation: "listReplays", command: "hindcast replay list --url {base}", ..NOTHING },
    Known {
        operation: "getReplay",
        asked: &[("id", "REPLAY_ID")],
        command: "hindcast replay show --url {base} REPLAY_ID",
        ..NOTHING
    },
    Known {
        operation: "replayDifferences",
        asked: &[("id", "REPLAY_ID")],
        options: "-o differences.csv",
        command: "hindcast replay show --url {base} REPLAY_ID --csv differences.csv",
        ..NOTHING
    },
    Known {
        operation: "replayJunit",
        asked: &[("id", "REPLAY_ID")],
        options: "-o junit.xml",
        command: "hindcast replay show --url {base} REPLAY_ID --junit junit.xml",
        ..NOTHING
    },
    Known {
        operation: "cancelReplay",
        asked: &[("id", "REPLAY_ID")],
        command: "hindcast replay cancel --url {base} REPLAY_ID",
        ..NOTHING
    },
    Known {
        operation: "declareTool",
        body: r#"{"description":"Pays money back.","writes":true,"input_schema":{"type":"object","properties":{"amount_cents":{"type":"integer"}}}}"#,
        ..NOTHING
    },
    Known {
        operation: "connectUpstream",
        body: r#"{"name":"shop","url":"https://tools.example.com/mcp","credential":"…"}"#,
        ..NOTHING
    },
    Known { operation: "getUpstream", asked: &[("id", "UPSTREAM_ID")], ..NOTHING },
    Known { operation: "removeUpstream", asked: &[("id", "UPSTREAM_ID")], ..NOTHING },
    Known { operation: "refreshUpstream", asked: &[("id", "UPSTREAM_ID")], ..NOTHING },
    Known {
        operation: "decideUpstreamTool",
        asked: &[("id", "UPSTREAM_ID")],
        body: r#"{"name":"refund","decision":"approve","fingerprint":"FINGERPRINT","writes":true,"targets":{"order_id":"order"}}"#,
        ..NOTHING
    },
    Known {
        operation: "importConversations",
        body: r#"[{"id":"c-1","opened_at":"2026-11-01T10:00:00Z","messages":[{"at":"2026-11-01T10:00:00Z","role":"customer","text":"Where is my refund?"}],"tags":[{"at":"2026-11-01T10:02:00Z","tag":"refund"}]}]"#,
        command: "hindcast history import intercom --url {base} conversations.json",
        ..NOTHING
    },
    Known { operation: "listConversations", command: "hindcast history list --url {base}", ..NOTHING },
    Known {
        operation: "tagConversation",
        body: r#"{"tag":"refund","workflow":"triage","version":"14"}"#,
        ..NOTHING
    },
    Known { operation: "changeHistory", body: r#"{"keep_personal":true,"days":730}"#, ..NOTHING },
    Known {
        operation: "importArticles",
        body: r#"[{"id":"refunds","title":"When a refund arrives","text":"Within five working days."}]"#,
        command: "hindcast history import articles --url {base} articles.json",
        ..NOTHING
    },
    Known {
        operation: "askForInsights",
        body: r#"{"channel":"chat","new_days":30}"#,
        command: "hindcast insights run --url {base}",
        ..NOTHING
    },
    Known {
        operation: "beginBacktest",
        body: r#"{"rule":"A1","tuned":{"failures":5},"days":30}"#,
        command: "hindcast rule backtest --url {base} A1 --tune failures=5 --days 30",
        ..NOTHING
    },
    Known { operation: "getBacktest", asked: &[("id", "BACKTEST_ID")], ..NOTHING },
    Known { operation: "listRuleLists", command: "hindcast rule lists --url {base}", ..NOTHING },
    Known {
        operation: "getRuleList",
        asked: &[("name", "own_domains")],
        command: "hindcast rule lists --url {base} own_domains",
        ..NOTHING
    },
    Known {
        operation: "fillRuleList",
        asked: &[("name", "own_domains")],
        body: r#"{"values":["@example.com"]}"#,
        command: "hindcast rule lists --url {base} own_domains --fill @example.com",
        ..NOTHING
    },
    Known {
        operation: "beginSimulation",
        body: r#"{"agent":{"kind":"http","url":"https://agent.example.com","version":"7"},"size":{"of":1000},"seed":1}"#,
        command: "hindcast simulate run --url {base} --agent https://agent.example.com --size 1000 --seed 1",
        ..NOTHING
    },
    Known { operation: "listSimulations", command: "hindcast simulate list --url {base}", ..NOTHING },
    Known {
        operation: "getSimulation",
        asked: &[("id", "SIMULATION_ID")],
        command: "hindcast simulate show --url {base} SIMULATION_ID",
        ..NOTHING
    },
    Known {
        operation: "listSimulationCases",
        asked: &[("id", "SIMULATION_ID"), ("outcome", "escalated")],
        ..NOTHING
    },
    Known {
        operation: "cancelSimulation",
        asked: &[("id", "SIMULATION_ID")],
        command: "hindcast simulate cancel --url {base} SIMULATION_ID",
        ..NOTHING
    },
    Known {
        operation: "continueSimulation",
        asked: &[("id", "SIMULATION_ID")],
        command: "hindcast simulate continue --url {base} SIMULATION_ID",
        ..NOTHING
    },
    Known {
        operation: "deleteSimulation",
        asked: &[("id", "SIMULATION_ID")],
        command: "hindcast simulate delete --url {base} SIMULATION_ID",
        ..NOTHING
    },
    Known { operation: "logVerifierKey", options: "-o log.vkey", command: "hindcast keys show", ..NOTHING },
    Known { operation: "logTile", asked: &[("level", "0"), ("tile", "000")], options: "-o tile", ..NOTHING },
];
pub(super) const NOTHING: Known = Known { operation: "", asked: &[], body: "", options: "", command: "" };
