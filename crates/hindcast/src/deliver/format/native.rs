//! An entry as our API shows it, with the workspace it belongs to: whoever gets entries of several must tell them apart.

use crate::deliver::{Outgoing, Sender};
use serde_json::{Map, Value};

pub(super) fn object(entry: &Outgoing, sender: &Sender) -> Map<String, Value> {
    let mut object = entry.json.clone();
    object.insert("workspace".to_owned(), sender.workspace.as_str().into());
    object
}
