//! Which reports there are, and what each asks the log.
//!
//! The clauses of standards stand here by their numbers alone, with the evidence that a log has for them; what they ask
//! for is for whoever holds the standard to read. Numbers follow SOC 2 (2017 criteria), ISO/IEC 27001:2022 annex A, PCI DSS
//! 4.0.1, 45 CFR 164 and the GDPR.

use super::topic::Topic::{self, *};
use crate::pages::Text;
use std::collections::BTreeSet;

/// A report that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Who may do what, and how that changed.
    AccessReview,
    /// What people with powerful roles changed.
    PrivilegedChanges,
    /// What was taken out, and deleted.
    DataExports,
    /// Sign-ins that failed.
    FailedSignIns,
    /// What AI agents did and were kept from.
    AiAgents,
    /// Everything, one after the other.
    IncidentTimeline,
    /// Evidence for SOC 2.
    Soc2,
    /// Evidence for ISO/IEC 27001.
    Iso27001,
    /// Evidence for PCI DSS, requirement 10.
    PciDss,
    /// Evidence for HIPAA.
    Hipaa,
    /// Evidence for the GDPR.
    Gdpr,
}

/// A clause of a standard, and what there is for it. Without topics, the log has nothing for it yet.
pub type Clause = (&'static str, &'static [Topic]);

impl Template {
    /// All of them, in the order of the list.
    pub const ALL: [Self; 11] = [
        Self::AccessReview,
        Self::PrivilegedChanges,
        Self::DataExports,
        Self::FailedSignIns,
        Self::AiAgents,
        Self::IncidentTimeline,
        Self::Soc2,
        Self::Iso27001,
        Self::PciDss,
        Self::Hipaa,
        Self::Gdpr,
    ];

