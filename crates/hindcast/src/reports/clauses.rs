//! The clauses of standards, with the evidence that a log has for them.
//!
//! Each is named by its number and by a title of our own, which says what it is about; what exactly it demands is for
//! whoever holds the standard to read.

use super::topic::Topic::{self, *};
use crate::pages::Text;
use std::borrow::Cow;

/// A clause of a standard: its number, our title of it, and what there is for it.
pub type Clause = (&'static str, fn(Text) -> Cow<'static, str>, &'static [Topic]);

/// SOC 2 (2017 criteria).
pub const SOC2: &[Clause] = &[
    ("CC4.1", Text::clause_soc_cc4_1, &[Reviews, Integrity]),
    ("CC6.1", Text::clause_soc_cc6_1, &[SignIns, Tokens, SignInSettings]),
    ("CC6.2", Text::clause_soc_cc6_2, &[Teammates]),
    ("CC6.3", Text::clause_soc_cc6_3, &[Roles, Privileged]),
    ("CC6.6", Text::clause_soc_cc6_6, &[FailedSignIns]),
    ("CC6.7", Text::clause_soc_cc6_7, &[Exports]),
    ("CC6.8", Text::clause_soc_cc6_8, &[Settings]),
    ("CC7.1", Text::clause_soc_cc7_1, &[Settings, Policies]),
    ("CC7.2", Text::clause_soc_cc7_2, &[Alerts, FailedSignIns]),
    ("CC7.3", Text::clause_soc_cc7_3, &[Alerts, Reviews]),
    ("CC7.4", Text::clause_soc_cc7_4, &[Alerts]),
    ("CC7.5", Text::clause_soc_cc7_5, &[Recovery]),
    ("CC8.1", Text::clause_soc_cc8_1, &[Settings, Policies]),
    ("A1.2", Text::clause_soc_a1_2, &[Recovery]),
    ("C1.1", Text::clause_soc_c1_1, &[Retention]),
    ("C1.2", Text::clause_soc_c1_2, &[Deletions]),
    ("P4.2", Text::clause_soc_p4_2, &[Retention]),
    ("P6.1", Text::clause_soc_p6_1, &[Exports]),
];

/// ISO/IEC 27001:2022, annex A.
pub const ISO_27001: &[Clause] = &[
    ("A.5.16", Text::clause_iso_a_5_16, &[Teammates]),
    ("A.5.18", Text::clause_iso_a_5_18, &[Roles]),
    ("A.5.28", Text::clause_iso_a_5_28, &[Integrity, Exports]),
    ("A.5.33", Text::clause_iso_a_5_33, &[Retention, Integrity]),
    ("A.5.34", Text::clause_iso_a_5_34, &[Exports, Deletions]),
    ("A.8.2", Text::clause_iso_a_8_2, &[Privileged, Impersonation]),
    ("A.8.5", Text::clause_iso_a_8_5, &[SignIns, FailedSignIns, SignInSettings]),
    ("A.8.9", Text::clause_iso_a_8_9, &[Settings]),
    ("A.8.10", Text::clause_iso_a_8_10, &[Deletions]),
    ("A.8.13", Text::clause_iso_a_8_13, &[Recovery]),
    ("A.8.15", Text::clause_iso_a_8_15, &[LogAccess, Integrity, Gaps, Server]),
    ("A.8.16", Text::clause_iso_a_8_16, &[Alerts, Policies]),
    ("A.8.17", Text::clause_iso_a_8_17, &[Clocks]),
];

/// PCI DSS 4.0.1, requirement 10.
pub const PCI_DSS: &[Clause] = &[
    ("10.2.1.1", Text::clause_pci_10_2_1_1, &[Exports]),
    ("10.2.1.2", Text::clause_pci_10_2_1_2, &[Privileged]),
    ("10.2.1.3", Text::clause_pci_10_2_1_3, &[LogAccess]),
    ("10.2.1.4", Text::clause_pci_10_2_1_4, &[FailedSignIns]),
    ("10.2.1.5", Text::clause_pci_10_2_1_5, &[Teammates, Roles, Tokens, SignInSettings]),
    ("10.2.1.6", Text::clause_pci_10_2_1_6, &[Server, Gaps]),
    ("10.2.1.7", Text::clause_pci_10_2_1_7, &[Settings, Deletions]),
    ("10.3.1", Text::clause_pci_10_3_1, &[Roles, LogAccess]),
    ("10.3.2", Text::clause_pci_10_3_2, &[Integrity]),
    ("10.3.3", Text::clause_pci_10_3_3, &[Recovery]),
    ("10.3.4", Text::clause_pci_10_3_4, &[Integrity]),
    ("10.4.1", Text::clause_pci_10_4_1, &[Reviews, Alerts]),
    ("10.4.3", Text::clause_pci_10_4_3, &[Reviews]),
    ("10.5.1", Text::clause_pci_10_5_1, &[Retention]),
    ("10.6.1", Text::clause_pci_10_6_1, &[Clocks]),
    ("10.7.2", Text::clause_pci_10_7_2, &[Gaps, Server]),
];

/// 45 CFR 164 (HIPAA).
pub const HIPAA: &[Clause] = &[
    ("164.308(a)(1)(ii)(D)", Text::clause_hipaa_164_308_a_1_ii_d, &[Reviews, LogAccess]),
    ("164.308(a)(3)", Text::clause_hipaa_164_308_a_3, &[Teammates, Roles]),
    ("164.308(a)(5)(ii)(C)", Text::clause_hipaa_164_308_a_5_ii_c, &[SignIns, FailedSignIns]),
    ("164.312(a)", Text::clause_hipaa_164_312_a, &[Roles, Privileged]),
    ("164.312(b)", Text::clause_hipaa_164_312_b, &[LogAccess, Exports, Server]),
    ("164.312(c)(1)", Text::clause_hipaa_164_312_c_1, &[Integrity]),
    ("164.312(d)", Text::clause_hipaa_164_312_d, &[SignIns, SignInSettings]),
    ("164.316(b)(2)(i)", Text::clause_hipaa_164_316_b_2_i, &[Retention]),
];

/// Regulation (EU) 2016/679 (GDPR).
pub const GDPR: &[Clause] = &[
    ("5(1)(e)", Text::clause_gdpr_5_1_e, &[Retention]),
    ("5(1)(f)", Text::clause_gdpr_5_1_f, &[Integrity, FailedSignIns]),
    ("5(2)", Text::clause_gdpr_5_2, &[LogAccess, Reviews]),
    ("15", Text::clause_gdpr_15, &[Exports]),
    ("17", Text::clause_gdpr_17, &[Deletions]),
    ("18", Text::clause_gdpr_18, &[Retention]),
    ("25", Text::clause_gdpr_25, &[SignInSettings, Settings]),
    ("30", Text::clause_gdpr_30, &[Exports]),
    ("32", Text::clause_gdpr_32, &[Integrity, Recovery, SignInSettings]),
    ("33, 34", Text::clause_gdpr_33_34, &[Alerts, Exports]),
];
