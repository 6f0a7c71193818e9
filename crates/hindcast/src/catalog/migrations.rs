//! How the catalog came to be what it is: numbered by their places, and never edited once they were shipped.

use crate::sql::Migrations;

pub(super) const TABLES: Migrations = Migrations { steps: &STEPS, needed: 17, counted: &COUNTED };

/// What servers keep in memory of it is let go of when it changes.
const COUNTED: [(&str, &[&str]); 12] = [
    ("approval", &[]),
    ("connector", &["connection", "credential", "paused_at"]),
    ("destination", &["version", "state"]),
    ("job", &["is_cancelled"]),
    ("node", &[]),
    ("policy", &[]),
    ("rule", &[]),
    ("rule_list", &[]),
    ("setting", &[]),
    ("tool", &[]),
    ("workflow", &[]),
    ("workspace", &[]),
];

const STEPS: [&str; 19] = [
    "
    CREATE TABLE workspace (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE token (
        id           TEXT PRIMARY KEY,
        workspace    TEXT REFERENCES workspace,
        name         TEXT NOT NULL,
        secret_hash  BLOB NOT NULL,
        scopes       TEXT NOT NULL,
        networks     TEXT NOT NULL,
        created_at   INTEGER NOT NULL,
        expires_at   INTEGER,
        revoked_at   INTEGER,
        last_used_at INTEGER
    ) STRICT;
    CREATE TABLE mark (
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        value     TEXT NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE outbox (
        nr        INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        key       TEXT NOT NULL,
        draft     TEXT NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE token ADD COLUMN narrowed_to TEXT;
    ALTER TABLE token ADD COLUMN hidden TEXT NOT NULL DEFAULT '';
",
    "
    CREATE TABLE person (
        id             TEXT PRIMARY KEY,
        email          TEXT NOT NULL UNIQUE,
        name           TEXT NOT NULL,
        password       TEXT,
        totp           BLOB,
        totp_step      INTEGER NOT NULL DEFAULT 0,
        preferences    TEXT NOT NULL,
        created_at     INTEGER NOT NULL,
        seen_at        INTEGER,
        deactivated_at INTEGER
    ) STRICT;
    CREATE TABLE recovery_code (
        person TEXT NOT NULL REFERENCES person,
        hash   BLOB NOT NULL,
        PRIMARY KEY (person, hash)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE identity (
        issuer  TEXT NOT NULL,
        subject TEXT NOT NULL,
        person  TEXT NOT NULL REFERENCES person,
        PRIMARY KEY (issuer, subject)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE membership (
        workspace TEXT NOT NULL REFERENCES workspace,
        person    TEXT NOT NULL REFERENCES person,
        role      TEXT NOT NULL,
        teams     TEXT NOT NULL,
        actors    TEXT NOT NULL,
        joined_at INTEGER NOT NULL,
        PRIMARY KEY (workspace, person)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE team (
        workspace TEXT NOT NULL REFERENCES workspace,
        id        TEXT NOT NULL,
        name      TEXT NOT NULL,
        actors    TEXT NOT NULL,
        PRIMARY KEY (workspace, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE invitation (
        id          TEXT PRIMARY KEY,
        workspace   TEXT NOT NULL REFERENCES workspace,
        email       TEXT NOT NULL,
        role        TEXT NOT NULL,
        teams       TEXT NOT NULL,
        actors      TEXT NOT NULL,
        secret_hash BLOB NOT NULL UNIQUE,
        invited_by  TEXT NOT NULL,
        created_at  INTEGER NOT NULL,
        expires_at  INTEGER NOT NULL,
        ended_at    INTEGER
    ) STRICT;
    CREATE TABLE session (
        hash       BLOB PRIMARY KEY,
        person     TEXT NOT NULL REFERENCES person,
        workspace  TEXT NOT NULL REFERENCES workspace,
        stage      TEXT NOT NULL,
        method     TEXT NOT NULL,
        address    TEXT NOT NULL,
        user_agent TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        seen_at    INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX session_of_person ON session (person);
    CREATE TABLE attempt (
        key       TEXT PRIMARY KEY,
        failures  INTEGER NOT NULL,
        failed_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE view (
        id         TEXT PRIMARY KEY,
        workspace  TEXT NOT NULL REFERENCES workspace,
        person     TEXT NOT NULL REFERENCES person,
        name       TEXT NOT NULL,
        address    TEXT NOT NULL,
        shared     TEXT NOT NULL,
        opened     TEXT,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE export (
        id          TEXT PRIMARY KEY,
        workspace   TEXT NOT NULL REFERENCES workspace,
        person      TEXT NOT NULL REFERENCES person,
        query       TEXT NOT NULL,
        format      TEXT NOT NULL,
        state       TEXT NOT NULL,
        rows        INTEGER NOT NULL,
        bytes       INTEGER NOT NULL DEFAULT 0,
        sha256      TEXT NOT NULL DEFAULT '',
        problem     TEXT NOT NULL DEFAULT '',
        created_at  INTEGER NOT NULL,
        finished_at INTEGER
    ) STRICT;
    CREATE TABLE setting (
        workspace TEXT NOT NULL REFERENCES workspace,
        name      TEXT NOT NULL,
        value     TEXT NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE export ADD COLUMN sight TEXT NOT NULL DEFAULT '';
",
    "
    ALTER TABLE outbox ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
    CREATE TABLE hold (
        id          TEXT PRIMARY KEY,
        workspace   TEXT NOT NULL REFERENCES workspace,
        name        TEXT NOT NULL,
        reason      TEXT NOT NULL,
        query       TEXT NOT NULL,
        placed_at   INTEGER NOT NULL,
        released_at INTEGER
    ) STRICT;
    CREATE TABLE erasure (
        id           TEXT PRIMARY KEY,
        workspace    TEXT NOT NULL REFERENCES workspace,
        selector     TEXT,
        basis        TEXT NOT NULL,
        reference    TEXT NOT NULL,
        state        TEXT NOT NULL,
        entries      INTEGER NOT NULL DEFAULT 0,
        sections     INTEGER NOT NULL DEFAULT 0,
        is_counted   INTEGER NOT NULL DEFAULT 0,
        blocked      INTEGER NOT NULL DEFAULT 0,
        manifest     TEXT NOT NULL DEFAULT '',
        notice       INTEGER,
        certificate  TEXT NOT NULL DEFAULT '',
        requested_by TEXT NOT NULL,
        requested_at INTEGER NOT NULL,
        decided_by   TEXT NOT NULL DEFAULT '',
        finished_at  INTEGER
    ) STRICT;
    CREATE TABLE report (
        id          TEXT PRIMARY KEY,
        workspace   TEXT NOT NULL REFERENCES workspace,
        template    TEXT NOT NULL,
        from_us     INTEGER NOT NULL,
        until_us    INTEGER NOT NULL,
        query       TEXT NOT NULL,
        language    TEXT NOT NULL,
        made_by     TEXT NOT NULL,
        sight       TEXT NOT NULL,
        entries     INTEGER NOT NULL,
        sha256      TEXT NOT NULL,
        json_sha256 TEXT NOT NULL,
        bytes       INTEGER NOT NULL,
        created_at  INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX report_by_workspace ON report (workspace, created_at);
    ALTER TABLE export ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
    CREATE TABLE report_schedule (
        id        TEXT PRIMARY KEY,
        workspace TEXT NOT NULL REFERENCES workspace,
        person    TEXT NOT NULL REFERENCES person,
        template  TEXT NOT NULL,
        query     TEXT NOT NULL,
        language  TEXT NOT NULL,
        every     TEXT NOT NULL,
        next_at   INTEGER NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE token ADD COLUMN person TEXT REFERENCES person;
    ALTER TABLE erasure ADD COLUMN requester TEXT;
    UPDATE erasure SET requester = requested_by;
",
    "
    CREATE TABLE destination (
        id            TEXT PRIMARY KEY,
        workspace     TEXT NOT NULL REFERENCES workspace,
        kind          TEXT NOT NULL,
        name          TEXT NOT NULL,
        settings      TEXT NOT NULL,
        secrets       BLOB NOT NULL,
        format        TEXT NOT NULL,
        query         TEXT NOT NULL,
        hidden        TEXT NOT NULL,
        version       INTEGER NOT NULL,
        state         TEXT NOT NULL,
        reason        TEXT NOT NULL,
        since         INTEGER NOT NULL,
        cursor        INTEGER NOT NULL,
        chosen_from   INTEGER NOT NULL,
        replay_from   INTEGER,
        replay_end    INTEGER,
        failures      INTEGER NOT NULL,
        failing_since INTEGER,
        next_at       INTEGER,
        delivered     INTEGER NOT NULL,
        dead          INTEGER NOT NULL,
        expired       INTEGER NOT NULL,
        delivered_at  INTEGER,
        created_at    INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX destination_of_workspace ON destination (workspace);
    CREATE TABLE delivery_attempt (
        nr          INTEGER PRIMARY KEY AUTOINCREMENT,
        destination TEXT NOT NULL,
        at          INTEGER NOT NULL,
        first       INTEGER NOT NULL,
        last        INTEGER NOT NULL,
        entries     INTEGER NOT NULL,
        taken       INTEGER NOT NULL,
        purpose     TEXT NOT NULL,
        outcome     TEXT NOT NULL,
        status      INTEGER,
        said        TEXT NOT NULL,
        millis      INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX attempt_of_destination ON delivery_attempt (destination, nr);
    CREATE TABLE dead_letter (
        nr          INTEGER PRIMARY KEY AUTOINCREMENT,
        destination TEXT NOT NULL,
        first       INTEGER NOT NULL,
        last        INTEGER NOT NULL,
        entries     INTEGER NOT NULL,
        reason      TEXT NOT NULL,
        at          INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dead_letter_of_destination ON dead_letter (destination, nr);
    CREATE TABLE delivery_day (
        destination TEXT NOT NULL,
        day         INTEGER NOT NULL,
        delivered   INTEGER NOT NULL,
        dead        INTEGER NOT NULL,
        matched     INTEGER,
        PRIMARY KEY (destination, day)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE source (
        id            TEXT PRIMARY KEY,
        workspace     TEXT NOT NULL REFERENCES workspace,
        kind          TEXT NOT NULL,
        name          TEXT NOT NULL,
        connection    TEXT NOT NULL,
        credential    BLOB NOT NULL,
        hook_secret   BLOB,
        every_minutes INTEGER NOT NULL,
        paused_at     INTEGER,
        created_at    INTEGER NOT NULL,
        cursor        TEXT NOT NULL DEFAULT '',
        next_at       INTEGER NOT NULL,
        ran_at        INTEGER,
        reached_at    INTEGER,
        stored        INTEGER NOT NULL DEFAULT 0,
        failures      INTEGER NOT NULL DEFAULT 0,
        problem       TEXT NOT NULL DEFAULT ''
    ) STRICT;
",
    "
    CREATE TABLE rule (
        workspace     TEXT NOT NULL REFERENCES workspace,
        key           TEXT NOT NULL,
        yaml          TEXT,
        is_on         INTEGER NOT NULL,
        tuned         TEXT NOT NULL,
        quiet_seconds INTEGER NOT NULL,
        muted_until   INTEGER,
        version       INTEGER NOT NULL,
        changed_at    INTEGER NOT NULL,
        PRIMARY KEY (workspace, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rule_list (
        workspace TEXT NOT NULL REFERENCES workspace,
        name      TEXT NOT NULL,
        entries   TEXT NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alerting (
        workspace TEXT PRIMARY KEY REFERENCES workspace,
        next      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alert (
        nr          INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace   TEXT NOT NULL REFERENCES workspace,
        id          TEXT NOT NULL,
        rule        TEXT NOT NULL,
        severity    INTEGER NOT NULL,
        last_at     INTEGER NOT NULL,
        made        TEXT NOT NULL,
        state       TEXT NOT NULL,
        assignee    TEXT,
        disposition TEXT,
        muted_until INTEGER,
        raised_at   INTEGER NOT NULL,
        UNIQUE (workspace, id)
    ) STRICT;
    CREATE INDEX alert_heard_of ON alert (workspace, last_at, nr);
    CREATE TABLE alert_entry (
        workspace TEXT NOT NULL,
        entry     INTEGER NOT NULL,
        id        TEXT NOT NULL,
        PRIMARY KEY (workspace, entry, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entry_behind_alert ON alert_entry (workspace, id);
",
    "
    ALTER TABLE report_schedule ADD COLUMN mail_to TEXT NOT NULL DEFAULT '';
    CREATE TABLE report_mail (
        report    TEXT PRIMARY KEY,
        workspace TEXT NOT NULL,
        mail_to   TEXT NOT NULL,
        attempts  INTEGER NOT NULL DEFAULT 0,
        next_at   INTEGER,
        problem   TEXT NOT NULL DEFAULT '',
        sent_at   INTEGER
    ) STRICT;
",
    "
    CREATE TABLE tool (
        workspace   TEXT NOT NULL REFERENCES workspace,
        name        TEXT NOT NULL,
        declaration TEXT NOT NULL,
        version     INTEGER NOT NULL,
        changed_at  INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE policy (
        workspace  TEXT NOT NULL REFERENCES workspace,
        name       TEXT NOT NULL,
        enforced   INTEGER,
        trial      INTEGER,
        share      INTEGER NOT NULL,
        newest     INTEGER NOT NULL,
        version    INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE policy_version (
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        number    INTEGER NOT NULL,
        text      TEXT NOT NULL,
        made_by   TEXT NOT NULL,
        made_at   INTEGER NOT NULL,
        PRIMARY KEY (workspace, name, number),
        FOREIGN KEY (workspace, name) REFERENCES policy ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE approval (
        id           TEXT PRIMARY KEY,
        workspace    TEXT NOT NULL REFERENCES workspace,
        state        TEXT NOT NULL,
        call         TEXT NOT NULL,
        policies     TEXT NOT NULL,
        determining  TEXT NOT NULL,
        asked        TEXT NOT NULL,
        decision     TEXT NOT NULL,
        token        TEXT NOT NULL,
        requester    TEXT,
        approvers    TEXT NOT NULL,
        required     INTEGER NOT NULL,
        answers      TEXT NOT NULL,
        on_timeout   TEXT NOT NULL,
        created_at   INTEGER NOT NULL,
        expires_at   INTEGER NOT NULL,
        closed_at    INTEGER
    ) STRICT;
    CREATE INDEX approval_of_workspace ON approval (workspace, state, created_at);
    CREATE INDEX approval_of_call ON approval (workspace, call);
    CREATE INDEX approval_to_expire ON approval (state, expires_at);
",
    "
    CREATE TABLE replay (
        nr          INTEGER PRIMARY KEY AUTOINCREMENT,
        id          TEXT NOT NULL UNIQUE,
        workspace   TEXT NOT NULL REFERENCES workspace,
        name        TEXT NOT NULL,
        kind        TEXT NOT NULL,
        question    TEXT NOT NULL,
        candidate   TEXT NOT NULL,
        baseline    TEXT NOT NULL,
        from_us     INTEGER,
        until_us    INTEGER,
        filter      TEXT NOT NULL,
        started_by  TEXT NOT NULL,
        state       TEXT NOT NULL,
        done        INTEGER NOT NULL,
        total       INTEGER NOT NULL,
        problem     TEXT NOT NULL,
        summary     TEXT NOT NULL,
        report      BLOB,
        created_at  INTEGER NOT NULL,
        finished_at INTEGER
    ) STRICT;
    CREATE INDEX replay_of_workspace ON replay (workspace, nr);
    CREATE INDEX replay_of_question ON replay (workspace, question);
",
    "
    CREATE TABLE simulation (
        id         TEXT PRIMARY KEY,
        workspace  TEXT NOT NULL REFERENCES workspace,
        state      TEXT NOT NULL,
        wanted     TEXT NOT NULL,
        credential BLOB,
        setup      TEXT NOT NULL,
        planned    INTEGER NOT NULL,
        done       INTEGER NOT NULL,
        report     TEXT,
        forecast   TEXT,
        question   TEXT,
        same_as    TEXT,
        reason     TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        ended_at   INTEGER
    ) STRICT;
    CREATE INDEX simulation_of_workspace ON simulation (workspace, created_at);
    CREATE TABLE simulation_case (
        simulation   TEXT NOT NULL REFERENCES simulation ON DELETE CASCADE,
        nr           INTEGER NOT NULL,
        conversation TEXT NOT NULL,
        stratum      TEXT NOT NULL,
        weight       INTEGER NOT NULL,
        outcome      TEXT,
        kept         TEXT,
        scored       TEXT,
        answer       TEXT,
        PRIMARY KEY (simulation, nr)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE policy ADD COLUMN asked TEXT;
    ALTER TABLE approval ADD COLUMN comments TEXT NOT NULL DEFAULT '[]';
",
    "
    CREATE TABLE upstream (
        id           TEXT PRIMARY KEY,
        workspace    TEXT NOT NULL REFERENCES workspace,
        name         TEXT NOT NULL,
        url          TEXT NOT NULL,
        credential   BLOB,
        timeout_ms   INTEGER NOT NULL,
        created_at   INTEGER NOT NULL,
        refreshed_at INTEGER,
        problem      TEXT NOT NULL,
        UNIQUE (workspace, name)
    ) STRICT;
    CREATE TABLE upstream_tool (
        upstream    TEXT NOT NULL REFERENCES upstream ON DELETE CASCADE,
        name        TEXT NOT NULL,
        declared    TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        state       TEXT NOT NULL,
        approved    TEXT,
        writes      INTEGER NOT NULL,
        targets     TEXT NOT NULL,
        timeout_ms  INTEGER,
        changed_at  INTEGER NOT NULL,
        gone_at     INTEGER,
        PRIMARY KEY (upstream, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE workflow (
        workspace  TEXT NOT NULL REFERENCES workspace,
        name       TEXT NOT NULL,
        enforced   INTEGER,
        shadow     INTEGER,
        newest     INTEGER NOT NULL,
        version    INTEGER NOT NULL,
        changed_by TEXT NOT NULL,
        changed_at INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE workflow_version (
        workspace TEXT NOT NULL,
        name      TEXT NOT NULL,
        number    INTEGER NOT NULL,
        text      TEXT NOT NULL,
        made_by   TEXT NOT NULL,
        made_at   INTEGER NOT NULL,
        PRIMARY KEY (workspace, name, number),
        FOREIGN KEY (workspace, name) REFERENCES workflow ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE workflow_run (
        nr        INTEGER PRIMARY KEY AUTOINCREMENT,
        id        TEXT NOT NULL UNIQUE,
        workspace TEXT NOT NULL REFERENCES workspace,
        workflow  TEXT NOT NULL,
        number    INTEGER NOT NULL,
        mode      TEXT NOT NULL,
        set_off   TEXT NOT NULL,
        ticket    TEXT NOT NULL,
        matched   TEXT NOT NULL,
        held      TEXT NOT NULL,
        body      TEXT NOT NULL,
        at        INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX workflow_run_of ON workflow_run (workspace, workflow, nr);
    CREATE INDEX workflow_run_at ON workflow_run (workspace, at);
    CREATE TABLE workflow_intent (
        nr         INTEGER PRIMARY KEY AUTOINCREMENT,
        id         TEXT NOT NULL UNIQUE,
        run        TEXT NOT NULL,
        workspace  TEXT NOT NULL REFERENCES workspace,
        workflow   TEXT NOT NULL,
        number     INTEGER NOT NULL,
        ticket     TEXT NOT NULL,
        product    TEXT NOT NULL,
        intent     TEXT NOT NULL,
        causes     TEXT NOT NULL,
        state      TEXT NOT NULL,
        approval   TEXT,
        decision   TEXT,
        attempts   INTEGER NOT NULL DEFAULT 0,
        next_at    INTEGER NOT NULL,
        said       TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL,
        acted_at   INTEGER
    ) STRICT;
    CREATE INDEX workflow_intent_due ON workflow_intent (state, next_at);
    CREATE INDEX workflow_intent_of_run ON workflow_intent (run);
    CREATE INDEX workflow_intent_of_ticket ON workflow_intent (workspace, ticket, created_at);
    CREATE TABLE workflow_trigger (
        nr        INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL REFERENCES workspace,
        happened  TEXT NOT NULL,
        at        INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE connector (
        id          TEXT PRIMARY KEY,
        workspace   TEXT NOT NULL REFERENCES workspace,
        kind        TEXT NOT NULL,
        connection  TEXT NOT NULL,
        credential  BLOB NOT NULL,
        hook_secret BLOB,
        problem     TEXT NOT NULL DEFAULT '',
        paused_at   INTEGER,
        created_at  INTEGER NOT NULL,
        UNIQUE (workspace, kind)
    ) STRICT;
",
    "
    CREATE TABLE node (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        started_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE job (
        id           TEXT PRIMARY KEY,
        workspace    TEXT NOT NULL REFERENCES workspace,
        kind         TEXT NOT NULL,
        node         TEXT NOT NULL,
        is_cancelled INTEGER NOT NULL DEFAULT 0,
        began_at     INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX job_of_workspace ON job (workspace, kind);
",
    "
    CREATE TABLE operation (
        workspace TEXT NOT NULL REFERENCES workspace,
        kind      TEXT NOT NULL,
        id        TEXT NOT NULL UNIQUE,
        about     TEXT NOT NULL,
        done      INTEGER NOT NULL,
        size      INTEGER NOT NULL,
        outcome   TEXT,
        began_at  INTEGER NOT NULL,
        ended_at  INTEGER,
        PRIMARY KEY (workspace, kind)
    ) STRICT, WITHOUT ROWID;
",
];
