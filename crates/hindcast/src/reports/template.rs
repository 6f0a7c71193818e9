//! Which reports there are, and what each asks the log.

use super::clauses::{self, Clause};
use super::topic::Topic::{self, *};
use crate::pages::Text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A report that can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
            Self::Soc2 => clauses::SOC2,
            Self::Iso27001 => clauses::ISO_27001,
            Self::PciDss => clauses::PCI_DSS,
            Self::Hipaa => clauses::HIPAA,
            Self::Gdpr => clauses::GDPR,
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
        let of_clauses = self.clauses().iter().flat_map(|(_, _, topics)| topics.iter());
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
