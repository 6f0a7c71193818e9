//! Mails reports that are ready to those who are to have them, again and again until it is done or there is no hope left.

use crate::app::App;
use crate::catalog::{By, ReportMail};
use crate::deliver::report::{Posted, post};
use hindcast_event::Timestamp;
use serde_json::json;

/// The first wait after a failure; each is twice as long as the one before,
const AGAIN_MICROS: i64 = 60_000_000;
/// up to this.
const AGAIN_MICROS_MAX: i64 = 6 * 3_600_000_000;
/// After three days nobody tries any more.
const ATTEMPTS_MAX: u32 = 20;

/// Mails what is due.
pub fn work(app: &App) -> anyhow::Result<()> {
    for mail in app.catalog.due_report_mails((app.clock)())? {
        if *app.ending.borrow() {
            break;
        }
        one(app, mail)?;
    }
    Ok(())
}

fn one(app: &App, mut mail: ReportMail) -> anyhow::Result<()> {
    let Some(report) = app.catalog.report(&mail.workspace, &mail.report)? else {
        app.catalog.forget_report(&mail.report)?;
        return Ok(());
    };
    let posted = post(app, &report, &mail.to)
        .unwrap_or_else(|error| Posted::Later { to: mail.to.clone(), why: format!("{error:#}") });
    let now = (app.clock)();
    mail.attempts += 1;
    match posted {
        Posted::Sent { refused } => {
            let target = json!([{ "type": "report", "id": report.id, "name": report.template }]);
            let mut about = json!({ "with": mail.to, "sha256": report.sha256 });
            if !refused.is_empty() {
                about["refused"] = json!(refused);
            }
            (mail.next_at, mail.sent_at, mail.problem) = (None, Some(now), refused.join("; "));
            app.catalog.put_report_mail(&mail, Some(&By::server().event("report.shared", target, about)))?;
            app.post();
        }
        Posted::Later { to, why } => {
            tracing::warn!(report = mail.report, why, "a report could not be mailed");
            mail.next_at = (mail.attempts < ATTEMPTS_MAX).then(|| again(now, mail.attempts));
            (mail.to, mail.problem) = (to, why);
            app.catalog.put_report_mail(&mail, None)?;
        }
    }
    Ok(())
}

/// When it is tried again after so many attempts.
fn again(now: Timestamp, attempts: u32) -> Timestamp {
    let wait = AGAIN_MICROS << attempts.saturating_sub(1).min(20);
    Timestamp::from_micros(now.micros() + wait.min(AGAIN_MICROS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_three_days_ever_more_seldom() {
        let now = Timestamp::from_micros(0);
        let waits: Vec<_> = (1..ATTEMPTS_MAX).map(|attempts| again(now, attempts).seconds()).collect();
        assert_eq!(waits[..3], [60, 120, 240]);
        let days = waits.iter().sum::<i64>() as f64 / 86_400.0;
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && (2.5..3.5).contains(&days), "{days}");
    }
}