    /// Its name in addresses and in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessReview => "access-review",
            Self::PrivilegedChanges => "privileged-changes",
            Self::DataExports => "data-exports",
            Self::FailedSignIns => "failed-sign-ins",
            Self::AiAgents => "ai-agents",
            Self::IncidentTimeline => "incident-timeline",
            Self::Soc2 => "soc2",
            Self::Iso27001 => "iso27001",
            Self::PciDss => "pci-dss",
            Self::Hipaa => "hipaa",
            Self::Gdpr => "gdpr",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == name)
    }

    /// What it is called, and what it is for.
    pub fn told(self, t: Text) -> (String, String) {
        let (name, told) = match self {
            Self::AccessReview => (t.report_access_review(), t.report_access_review_told()),
            Self::PrivilegedChanges => (t.report_privileged_changes(), t.report_privileged_changes_told()),
            Self::DataExports => (t.report_data_exports(), t.report_data_exports_told()),
            Self::FailedSignIns => (t.report_failed_sign_ins(), t.report_failed_sign_ins_told()),
            Self::AiAgents => (t.report_ai_agents(), t.report_ai_agents_told()),
            Self::IncidentTimeline => (t.report_incident_timeline(), t.report_incident_timeline_told()),
            Self::Soc2 => (t.report_evidence("SOC 2"), t.report_evidence_told()),
            Self::Iso27001 => (t.report_evidence("ISO/IEC 27001:2022"), t.report_evidence_told()),
            Self::PciDss => (t.report_evidence("PCI DSS 4.0.1 (10)"), t.report_evidence_told()),
            Self::Hipaa => (t.report_evidence("HIPAA"), t.report_evidence_told()),
            Self::Gdpr => (t.report_evidence(t.report_gdpr()), t.report_evidence_told()),
        };
        (name.into_owned(), told.into_owned())
    }

    /// The clauses of a standard; none for reports that follow no standard.
    pub fn clauses(self) -> &'static [Clause] {
        match self {
            Self::Soc2 => &[
                ("CC4.1", &[Reviews, Integrity]),
                ("CC6.1", &[SignIns, Tokens, SignInSettings]),
                ("CC6.2", &[Teammates]),
                ("CC6.3", &[Roles, Privileged]),
                ("CC6.6", &[FailedSignIns]),
                ("CC6.7", &[Exports]),
                ("CC6.8", &[Settings]),
                ("CC7.1", &[Settings, Policies]),
                ("CC7.2", &[Alerts, FailedSignIns]),
                ("CC7.3", &[Alerts, Reviews]),
                ("CC7.4", &[Alerts]),
                ("CC7.5", &[Recovery]),
                ("CC8.1", &[Settings, Policies]),
                ("A1.2", &[Recovery]),
                ("C1.1", &[Retention]),
                ("C1.2", &[Deletions]),
                ("P4.2", &[Retention]),
                ("P6.1", &[Exports]),
            ],
            Self::Iso27001 => &[
                ("A.5.16", &[Teammates]),
                ("A.5.18", &[Roles]),
                ("A.5.28", &[Integrity, Exports]),
                ("A.5.33", &[Retention, Integrity]),
                ("A.5.34", &[Exports, Deletions]),
                ("A.8.2", &[Privileged, Impersonation]),
                ("A.8.5", &[SignIns, FailedSignIns, SignInSettings]),
                ("A.8.9", &[Settings]),
                ("A.8.10", &[Deletions]),
                ("A.8.13", &[Recovery]),
                ("A.8.15", &[LogAccess, Integrity, Gaps, Server]),
                ("A.8.16", &[Alerts, Policies]),
                ("A.8.17", &[]),
            ],
            Self::PciDss => &[
                ("10.2.1.1", &[Exports]),
                ("10.2.1.2", &[Privileged]),
                ("10.2.1.3", &[LogAccess]),
                ("10.2.1.4", &[FailedSignIns]),
                ("10.2.1.5", &[Teammates, Roles, Tokens, SignInSettings]),
                ("10.2.1.6", &[Server, Gaps]),
                ("10.2.1.7", &[Settings, Deletions]),
                ("10.3.1", &[Roles, LogAccess]),
                ("10.3.2", &[Integrity]),
                ("10.3.3", &[Recovery]),
                ("10.3.4", &[Integrity]),
                ("10.4.1", &[Reviews, Alerts]),
                ("10.4.3", &[Reviews]),
                ("10.5.1", &[Retention]),
                ("10.6.1", &[]),
                ("10.7.2", &[Gaps, Server]),
            ],
            Self::Hipaa => &[
                ("164.308(a)(1)(ii)(D)", &[Reviews, LogAccess]),
                ("164.308(a)(3)", &[Teammates, Roles]),
                ("164.308(a)(5)(ii)(C)", &[SignIns, FailedSignIns]),
                ("164.312(a)", &[Roles, Privileged]),
                ("164.312(b)", &[LogAccess, Exports, Server]),
                ("164.312(c)(1)", &[Integrity]),
                ("164.312(d)", &[SignIns, SignInSettings]),
                ("164.316(b)(2)(i)", &[Retention]),
            ],
            Self::Gdpr => &[
                ("5(1)(e)", &[Retention]),
                ("5(1)(f)", &[Integrity, FailedSignIns]),
                ("5(2)", &[LogAccess, Reviews]),
                ("15", &[Exports]),
                ("17", &[Deletions]),
                ("18", &[Retention]),
                ("25", &[SignInSettings, Settings]),
                ("30", &[Exports]),
                ("32", &[Integrity, Recovery, SignInSettings]),
                ("33, 34", &[Alerts, Exports]),
            ],
            _ => &[],
        }
    }

    /// What it asks the log, each once, in its order.
    pub fn topics(self) -> Vec<Topic> {
        let own: &[Topic] = match self {
            Self::AccessReview => {
                &[Teammates, Roles, Privileged, Impersonation, Tokens, SignInSettings, SignIns]
            }
            Self::PrivilegedChanges => &[Privileged, Roles, SignInSettings, Settings, Policies],
            Self::DataExports => &[Exports, Deletions, LogAccess],
            Self::FailedSignIns => &[Topic::FailedSignIns, SignInSettings, SignIns],
            Self::AiAgents => &[Topic::AiAgents, AiRefused, AiSettings],
            _ => &[],
        };
        let of_clauses = self.clauses().iter().flat_map(|(_, topics)| topics.iter());
        let mut known = BTreeSet::new();
        own.iter().chain(of_clauses).copied().filter(|topic| known.insert(*topic)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_asks_for_something_and_is_found_by_its_name() {
        for template in Template::ALL {
            assert_eq!(Template::parse(template.as_str()), Some(template));
            assert_eq!(template.topics().is_empty(), template == Template::IncidentTimeline, "{template:?}");
        }
    }
}
