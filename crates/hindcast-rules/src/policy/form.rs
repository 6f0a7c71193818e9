//! A simple policy as a form shows it: who, what, under which circumstances, and what then.
//!
//! The text is what counts. A [`Form`] is read from a text that is simple enough and written back as a text that says the same; what a
//! form cannot show refuses the whole text, so that nothing is lost on the way.

use super::text::{statements, too_much};
use super::vocabulary::{PRINCIPALS, Vocabulary};
use cedar_policy::pst::{
    ActionConstraint, BinaryOp, Clause, EntityOrSlot, Expr, Literal, PrincipalConstraint, ResourceConstraint,
    Template, UnaryOp, Var,
};
use cedar_policy::{Effect, Policy};
use std::fmt::Write as _;

/// A form has at most so many tests, and as many activities and values of a test.
pub const TESTS_MAX: usize = 20;
/// What stands in every policy that asks for an approval.
const UNLESS_APPROVED: &str = "unless { context has approval && context.approval.granted }";
/// What an annotation of ours is called.
const ANNOTATIONS: [&str; 6] = ["id", "reason", "approvers", "required", "timeout", "on_timeout"];

/// A simple policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What its author notes above it, a line each.
    pub note: String,
    /// `@id`; empty for none, as all annotations.
    pub id: String,
    /// `@reason`
    pub reason: String,
    /// What it does.
    pub does: Does,
    /// The kind of actor, such as `Agent`; empty for everybody.
    pub who: String,
    /// The id of one of them; empty for all.
    pub one: String,
    /// Activities and groups of them; none for all.
    pub actions: Vec<String>,
    /// What has to hold, all of it.
    pub tests: Vec<Test>,
    /// `@approvers`
    pub approvers: String,
    /// `@required`
    pub required: String,
    /// `@timeout`
    pub timeout: String,
    /// `@on_timeout`
    pub on_timeout: String,
}

/// What a policy does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Does {
    /// It permits.
    Permit,
    /// It forbids.
    #[default]
    Forbid,
    /// It forbids unless people have approved.
    Ask,
}

/// Something that has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What is looked at, as policies call it: `context.arguments.amount_cents`.
    pub attribute: String,
    /// How.
    pub operator: Operator,
    /// What it is compared with: none for whether it is there, several for lists, one otherwise.
    pub values: Vec<Value>,
}

/// How a test looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// It is this.
    Is,
    /// It is something else.
    IsNot,
    /// It is more.
    More,
    /// It is this or more.
    AtLeast,
    /// It is less.
    Less,
    /// It is this or less.
    AtMost,
    /// It is one of these.
    OneOf,
    /// It is there and none of these.
    NoneOf,
    /// It is there.
    There,
    /// It is not there.
    Absent,
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A text.
    Text(String),
}

/// Why a text cannot be shown as a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSimple {
    /// It cannot be read at all.
    #[error("the text is no policy")]
    Unreadable,
    /// It has several policies, or none.
    #[error("a form shows one policy")]
    Several,
    /// It has comments between its words.
    #[error("a form shows comments above a policy only")]
    Comments,
    /// It has annotations that are not ours.
    #[error("the policy has other annotations")]
    Annotations,
    /// It names whom or what it is about in another way.
    #[error("the policy says whom or what it is about in a way that a form does not show")]
    Scope,
    /// It has conditions that are more than tests that all have to hold.
    #[error("the policy has conditions that a form does not show")]
    Conditions,
}

/// What in a form cannot be written as a policy: the field, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct Misfilled {
    /// `who`, `one`, or `tests` with its place from 0, such as `tests[1]`.
    pub field: String,
    /// What was expected.
    pub expected: String,
}

impl Form {
    /// Reads a text.
    pub fn read(text: &str) -> Result<Self, NotSimple> {
        let all = statements(text);
        let [statement] = all.as_slice() else { return Err(NotSimple::Several) };
        if too_much(statement.text).is_some() {
            return Err(NotSimple::Conditions);
        }
        let (above, below) = (&text[..statement.offset], &text[statement.offset + statement.text.len()..]);
        if has_comment(statement.text) || !below.trim().is_empty() {
            return Err(NotSimple::Comments);
        }
        let policy = Policy::parse(None, statement.text).map_err(|_| NotSimple::Unreadable)?;
        let annotation = |name: &str| policy.annotation(name).unwrap_or_default().to_owned();
        if policy.annotations().any(|(name, _)| !ANNOTATIONS.contains(&name)) {
            return Err(NotSimple::Annotations);
        }
        let parts = policy.to_pst().map_err(|_| NotSimple::Conditions)?;
        let template = parts.body();
        let (who, one) = principal(template)?;
        let (tests, asks) = conditions(template)?;
        let does = match (policy.effect(), asks) {
            (Effect::Permit, false) => Does::Permit,
            (Effect::Permit, true) => return Err(NotSimple::Conditions),
            (Effect::Forbid, false) => Does::Forbid,
            (Effect::Forbid, true) => Does::Ask,
        };
        let note = above.lines().map(|line| line.trim().trim_start_matches('/').trim());
        Ok(Self {
            note: note.collect::<Vec<_>>().join("\n").trim().to_owned(),
            id: annotation("id"),
            reason: annotation("reason"),
            does,
            who,
            one,
            actions: actions(template)?,
            tests,
            approvers: annotation("approvers"),
            required: annotation("required"),
            timeout: annotation("timeout"),
            on_timeout: annotation("on_timeout"),
        })
    }

