//! A state as bytes, so that what rules remember survives a restart and a change of the rules.
//!
//! What is kept is named by the rule's key, the version of its text and settings, and the name of the document in it. A rule that
//! changed starts anew; the others go on.

use super::Detector;
use super::compile::Work;
use super::limits::STATE_BYTES_MAX;
use super::silence::{Pulse, Pulses, week_of};
use super::state::{Group, Groups, Hit, Kept, Overflow, State, group_key};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

const FORMAT: u32 = 1;

/// Why bytes are not a state we can go on from.
#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    /// They are of another workspace.
    #[error("the state is of the workspace {found}, not of {expected}")]
    OtherWorkspace {
        /// Whose state was wanted.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// They were written by another version of hindcast; begin anew.
    #[error("the state has the format {0}, {FORMAT} was expected")]
    OtherFormat(u32),
    /// They are too many.
    #[error("the state takes {0} bytes, at most {STATE_BYTES_MAX} are read")]
    TooLarge(usize),
    /// They are damaged.
    #[error("the state cannot be read: {0}")]
    Damaged(#[from] serde_json::Error),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    workspace: String,
    next: u64,
    windows: BTreeMap<String, SavedGroups>,
    pulses: BTreeMap<String, BTreeMap<String, SavedPulse>>,
    overflows: BTreeMap<String, (u64, u64)>,
}

#[derive(Serialize, Deserialize)]
struct SavedGroups {
    newest: i64,
    of: Vec<(Vec<String>, u64, Vec<SavedHit>)>,
}

#[derive(Serialize, Deserialize)]
struct SavedHit {
    t: i64,
    e: u64,
    i: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<SavedValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    u: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    c: Vec<Option<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SavedValue {
    Text(String),
    /// The bits of a number, which is read back as exactly what it was.
    Bits(u64),
}

#[derive(Serialize, Deserialize)]
struct SavedPulse {
    first: i64,
    last: i64,
    entry: u64,
    week: i64,
    weeks: Vec<Vec<u32>>,
    gaps: Vec<u64>,
}

impl Detector {
    /// The state as bytes; the same state gives the same bytes.
    pub fn export(&self, state: &State) -> Result<Vec<u8>, NotRestored> {
        let names = self.window_names();
        let windows = names.into_iter().filter_map(|(at, name)| {
            let groups = state.windows.get(at).filter(|groups| !groups.of.is_empty())?;
            Some((name, save_groups(groups)))
        });
        let pulses = self.pulse_names().into_iter().filter_map(|(at, name)| {
            let pulses = state.pulses.get(at)?;
            Some((
                name,
                pulses.0.iter().map(|(source, pulse)| (source.to_string(), save_pulse(pulse))).collect(),
            ))
        });
        let overflows = state.overflows.iter().map(|(rule, o)| (rule.to_string(), (o.groups, o.matches)));
        let saved = Saved {
            format: FORMAT,
            workspace: state.workspace.clone(),
            next: state.next,
            windows: windows.collect(),
            pulses: pulses.collect(),
            overflows: overflows.collect(),
        };
        Ok(serde_json::to_vec(&saved)?)
    }

    /// The state that [`Self::export`] wrote, for this detector: rules it did not have, or in another version, start anew.
    pub fn restore(&self, workspace: &str, bytes: &[u8]) -> Result<State, NotRestored> {
        if bytes.len() > STATE_BYTES_MAX {
            return Err(NotRestored::TooLarge(bytes.len()));
        }
        let mut saved: Saved = serde_json::from_slice(bytes)?;
        if saved.format != FORMAT {
            return Err(NotRestored::OtherFormat(saved.format));
        }
        if saved.workspace != workspace {
            return Err(NotRestored::OtherWorkspace {
                expected: workspace.to_owned(),
                found: saved.workspace,
            });
        }
        let mut state = self.state(workspace);
        state.next = saved.next;
        for (at, name) in self.window_names() {
            if let (Some(groups), Some(window)) = (saved.windows.remove(&name), self.window(at)) {
                state.windows[at] = load_groups(groups, window);
            }
        }
        for (at, name) in self.pulse_names() {
            let loaded = saved.pulses.remove(&name).unwrap_or_default().into_iter();
            state.pulses[at] =
                Pulses(loaded.filter_map(|(source, p)| Some((source.into(), load_pulse(p)?))).collect());
        }
        let known = |rule: &str| self.rules().any(|info| info.id == rule);
        let overflows = saved.overflows.into_iter().filter(|(rule, _)| known(rule));
        state.overflows =
            overflows.map(|(rule, (groups, matches))| (rule.into(), Overflow { groups, matches })).collect();
        Ok(state)
    }

    fn window_names(&self) -> Vec<(usize, String)> {
        let mut names = Vec::new();
        for rule in &self.rules {
            for (place, judge) in rule.compiled.judges.iter().enumerate() {
                let name = format!("{}/{}/{}", rule.key, rule.compiled.version, judge.handle);
                names.push((rule.windows_from + place, name));
            }
        }
        names
    }

    fn pulse_names(&self) -> Vec<(usize, String)> {
        let mut names = Vec::new();
        for rule in &self.rules {
            for (nr, listening) in rule.compiled.listening.iter().enumerate() {
                // What is usual of a source does not depend on how patient the rule is.
                names.push((rule.pulses_from + nr, format!("{}/{}", rule.key, listening.rule)));
            }
        }
        names
    }

    fn window(&self, at: usize) -> Option<&super::window::Window> {
        let rule = self.rules.iter().rev().find(|rule| rule.windows_from <= at)?;
        match &rule.compiled.judges.get(at - rule.windows_from)?.work {
            Work::Correlate(window) => Some(window),
            Work::Match { .. } => None,
        }
    }
}

fn save_groups(groups: &Groups) -> SavedGroups {
    let of = groups.of.values().map(|group| {
        let values = group.values.iter().map(|value| value.to_string()).collect();
        (values, group.touched, group.hits.iter().map(save_hit).collect())
    });
    SavedGroups { newest: groups.newest, of: of.collect() }
}

fn load_groups(saved: SavedGroups, window: &super::window::Window) -> Groups {
    let mut groups = Groups { newest: saved.newest, ..Groups::default() };
    for (values, touched, hits) in saved.of {
        let values: Vec<Arc<str>> = values.into_iter().map(Arc::from).collect();
        let key = group_key(&values);
        let mut group = Group { values, touched, counts: vec![0; window.inputs.len()], ..Group::default() };
        for hit in hits.into_iter().map(load_hit).filter(|hit| usize::from(hit.input) < window.inputs.len()) {
            group.count(window, &hit, 1);
            group.hits.push_back(hit);
        }
        groups.hits += group.hits.len();
        groups.of.insert(key, group);
    }
    groups
}

fn save_hit(hit: &Hit) -> SavedHit {
    let v = match &hit.value {
        Kept::Nothing => None,
        Kept::Text(text) => Some(SavedValue::Text(text.to_string())),
        Kept::Number(number) => Some(SavedValue::Bits(number.to_bits())),
    };
    let c = hit.carried.iter().map(|value| value.as_ref().map(|value| value.to_string())).collect();
    SavedHit { t: hit.time, e: hit.entry, i: hit.input, v, u: hit.under.to_vec(), c }
}

fn load_hit(saved: SavedHit) -> Hit {
    let value = match saved.v {
        None => Kept::Nothing,
        Some(SavedValue::Text(text)) => Kept::Text(text.into()),
        Some(SavedValue::Bits(bits)) => Kept::Number(f64::from_bits(bits)),
    };
    let carried = saved.c.into_iter().map(|value| value.map(Arc::from)).collect();
    Hit {
        time: Timestamp::from_micros(saved.t).micros(),
        entry: saved.e,
        input: saved.i,
        value,
        under: saved.u.into(),
        carried,
    }
}

fn save_pulse(pulse: &Pulse) -> SavedPulse {
    SavedPulse {
        first: pulse.first,
        last: pulse.last,
        entry: pulse.last_entry,
        week: pulse.week,
        weeks: pulse.weeks.iter().cloned().collect(),
        gaps: pulse.gaps.iter().copied().collect(),
    }
}

fn load_pulse(saved: SavedPulse) -> Option<Pulse> {
    let time = |micros| Timestamp::from_micros(micros).micros();
    let whole = !saved.weeks.is_empty() && saved.weeks.iter().all(|week| week.len() == 168);
    whole.then(|| Pulse {
        first: time(saved.first),
        last: time(saved.last),
        last_entry: saved.entry,
        week: saved.week.clamp(week_of(Timestamp::MIN.micros()), week_of(Timestamp::MAX.micros())),
        weeks: saved.weeks.into(),
        gaps: saved.gaps.into(),
    })
}
