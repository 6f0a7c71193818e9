//! What the events of a workspace are judged by: its calendar and the networks it named.

use super::calendar::Calendar;
use super::told::Clock;
use crate::app::App;
use crate::catalog::{CatalogError, Settings};
use crate::config::Network;
use hindcast_ledger::WorkspaceId;

/// The mark of a workspace whose entries are a past that was told at once.
pub const CLOCK_MARK: &str = "facts-clock";

/// See the module.
#[derive(Clone, Debug)]
pub struct Judge {
    pub calendar: Calendar,
    /// Proxies that pass requests on.
    pub proxies: Vec<Network>,
    /// Networks through which people come from elsewhere, such as VPNs: nobody travels there.
    pub egress: Vec<Network>,
    pub clock: Clock,
}

impl Judge {
    /// What a workspace set.
    pub fn of(app: &App, workspace: &WorkspaceId) -> Result<Self, CatalogError> {
        let settings = app.catalog.settings(workspace)?;
        let is_claimed = app.catalog.mark(workspace.as_str(), CLOCK_MARK)?.is_some();
        Ok(Self { clock: if is_claimed { Clock::Claimed } else { Clock::Ours }, ..Self::from(&settings) })
    }
}

impl From<&Settings> for Judge {
    fn from(settings: &Settings) -> Self {
        let networks = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            calendar: Calendar::of(settings),
            proxies: networks(&settings.trusted_proxies),
            egress: networks(&settings.egress_networks),
            clock: Clock::Ours,
        }
    }
}
