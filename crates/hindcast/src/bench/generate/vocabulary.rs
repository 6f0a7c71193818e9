//! The words a made-up past is written in.
//!
//! Changing any of them changes every number that was ever measured with it.

/// In one event of a hundred, and part of no other word.
pub(super) const COMMON_WORD: &str = "chargeback";
/// In 29 events of ten million, and part of no other word.
pub(super) const RARE_WORD: &str = "tanzanite";

/// The most frequent first, and last the rare one. Half are ours, half Intercom's.
#[rustfmt::skip]
pub(super) const ACTIONS: [&str; 90] = [
    "conversation.viewed", "admin_login_success", "conversation.assigned", "admin_logout",
    "message.sent", "admin_away_mode_change", "note.added", "admin_channel_change",
    "conversation.tagged", "admin_login_failure", "conversation.closed", "admin_permission_change",
    "conversation.reopened", "admin_occupancy_state_change", "conversation.snoozed",
    "admin_invite_creation", "macro.applied", "admin_two_factor_auth_change", "user.signed_in",
    "admin_password_reset_request", "automation_rule.fired", "admin_provisioned",
    "ai_agent.resolved", "admin_deprovisioned", "ai_agent.escalated", "admin_avatar_change",
    "ai_agent.tool_called", "admin_assignment_limit_change", "contact.updated", "app_admin_join",
    "contact.viewed", "app_data_export", "article.updated", "app_package_installation",
    "article.published", "app_package_uninstallation", "conversation.merged", "app_team_creation",
    "conversation.exported", "app_team_membership_modification", "label.created",
    "app_webhook_creation", "label.updated", "bulk_export", "team.member_added",
    "campaign_state_change", "role.assigned", "conversation_part_deletion", "user.sign_in_failed",
    "conversation_pdf_export", "user.mfa_challenged", "conversation_topic_change", "token.created",
    "csv_import_completion", "token.revoked", "inbox_bulk_action", "automation_rule.updated",
    "macro_creation", "automation_rule.created", "macro_deletion", "automation_rule.disabled",
    "macro_update", "macro.updated", "message_state_change", "view.created",
    "oauth_token_revocation", "view.shared", "office_hours_change", "report.exported",
    "role_change", "webhook.updated", "role_creation", "integration.connected",
    "ruleset_activation_title_preview", "article.deleted", "ruleset_creation",
    "workflow.published", "seat_change", "survey.sent", "security_settings_change",
    "attachment.downloaded", "series_update", "user.invited", "series_status_change",
    "sla.updated", "team_assignment_limit_change", "billing.plan_changed",
    "welcome_message_change", "pii_data_revealed", "workspace.owner_changed",
];

/// Kinds of things that are acted on.
#[rustfmt::skip]
pub(super) const TARGET_TYPES: [&str; 8] = [
    "conversation", "ticket", "contact", "macro", "article", "rule", "label", "team",
];

/// What people are called, first part.
#[rustfmt::skip]
pub(super) const GIVEN_NAMES: [&str; 40] = [
    "Ada", "Amir", "Anna", "Aiko", "Ben", "Bruno", "Clara", "Chen", "Dana", "Diego", "Elif",
    "Emil", "Fatou", "Finn", "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jana", "Jonas", "Kofi",
    "Lara", "Leon", "Lina", "Luca", "Maja", "Marc", "Mina", "Nils", "Nora", "Omar", "Paul",
    "Priya", "Rosa", "Sami", "Sara", "Theo", "Vera", "Yuki",
];

/// What people are called, second part.
#[rustfmt::skip]
pub(super) const FAMILY_NAMES: [&str; 50] = [
    "Abe", "Adler", "Becker", "Berg", "Blanc", "Bosch", "Costa", "Cruz", "Dahl", "Diaz", "Dubois",
    "Eder", "Ferrari", "Fischer", "Garcia", "Grant", "Haas", "Hayashi", "Hughes", "Ito", "Jansen",
    "Kaya", "Keller", "Khan", "Kim", "Kowalski", "Lang", "Lehmann", "Lopez", "Martin", "Meyer",
    "Mori", "Nowak", "Okafor", "Olsen", "Patel", "Petit", "Reyes", "Rossi", "Roth", "Sato",
    "Silva", "Singh", "Sousa", "Tanaka", "Vogel", "Wang", "Weber", "Wolf", "Yilmaz",
];

