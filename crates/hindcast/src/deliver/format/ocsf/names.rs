//! The captions of the classes and activities that our registry uses.

pub(super) fn category(uid: u32) -> &'static str {
    match uid {
        1 => "System Activity",
        2 => "Findings",
        3 => "Identity & Access Management",
        _ => "Application Activity",
    }
}

pub(super) fn class(uid: u32) -> &'static str {
    match uid {
        1008 => "Event Log Activity",
        2003 => "Compliance Finding",
        2004 => "Detection Finding",
        3001 => "Account Change",
        3002 => "Authentication",
        3004 => "Entity Management",
        3005 => "User Access Management",
        3006 => "Group Management",
        3007 => "User Management",
        3008 => "Role Management",
        6001 => "Web Resources Activity",
        6002 => "Application Lifecycle",
        6003 => "API Activity",
        _ => "Unknown",
    }
}

/// The caption of an activity; nothing for one that the class does not list.
pub(super) fn activity(class: u32, activity: u8) -> Option<&'static str> {
    let captions: &[&str] = match class {
        1008 => &[
            "Clear", "Delete", "Export", "Archive", "Rotate", "Start", "Stop", "Restart", "Enable", "Disable",
        ],
        2003 | 2004 => &["Create", "Update", "Close"],
        3001 => &[
            "Create",
            "Enable",
            "Password Change",
            "Password Reset",
            "Disable",
            "Delete",
            "Attach Policy",
            "Detach Policy",
            "Lock",
            "MFA Factor Enable",
            "MFA Factor Disable",
            "Unlock",
        ],
        3002 => &[
            "Logon",
            "Logoff",
            "Authentication Ticket",
            "Service Ticket Request",
            "Service Ticket Renew",
            "Preauth",
            "Account Switch",
        ],
        3004 => &[
            "Create",
            "Read",
            "Update",
            "Delete",
            "Move",
            "Enroll",
            "Unenroll",
            "Enable",
            "Disable",
            "Activate",
            "Deactivate",
            "Suspend",
            "Resume",
        ],
        3005 => &["Assign Privileges", "Revoke Privileges"],
        3006 => &[
            "Assign Privileges",
            "Revoke Privileges",
            "Add User",
            "Remove User",
            "Delete",
            "Create",
            "Add Subgroup",
            "Remove Subgroup",
            "Update",
        ],
        3007 => &[
            "Create",
            "Update",
            "Delete",
            "Enable",
            "Disable",
            "Lock",
            "Unlock",
            "Password Change",
            "Password Reset",
            "Attach Policies",
            "Detach Policies",
            "Enable MFA Factors",
            "Disable MFA Factors",
            "Assign Privileges",
            "Remove Privileges",
            "Assign Roles",
            "Remove Roles",
        ],
        3008 => &["Create", "Update", "Delete", "Assign Privileges", "Remove Privileges"],
        6001 => &["Create", "Read", "Update", "Delete", "Search", "Import", "Export", "Share"],
        6002 => &["Install", "Remove", "Start", "Stop", "Restart", "Enable", "Disable", "Update"],
        6003 => &["Create", "Read", "Update", "Delete"],
        _ => &[],
    };
    captions.get(usize::from(activity).checked_sub(1)?).copied()
}
