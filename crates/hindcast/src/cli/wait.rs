//! Waiting for something that a server does in the background, and saying so while it lasts.

use indicatif::ProgressBar;
use std::time::Duration;

/// It is asked so often.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// Asks until there is an answer. Whoever watches sees what is waited for; pipes and files stay clean.
pub(super) fn until<T>(
    what: &str,
    mut ask: impl FnMut(&ProgressBar) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar.set_message(what.to_owned());
    let answer = loop {
        match ask(&bar).transpose() {
            Some(answer) => break answer,
            None => std::thread::sleep(ASK_EVERY),
        }
    };
    bar.finish_and_clear();
    answer
}