    /// Writes the text. Whether its names are known is for [`super::check`] to say.
    pub fn text(&self) -> Result<String, Misfilled> {
        let mut text = String::new();
        for line in self.note.lines() {
            let _ = writeln!(text, "{}", format!("// {}", line.trim()).trim_end());
        }
        let annotations =
            [&self.id, &self.reason, &self.approvers, &self.required, &self.timeout, &self.on_timeout];
        for (name, value) in ANNOTATIONS.into_iter().zip(annotations).filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "@{name}({})", quoted(value));
        }
        let effect = if self.does == Does::Permit { "permit" } else { "forbid" };
        let _ = write!(text, "{effect}({}, {}, resource)", self.principal()?, self.action());
        let tests = self.tests.iter().enumerate().map(|(at, test)| {
            test.text().map_err(|expected| Misfilled { field: format!("tests[{at}]"), expected })
        });
        let tests = tests.collect::<Result<Vec<_>, _>>()?;
        if tests.len() > TESTS_MAX {
            let expected = format!("at most {TESTS_MAX}");
            return Err(Misfilled { field: "tests".to_owned(), expected });
        }
        if !tests.is_empty() {
            let _ = write!(text, "\nwhen {{ {} }}", tests.join(" && "));
        }
        if self.does == Does::Ask {
            let _ = write!(text, "\n{UNLESS_APPROVED}");
        }
        text.push_str(";\n");
        Ok(text)
    }

    fn principal(&self) -> Result<String, Misfilled> {
        let misfilled = |field: &str, expected: String| Err(Misfilled { field: field.to_owned(), expected });
        match (self.who.as_str(), self.one.as_str()) {
            ("", "") => Ok("principal".to_owned()),
            ("", _) => misfilled("one", "the kind of actor too".to_owned()),
            (who, _) if !PRINCIPALS.contains(&who) => misfilled("who", PRINCIPALS.join(", ")),
            (who, "") => Ok(format!("principal is {who}")),
            (who, one) => Ok(format!("principal == {who}::{}", quoted(one))),
        }
    }

    fn action(&self) -> String {
        let named = |action: &String| format!("Action::{}", quoted(action));
        match self.actions.as_slice() {
            [] => "action".to_owned(),
            [one] if Vocabulary::groups().any(|group| group == one) => format!("action in {}", named(one)),
            [one] => format!("action == {}", named(one)),
            several => format!("action in [{}]", several.iter().map(named).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Test {
    /// The words of Cedar, behind a look at whether it is there; or what was expected.
    fn text(&self) -> Result<String, String> {
        let (variable, path) = self.attribute.split_once('.').unwrap_or_default();
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !["context", "principal", "resource"].contains(&variable) || !path.split('.').all(is_word) {
            return Err("an attribute such as context.tag or context.arguments.amount".to_owned());
        }
        let values: Vec<_> = self.values.iter().map(Value::cedar).collect();
        let one = || match values.as_slice() {
            [one] => Ok(one.as_str()),
            _ => Err("one value".to_owned()),
        };
        let list = || match values.len() {
            1..=TESTS_MAX => Ok(values.join(", ")),
            _ => Err(format!("1 to {TESTS_MAX} values")),
        };
        let attribute = &self.attribute;
        let told = match (self.operator, self.values.as_slice()) {
            (Operator::There, []) => return Ok(format!("{variable} has {path}")),
            (Operator::Absent, []) => return Ok(format!("!({variable} has {path})")),
            (Operator::There | Operator::Absent, _) => return Err("no value".to_owned()),
            (Operator::Is, [Value::Bool(true)]) => attribute.clone(),
            (Operator::Is, [Value::Bool(false)]) => format!("!{attribute}"),
            (Operator::Is, _) => format!("{attribute} == {}", one()?),
            (Operator::IsNot, _) => format!("{attribute} != {}", one()?),
            (Operator::More, _) => format!("{attribute} > {}", one()?),
            (Operator::AtLeast, _) => format!("{attribute} >= {}", one()?),
            (Operator::Less, _) => format!("{attribute} < {}", one()?),
            (Operator::AtMost, _) => format!("{attribute} <= {}", one()?),
            (Operator::OneOf, _) => format!("[{}].contains({attribute})", list()?),
            (Operator::NoneOf, _) => format!("!([{}].contains({attribute}))", list()?),
        };
        // These every actor and target has.
        let is_always_there = variable != "context" && ["id", "type"].contains(&path);
        Ok(if is_always_there { told } else { format!("{variable} has {path} && {told}") })
    }
}

impl Value {
    /// Reads values as people type them: with commas between them, texts in quotation marks where they would be taken for something
    /// else.
    pub fn list(typed: &str) -> Option<Vec<Self>> {
        let mut rest = typed.trim();
        let mut values = Vec::new();
        while !rest.is_empty() {
            if rest.starts_with('"') {
                let mut read = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                values.push(Self::Text(read.next()?.ok()?));
                rest = rest[read.byte_offset()..].trim_start();
                rest = match rest.strip_prefix(',') {
                    Some(after) => after,
                    None if rest.is_empty() => rest,
                    None => return None,
                };
            } else {
                let (word, after) = rest.split_once(',').unwrap_or((rest, ""));
                values.push(Self::of_word(word.trim()));
                rest = after;
            }
            rest = rest.trim_start();
        }
        Some(values)
    }

    /// Writes them so that [`Self::list`] reads the same.
    pub fn spelled(values: &[Self]) -> String {
        let one = |value: &Self| match value {
            Self::Bool(flag) => flag.to_string(),
            Self::Long(number) => number.to_string(),
            Self::Text(text) => {
                let is_plain = !text.is_empty()
                    && text.trim() == text
                    && !text.contains(|c: char| c == ',' || c == '"' || c.is_control())
                    && Self::of_word(text) == *value;
                if is_plain { text.clone() } else { serde_json::Value::from(text.as_str()).to_string() }
            }
        };
        values.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn of_word(word: &str) -> Self {
        match (word, word.parse()) {
            ("true", _) => Self::Bool(true),
            ("false", _) => Self::Bool(false),
            (_, Ok(number)) => Self::Long(number),
            _ => Self::Text(word.to_owned()),
        }
    }

    fn cedar(&self) -> String {
        match self {
            Self::Bool(flag) => flag.to_string(),
            Self::Long(number) => number.to_string(),
            Self::Text(text) => quoted(text),
        }
    }

    fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Literal(Literal::Bool(flag)) => Some(Self::Bool(*flag)),
            Expr::Literal(Literal::Long(number)) => Some(Self::Long(*number)),
            Expr::Literal(Literal::String(text)) => Some(Self::Text(text.to_string())),
            Expr::UnaryOp { op: UnaryOp::Neg, expr } => match Self::of(expr)? {
                Self::Long(number) => number.checked_neg().map(Self::Long),
                _ => None,
            },
            _ => None,
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn has_comment(statement: &str) -> bool {
    let (mut is_text, mut chars) = (false, statement.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' => is_text = !is_text,
            '\\' if is_text => drop(chars.next()),
            '/' if !is_text && chars.peek() == Some(&'/') => return true,
            _ => {}
        }
    }
    false
}

fn principal(template: &Template) -> Result<(String, String), NotSimple> {
    match &template.principal {
        PrincipalConstraint::Any => Ok(Default::default()),
        PrincipalConstraint::Is(kind) => Ok((kind.to_string(), String::new())),
        PrincipalConstraint::Eq(EntityOrSlot::Entity(uid)) => {
            Ok((uid.ty.to_string(), uid.eid.as_str().to_owned()))
        }
        _ => Err(NotSimple::Scope),
    }
}

fn actions(template: &Template) -> Result<Vec<String>, NotSimple> {
    if template.resource != ResourceConstraint::Any {
        return Err(NotSimple::Scope);
    }
    match &template.action {
        ActionConstraint::Any => Ok(Vec::new()),
        ActionConstraint::Eq(uid) => Ok(vec![uid.eid.as_str().to_owned()]),
        ActionConstraint::In(uids) if (1..=TESTS_MAX).contains(&uids.len()) => {
            Ok(uids.iter().map(|uid| uid.eid.as_str().to_owned()).collect())
        }
        _ => Err(NotSimple::Scope),
    }
}

/// The tests, and whether it asks for an approval.
fn conditions(template: &Template) -> Result<(Vec<Test>, bool), NotSimple> {
    let (mut parts, mut asks) = (Vec::new(), false);
    for clause in template.clauses() {
        match clause {
            Clause::When(expr) => all_of(expr, &mut parts),
            Clause::Unless(expr) if !asks && is_approved(expr) => asks = true,
            Clause::Unless(_) => return Err(NotSimple::Conditions),
        }
    }
    let tests = parts.iter().map(|part| test(part)).collect::<Option<Vec<_>>>();
    let tests = tests.ok_or(NotSimple::Conditions)?;
    // Looking whether it is there before looking at it goes without saying.
    let guards = |at: usize| {
        let guard: &Test = &tests[at];
        let inside = |other: &Test| {
            let rest = other.attribute.strip_prefix(&guard.attribute);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        guard.operator == Operator::There
            && tests[at + 1..].iter().any(|other| other.operator != Operator::Absent && inside(other))
    };
    let kept = (0..tests.len()).filter(|&at| !guards(at)).map(|at| tests[at].clone()).collect::<Vec<_>>();
    if kept.len() > TESTS_MAX { Err(NotSimple::Conditions) } else { Ok((kept, asks)) }
}

fn all_of<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match expr {
        Expr::BinaryOp { op: BinaryOp::And, left, right } => {
            all_of(left, parts);
            all_of(right, parts);
        }
        part => parts.push(part),
    }
}

fn is_approved(expr: &Expr) -> bool {
    let mut parts = Vec::new();
    all_of(expr, &mut parts);
    match parts.as_slice() {
        [there, granted] => {
            there_path(there).as_deref() == Some("context.approval")
                && path(granted).as_deref() == Some("context.approval.granted")
        }
        _ => false,
    }
}

fn test(expr: &Expr) -> Option<Test> {
    let made = |attribute, operator, values| Some(Test { attribute, operator, values });
    if let Some(attribute) = path(expr) {
        return made(attribute, Operator::Is, vec![Value::Bool(true)]);
    }
    match expr {
        Expr::HasAttr { .. } => made(there_path(expr)?, Operator::There, Vec::new()),
        Expr::UnaryOp { op: UnaryOp::Not, expr } => {
            let inner = test(expr)?;
            match (inner.operator, inner.values.as_slice()) {
                (Operator::There, _) => made(inner.attribute, Operator::Absent, Vec::new()),
                (Operator::OneOf, _) => made(inner.attribute, Operator::NoneOf, inner.values),
                (Operator::Is, [Value::Bool(true)]) => {
                    made(inner.attribute, Operator::Is, vec![Value::Bool(false)])
                }
                (Operator::Is, [_]) => made(inner.attribute, Operator::IsNot, inner.values),
                _ => None,
            }
        }
        Expr::BinaryOp { op: BinaryOp::Contains, left, right } => {
            let Expr::Set(items) = left.as_ref() else { return None };
            let values = items.iter().map(|item| Value::of(item)).collect::<Option<Vec<_>>>()?;
            if values.len() > TESTS_MAX { None } else { made(path(right)?, Operator::OneOf, values) }
        }
        Expr::BinaryOp { op, left, right } => {
            let operator = match op {
                BinaryOp::Eq => Operator::Is,
                BinaryOp::NotEq => Operator::IsNot,
                BinaryOp::Greater => Operator::More,
                BinaryOp::GreaterEq => Operator::AtLeast,
                BinaryOp::Less => Operator::Less,
                BinaryOp::LessEq => Operator::AtMost,
                _ => return None,
            };
            made(path(left)?, operator, vec![Value::of(right)?])
        }
        _ => None,
    }
}

/// `context.a.b` and the like, in words that need no quotation marks.
fn path(expr: &Expr) -> Option<String> {
    let Expr::GetAttr { expr, attr } = expr else { return None };
    let base = base(expr)?;
    Some(format!("{base}.{attr}")).filter(|_| !attr.contains('.'))
}

fn base(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var(Var::Principal) => Some("principal".to_owned()),
        Expr::Var(Var::Resource) => Some("resource".to_owned()),
        Expr::Var(Var::Context) => Some("context".to_owned()),
        other => path(other),
    }
}

fn there_path(expr: &Expr) -> Option<String> {
    let Expr::HasAttr { expr, attrs } = expr else { return None };
    let path = attrs.iter().fold(base(expr)?, |path, attr| format!("{path}.{attr}"));
    attrs.iter().all(|attr| !attr.contains('.')).then_some(path)
}

#[cfg(test)]
mod tests;
