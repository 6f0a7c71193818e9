//! What changed between two texts, line by line.

/// Texts that differ in more than so many lines squared are told as taken away and put in its place.
const CELLS_MAX: usize = 4_000_000;

/// The lines of both texts in order: those of one alone begin with `-` or `+`, those of both with a space.
pub(super) fn lines(before: &str, after: &str) -> Vec<String> {
    let (a, b): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    let end = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_a, middle_b) = (&rest_a[..rest_a.len() - end], &rest_b[..rest_b.len() - end]);
    let mut out: Vec<String> = a[..same].iter().map(|line| format!(" {line}")).collect();
    changed(middle_a, middle_b, &mut out);
    out.extend(rest_a[rest_a.len() - end..].iter().map(|line| format!(" {line}")));
    out
}

fn changed(a: &[&str], b: &[&str], out: &mut Vec<String>) {
    let width = b.len() + 1;
    if (a.len() + 1).saturating_mul(width) > CELLS_MAX {
        out.extend(a.iter().map(|line| format!("-{line}")));
        return out.extend(b.iter().map(|line| format!("+{line}")));
    }
    // How many lines what follows has in common.
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = match a[i] == b[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push(format!(" {}", a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1] {
            out.push(format!("-{}", a[i]));
            i += 1;
        } else {
            out.push(format!("+{}", b[j]));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_changed_is_told_between_what_stayed() {
        assert_eq!(lines("a\nb\nc\nd", "a\nx\nc\ny\nd"), [" a", "-b", "+x", " c", "+y", " d"]);
        assert_eq!(lines("", "a"), ["+a"]);
        assert_eq!(lines("a", ""), ["-a"]);
        assert_eq!(lines("a\nb", "a\nb"), [" a", " b"]);
        let long = "x\n".repeat(3_000);
        assert_eq!(lines(&long, &"y\n".repeat(3_000)).len(), 6_000);
    }
}