/// User agents, in short.
#[rustfmt::skip]
pub(super) const CLIENTS: [&str; 12] = [
    "Chrome/141 macOS", "Chrome/141 Windows", "Chrome/140 Linux", "Firefox/144 Windows",
    "Firefox/144 Linux", "Safari/26 macOS", "Safari/26 iPhone", "Edge/141 Windows",
    "support-app/8.2 Android", "support-app/8.2 iPad", "python-client/3.4", "node-client/6.1",
];

/// How an action came about.
#[rustfmt::skip]
pub(super) const SOURCES: [&str; 5] = [
    "ui", "ui", "ui", "api", "mcp",
];

/// Where a customer wrote.
#[rustfmt::skip]
pub(super) const CHANNELS: [&str; 6] = [
    "email", "chat", "phone", "whatsapp", "social", "web form",
];

/// What a customer pays for.
#[rustfmt::skip]
pub(super) const PLANS: [&str; 5] = [
    "free", "starter", "growth", "scale", "enterprise",
];

/// Who answers.
#[rustfmt::skip]
pub(super) const QUEUES: [&str; 8] = [
    "billing", "onboarding", "technical", "returns", "accounts", "escalations", "night shift",
    "partners",
];

/// What descriptions and notes are strung together from.
#[rustfmt::skip]
pub(super) const WORDS: [&str; 312] = [
    "about", "access", "account", "added", "address", "after", "again", "agent", "alert",
    "already", "amount", "annual", "answer", "appears", "approval", "april", "archive", "arrived",
    "article", "asked", "assigned", "attached", "august", "balance", "basket", "before", "billing",
    "blocked", "branch", "browser", "budget", "button", "calendar", "called", "campaign", "cancel",
    "cannot", "card", "carrier", "central", "change", "channel", "charged", "checked", "checkout",
    "city", "claim", "clear", "client", "closed", "colour", "comment", "company", "complete",
    "confirm", "contact", "contract", "copied", "correct", "country", "coupon", "courier",
    "created", "credit", "currency", "customer", "damaged", "dashboard", "date", "december",
    "declined", "default", "delayed", "delivery", "deposit", "details", "device", "discount",
    "dispatch", "document", "domain", "double", "draft", "duplicate", "earlier", "edited", "email",
    "empty", "enabled", "english", "error", "evening", "exchange", "expired", "export", "extra",
    "failed", "february", "feedback", "field", "figure", "filter", "final", "finance", "first",
    "fixed", "folder", "follow", "format", "forward", "french", "friday", "german", "gift",
    "group", "guide", "half", "handed", "header", "hidden", "history", "holiday", "hours", "image",
    "import", "incident", "index", "inside", "invite", "invoice", "issue", "item", "january",
    "japanese", "july", "june", "kept", "keyboard", "label", "language", "late", "layout",
    "leader", "legal", "letter", "limit", "linked", "list", "loaded", "locale", "locked", "login",
    "lost", "macro", "mailbox", "manager", "march", "market", "member", "merged", "message",
    "middle", "minutes", "missing", "mobile", "monday", "monthly", "morning", "moved", "network",
    "newest", "normal", "notice", "november", "number", "october", "office", "online", "opened",
    "option", "order", "outage", "outbound", "owner", "package", "page", "paid", "parcel",
    "partner", "password", "payment", "pending", "people", "phone", "picture", "plan", "policy",
    "portal", "position", "postal", "premium", "preview", "price", "printer", "priority",
    "private", "problem", "product", "profile", "promised", "public", "question", "queue", "quick",
    "quote", "rating", "reached", "ready", "reason", "receipt", "refund", "region", "reminder",
    "renewal", "repeat", "reply", "report", "request", "reset", "result", "return", "review",
    "role", "route", "rule", "sales", "sample", "saturday", "schedule", "screen", "search", "seat",
    "section", "security", "select", "sender", "september", "server", "service", "setting",
    "shared", "shipped", "shop", "signed", "size", "snoozed", "solved", "sorted", "source",
    "spring", "staff", "standard", "status", "stock", "stopped", "store", "street", "summer",
    "sunday", "supplier", "support", "survey", "switch", "system", "tagged", "team", "terms",
    "thursday", "ticket", "today", "token", "topic", "total", "track", "transfer", "trial",
    "tuesday", "unpaid", "update", "upgrade", "urgent", "usage", "valid", "vendor", "version",
    "video", "visible", "visitor", "voucher", "waiting", "warehouse", "warning", "website",
    "wednesday", "weekend", "weekly", "widget", "window", "winter", "wrong", "yearly", "yesterday",
];
