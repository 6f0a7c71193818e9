//! Durations as people write them: `90s`, `30m`, `2h`, `7d`, `2w`.

/// Seconds of a duration.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(seconds)
}

/// The shortest spelling of so many seconds.
pub(crate) fn spelled(seconds: u64) -> String {
    let units = [('d', 86_400), ('h', 3600), ('m', 60)];
    let fits = units.into_iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (letter, unit) = fits.unwrap_or(('s', 1));
    format!("{}{letter}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_spelled() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(parse(text), Some(seconds), "{text}");
            assert_eq!(parse(&spelled(seconds)), Some(seconds), "{text}");
        }
        for wrong in
            ["", "m", "5", "-5m", "1.5h", "5 m", "5é", "99999999999999999999d", "9999999999999999999w"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
