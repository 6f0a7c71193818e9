//! What roles may do and see, as [`crate::people`] has it.

use super::super::settings::roles::permission_name;
use super::super::shell::{Shell, field_name, role_name};
use super::super::text::Text;
use super::Place;
use crate::people::{Permission, Reach, Role};
use askama::Template;

/// The page about roles.
#[derive(Template)]
#[template(path = "help_roles.html")]
pub struct RolesPage {
    shell: Shell,
    t: Text,
    topics: Vec<Place>,
    yours: String,
    roles: Vec<RoleShown>,
    permissions: Vec<PermissionShown>,
}

/// A role, and what it sees.
struct RoleShown {
    name: String,
    sees: String,
    hidden: Vec<String>,
    gives: Vec<String>,
}

/// A permission, and which of the roles have it, in their order.
struct PermissionShown {
    code: &'static str,
    told: String,
    has: Vec<bool>,
}

impl RolesPage {
    /// The page for somebody with a role.
    pub fn new(shell: Shell, topics: Vec<Place>, yours: Role) -> Self {
        let t = shell.t;
        let permissions = Permission::ALL.map(|permission| PermissionShown {
            code: permission.as_str(),
            told: permission_name(t, permission),
            has: Role::ALL.map(|role| role.may(permission)).into(),
        });
        Self {
            shell,
            t,
            topics,
            yours: role_name(t, yours),
            roles: Role::ALL.map(|role| role_shown(t, role)).into(),
            permissions: permissions.into(),
        }
    }
}

fn role_shown(t: Text, role: Role) -> RoleShown {
    let sees = match role.reach() {
        Reach::Everything => t.reach_everything(),
        Reach::OwnTeams => t.reach_own_teams(),
        Reach::Own => t.reach_own(),
    };
    let gives = Role::ALL.into_iter().filter(|other| role.may_give(*other));
    RoleShown {
        name: role_name(t, role),
        sees: sees.into_owned(),
        hidden: role.hidden_by_default().fields().map(|field| field_name(t, field)).collect(),
        gives: gives.map(|other| role_name(t, other)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::super::tests::{shell, tidy};
    use super::*;

    #[test]
    fn the_page_tells_what_the_roles_are() {
        let t = Text::default();
        let page = RolesPage::new(shell(), Topic::Roles.places(t), Role::Auditor);
        let html = tidy(&page);
        for permission in Permission::ALL {
            assert!(html.contains(&format!(">{}</code>", permission.as_str())), "{permission:?}");
        }
        let auditor = &page.roles[3];
        assert_eq!((auditor.name.as_str(), auditor.gives.len()), ("Auditor", 0));
        assert!(auditor.hidden.is_empty());
        let manager = &page.roles[2];
        assert!(
            manager.hidden.contains(&field_name(t, hindcast_event::Field::Address)),
            "{:?}",
            manager.hidden
        );
        assert_eq!(page.roles[0].gives.len(), Role::ALL.len());
        assert!(page.permissions[0].has.iter().all(|has| *has), "everybody reads");
    }
}
