//! Tools and webhooks: signed JSON over HTTP, as Standard Webhooks 1.0.0 says.
//!
//! `webhook-id` is that of the intent, so a receiver can tell a call that it knows.

use super::ask::understood;
use super::{Connection, Connector, Looked, Performed};
use crate::catalog::IntentRow;
use crate::deliver::web::Web;
use crate::deliver::webhook::signature;
use crate::workflows::calls::Call;
use hindcast_ledger::Clock;
use serde_json::{Value, json};
use ureq::http::Request;

pub(crate) use crate::deliver::webhook::new_secret;

/// So many tools are looked at at once; others are not.
const LOOKED_AT_MAX: usize = 20;

/// Where the tools of a workspace are.
pub(super) struct Http {
    web: Web,
    connection: Connection,
    secret: String,
    clock: Clock,
}

impl Http {
    pub fn new(web: Web, connection: Connection, secret: String, clock: Clock) -> Self {
        Self { web, connection, secret, clock }
    }
}

impl Connector for Http {
    fn perform(&mut self, row: &IntentRow, call: &Call) -> Performed {
        self.done(row, call).unwrap_or_else(|performed| performed)
    }

    /// Asks for the head of each address, which does nothing there. Whatever is answered, somebody is there.
    fn look(&self) -> Vec<Looked> {
        let look = |(name, url): (&String, &String)| {
            let request = Request::head(url.as_str()).body(&[][..]);
            let answered = request.map_err(|_| format!("{url} is no address"));
            let answered =
                answered.and_then(|request| self.web.run(request).map_err(|error| error.to_string()));
            let works = answered.is_ok();
            let said =
                answered.map_or_else(|why| why, |answer| format!("answered with status {}", answer.status));
            Looked { at: name.clone(), works, said }
        };
        std::thread::scope(|scope| {
            let each = self.connection.tools.iter().take(LOOKED_AT_MAX);
            let each: Vec<_> = each.map(|tool| scope.spawn(move || look(tool))).collect();
            each.into_iter().filter_map(|one| one.join().ok()).collect()
        })
    }
}

impl Http {
    fn done(&self, row: &IntentRow, call: &Call) -> Result<Performed, Performed> {
        let url = match call.is_tool {
            true => self.connection.tools.get(&call.action).map(String::as_str),
            false => call.text("url"),
        };
        let url = url.ok_or_else(|| Performed::Failed(format!("nobody said where {} is", call.action)))?;
        let now = (self.clock)();
        let arguments = match call.is_tool {
            true => Value::Object(call.arguments.clone()),
            false => call.arguments.get("body").cloned().unwrap_or_else(|| json!({})),
        };
        let body = json!({
            "type": call.action,
            "timestamp": now.to_string(),
            "data": {
                "id": row.id,
                "workflow": row.workflow,
                "version": row.number,
                "conversation": Some(&row.ticket).filter(|ticket| !ticket.is_empty()),
                "arguments": arguments,
                "approval": row.approval,
                // What the tool writes into the log because of this names them again, so that circles end.
                "causes": row.causes,
            },
        });
        let (body, seconds) = (body.to_string(), now.seconds());
        let signed = signature(&self.secret, &row.id, seconds, &body);
        let signed = signed.ok_or_else(|| Performed::Refused("the secret is none".to_owned()))?;
        let request = Request::post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &row.id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signed)
            .body(body.as_bytes())
            .map_err(|_| Performed::Failed(format!("{url} is no address")))?;
        // One tool that does not know us is no reason to stop calling the others.
        match understood(self.web.run(request), &call.action, true) {
            Ok(_) => Ok(Performed::done(Value::Null, Value::Null)),
            Err(Performed::Refused(why)) => Err(Performed::Failed(why)),
            Err(performed) => Err(performed),
        }
    }
}
