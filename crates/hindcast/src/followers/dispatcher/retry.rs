//! When something that failed is tried again.

use crate::deliver::Retry;
use std::time::Duration;

/// The schedule of Standard Webhooks 1.0.0, after the first try.
const WEBHOOK: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];
const STREAM_MIN: Duration = Duration::from_secs(1);
const STREAM_MAX: Duration = Duration::from_secs(300);
/// Up to a fifth is added, so that those who failed together do not come back together.
const JITTER: f64 = 0.2;

/// How long to wait after so many failures in a row, the first being 1; nothing when it was tried for long enough. `dice`
/// is from 0 to 1.
pub(super) fn wait(retry: Retry, failures: u32, dice: f64) -> Option<Duration> {
    let nth = failures.saturating_sub(1);
    let wait = match retry {
        Retry::Webhook => *WEBHOOK.get(nth as usize)?,
        Retry::Stream => (STREAM_MIN * 2_u32.saturating_pow(nth.min(16))).min(STREAM_MAX),
    };
    Some(wait.mul_f64(1.0 + JITTER * dice))
}

/// A number from 0 to 1.
pub(super) fn dice() -> f64 {
    let mut random = [0; 4];
    // Without randomness they come back together, which is no reason to fail.
    let _thrown = getrandom::fill(&mut random);
    f64::from(u32::from_ne_bytes(random)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_tried_for_three_days_and_a_stream_for_ever() {
        let all: Vec<_> = (1..).map_while(|failures| wait(Retry::Webhook, failures, 0.0)).collect();
        assert_eq!(all.len(), 9);
        assert_eq!(all.iter().sum::<Duration>(), Duration::from_secs(75 * 3600 + 35 * 60 + 5));
        let stream = |failures| wait(Retry::Stream, failures, 0.0).expect("for ever").as_secs();
        assert_eq!([1, 2, 3, 9, 10, u32::MAX].map(stream), [1, 2, 4, 256, 300, 300]);
    }

    #[test]
    fn jitter_only_adds_and_not_much() {
        assert_eq!(wait(Retry::Stream, 1, 1.0), Some(Duration::from_millis(1200)));
        assert!((0..100).all(|_| (0.0..=1.0).contains(&dice())));
    }
}
