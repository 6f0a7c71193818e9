//! Outcomes as JUnit XML, which build servers read.

/// Outcomes that belong together: a file of tests, a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    /// What it is called.
    pub name: String,
    /// Its outcomes.
    pub cases: Vec<Case>,
}

/// One outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// What was tried.
    pub name: String,
    /// The file it stands in; empty if in none.
    pub file: String,
    /// The line it begins on; 0 if in no file.
    pub line: usize,
    /// What went wrong, the first line a summary; none if all is well.
    pub failure: Option<String>,
    /// Why it cannot be told whether anything did; none if it can.
    pub skipped: Option<String>,
}

/// Writes suites as one document. The time of a case is always 0: the judge has no clock.
pub fn write(suites: &[Suite]) -> String {
    let failed = |suite: &Suite| suite.cases.iter().filter(|case| case.failure.is_some()).count();
    let (tests, failures) = suites
        .iter()
        .fold((0, 0), |(tests, failures), suite| (tests + suite.cases.len(), failures + failed(suite)));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out += &format!("<testsuites tests=\"{tests}\" failures=\"{failures}\" time=\"0\">\n");
    for suite in suites {
        let (name, tests, failures) = (escaped(&suite.name), suite.cases.len(), failed(suite));
        let skipped = suite.cases.iter().filter(|case| case.skipped.is_some()).count();
        out += &format!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" ");
        out += &format!("skipped=\"{skipped}\" errors=\"0\" time=\"0\">\n");
        suite.cases.iter().for_each(|case| out += &told(case, &name));
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

fn told(case: &Case, class: &str) -> String {
    let mut head = format!("    <testcase name=\"{}\" classname=\"{class}\" time=\"0\"", escaped(&case.name));
    if !case.file.is_empty() {
        head += &format!(" file=\"{}\" line=\"{}\"", escaped(&case.file), case.line);
    }
    if let Some(skipped) = &case.skipped {
        return format!("{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", escaped(skipped));
    }
    let Some(failure) = &case.failure else { return head + "/>\n" };
    let summary = escaped(failure.lines().next().unwrap_or_default());
    format!("{head}>\n      <failure message=\"{summary}\">{}</failure>\n    </testcase>\n", escaped(failure))
}

/// As text or attribute of XML 1.0; what it cannot hold becomes `�`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_and_nothing_breaks_the_document() {
        let good = Case { name: "a <b>".into(), ..Case::default() };
        let bad = Case {
            name: "\"c\"".into(),
            file: "x & y.yaml".into(),
            line: 3,
            failure: Some("expected\u{1} 1\n  was 2]]>".into()),
            skipped: None,
        };
        let suite = Suite { name: "s".into(), cases: vec![good, bad] };
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites tests=\"2\" failures=\"1\" time=\"0\">
  <testsuite name=\"s\" tests=\"2\" failures=\"1\" skipped=\"0\" errors=\"0\" time=\"0\">
    <testcase name=\"a &lt;b&gt;\" classname=\"s\" time=\"0\"/>
    <testcase name=\"&quot;c&quot;\" classname=\"s\" time=\"0\" file=\"x &amp; y.yaml\" line=\"3\">
      <failure message=\"expected\u{fffd} 1\">expected\u{fffd} 1&#10;  was 2]]&gt;</failure>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(write(&[suite]), expected);
        assert!(write(&[]).contains("tests=\"0\""));
    }
}
