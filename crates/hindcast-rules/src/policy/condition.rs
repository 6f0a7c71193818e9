//! A policy taken apart just far enough to answer with three values: what it reads, and how its answers hang together.
//!
//! Cedar answers yes or no, and to it what was not recorded looks like *no*: `context has ip` is false. Here the connectives
//! (`&&`, `||`, `!`, `if`, `has`) are Kleene's, with *unknown* where something was not recorded, and everything between them is still
//! evaluated by Cedar. Each unknown is taken for its own, so the answer may be unknown where a closer look could tell; it is never
//! yes or no where it could have been the other.

use super::limits::EXPRESSION_DEPTH_MAX;
use cedar_policy::pst::{
    ActionConstraint, BinaryOp, Clause, EntityOrSlot, Expr, Literal, PrincipalConstraint, ResourceConstraint,
    Template, UnaryOp, Var,
};
use cedar_policy::{Entities, EvalResult, Expression, Request, eval_expression};

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// Whether a value that a condition reads is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    There,
    Absent,
    NotRecorded,
}

/// A condition; reads are places in [`Condition::paths`].
#[derive(Clone, Debug)]
enum Node {
    Always(bool),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    If(Box<[Node; 3]>),
    Has(usize),
    Cedar { expression: Box<Expression>, reads: Vec<usize> },
}

/// When a policy applies.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    node: Node,
    /// What it reads, as policies call it, the variable first.
    pub paths: Vec<Vec<String>>,
    /// Those of which it asks whether they are there.
    pub tested: Vec<usize>,
    /// Whether it asks for the action beyond its scope.
    pub reads_action: bool,
}

/// What an evaluation needs and learns.
pub(crate) struct Evaluation<'e> {
    pub request: &'e Request,
    pub entities: &'e Entities,
    /// By the places of [`Condition::paths`].
    pub status: &'e dyn Fn(usize) -> Status,
    /// Reads that were needed and not recorded.
    pub missing: Vec<usize>,
    /// What went wrong.
    pub errors: Vec<String>,
}

impl Condition {
    /// Takes a policy apart.
    pub fn of(policy: &Template) -> Result<Self, String> {
        let mut builder = Builder::default();
        let mut all = Vec::new();
        for scope in scope(policy) {
            builder.read(&["principal", "id"].map(str::to_owned), scope.contains("principal"));
            for name in ["id", "type"] {
                builder.read(&["resource", name].map(str::to_owned), scope.contains("resource"));
            }
            all.push(builder.cedar_text(&scope)?);
        }
        for clause in policy.clauses() {
            match clause {
                Clause::When(expr) => all.push(builder.node(expr, 0)?),
                Clause::Unless(expr) => all.push(Node::Not(Box::new(builder.node(expr, 0)?))),
            }
        }
        let Builder { paths, tested, reads_action } = builder;
        Ok(Self { node: Node::All(all), paths, tested, reads_action })
    }

    /// Whether it holds.
    pub fn truth(&self, evaluation: &mut Evaluation<'_>) -> Truth {
        self.node.truth(evaluation)
    }
}

impl Node {
    fn truth(&self, on: &mut Evaluation<'_>) -> Truth {
        match self {
            Self::Always(true) => Truth::Yes,
            Self::Always(false) => Truth::No,
            Self::Not(inner) => inner.truth(on).not(),
            Self::All(parts) => decided(parts, Truth::No, on),
            Self::Any(parts) => decided(parts, Truth::Yes, on),
            Self::If(parts) => match parts[0].truth(on) {
                Truth::Yes => parts[1].truth(on),
                Truth::No => parts[2].truth(on),
                Truth::Unknown => {
                    let (then, otherwise) = (parts[1].truth(on), parts[2].truth(on));
                    if then == otherwise { then } else { Truth::Unknown }
                }
            },
            Self::Has(read) => match (on.status)(*read) {
                Status::There => Truth::Yes,
                Status::Absent => Truth::No,
                Status::NotRecorded => {
                    on.missing.push(*read);
                    Truth::Unknown
                }
            },
            Self::Cedar { expression, reads } => {
                let missing: Vec<_> =
                    reads.iter().copied().filter(|read| (on.status)(*read) == Status::NotRecorded).collect();
                if !missing.is_empty() {
                    on.missing.extend(missing);
                    return Truth::Unknown;
                }
                match eval_expression(on.request, on.entities, expression) {
                    Ok(EvalResult::Bool(true)) => Truth::Yes,
                    Ok(EvalResult::Bool(false)) => Truth::No,
                    Ok(other) => {
                        on.errors.push(format!("expected true or false, found {other}"));
                        Truth::Unknown
                    }
                    Err(error) => {
                        on.errors.push(error.to_string());
                        Truth::Unknown
                    }
                }
            }
        }
    }
}

/// A row of conditions of which one that is `decisive` decides all. As in Cedar those behind it are not looked at, which is what
/// makes guards work.
fn decided(parts: &[Node], decisive: Truth, on: &mut Evaluation<'_>) -> Truth {
    let mut so_far = decisive.not();
    for part in parts {
        // Behind an unknown, what is missing or goes wrong may never have been looked at; only a decision counts.
        match part.truth(on) {
            truth if truth == decisive => return decisive,
            Truth::Unknown => so_far = Truth::Unknown,
            _ => {}
        }
    }
    so_far
}

#[derive(Default)]
struct Builder {
    paths: Vec<Vec<String>>,
    tested: Vec<usize>,
    reads_action: bool,
}

impl Builder {
    fn place(&mut self, path: &[String]) -> usize {
        if let Some(at) = self.paths.iter().position(|known| known == path) {
            return at;
        }
        self.paths.push(path.to_vec());
        self.paths.len() - 1
    }

    fn read(&mut self, path: &[String], is_read: bool) {
        if is_read {
            self.place(path);
        }
    }

    fn node(&mut self, expr: &Expr, depth: usize) -> Result<Node, String> {
        if depth > EXPRESSION_DEPTH_MAX {
            return Err(format!("expressions lie more than {EXPRESSION_DEPTH_MAX} deep within each other"));
        }
        let deeper = depth + 1;
        Ok(match expr {
            Expr::Literal(Literal::Bool(flag)) => Node::Always(*flag),
            Expr::UnaryOp { op: UnaryOp::Not, expr } => Node::Not(Box::new(self.node(expr, deeper)?)),
            Expr::BinaryOp { op: BinaryOp::And, left, right } => {
                Node::All(vec![self.node(left, deeper)?, self.node(right, deeper)?])
            }
            Expr::BinaryOp { op: BinaryOp::Or, left, right } => {
                Node::Any(vec![self.node(left, deeper)?, self.node(right, deeper)?])
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => Node::If(Box::new([
                self.node(cond, deeper)?,
                self.node(then_expr, deeper)?,
                self.node(else_expr, deeper)?,
            ])),
            Expr::HasAttr { expr: base, attrs } => match path_of(base) {
                Some(mut path) => {
                    path.extend(attrs.iter().map(ToString::to_string));
                    let read = self.place(&path);
                    self.tested.push(read);
                    Node::Has(read)
                }
                None => self.cedar(expr, deeper)?,
            },
            _ => self.cedar(expr, deeper)?,
        })
    }

    fn cedar(&mut self, expr: &Expr, depth: usize) -> Result<Node, String> {
        let known = self.paths.len();
        let mut reads = Vec::new();
        self.gather(expr, depth, &mut reads)?;
        let text = expr.to_string();
        let expression = text.parse::<Expression>().map_err(|error| {
            self.paths.truncate(known);
            format!("`{text}` cannot be taken apart: {error}")
        })?;
        Ok(Node::Cedar { expression: Box::new(expression), reads })
    }

    /// A condition of the scope.
    fn cedar_text(&mut self, text: &str) -> Result<Node, String> {
        let expression = text.parse::<Expression>().map_err(|error| error.to_string())?;
        let mut reads = Vec::new();
        for (at, path) in self.paths.iter().enumerate() {
            if text.contains(path[0].as_str()) {
                reads.push(at);
            }
        }
        Ok(Node::Cedar { expression: Box::new(expression), reads })
    }

    /// Everything an expression reads.
    fn gather(&mut self, expr: &Expr, depth: usize, reads: &mut Vec<usize>) -> Result<(), String> {
        if depth > EXPRESSION_DEPTH_MAX {
            return Err(format!("expressions lie more than {EXPRESSION_DEPTH_MAX} deep within each other"));
        }
        let deeper = depth + 1;
        if let Some(path) = path_of(expr) {
            return self.gather_path(path, reads);
        }
        match expr {
            Expr::Literal(_) | Expr::Var(Var::Action) => {
                self.reads_action |= matches!(expr, Expr::Var(Var::Action));
                Ok(())
            }
            Expr::UnaryOp { expr, .. } | Expr::GetAttr { expr, .. } | Expr::Like { expr, .. } => {
                self.gather(expr, deeper, reads)
            }
            Expr::HasAttr { expr: base, attrs } => match path_of(base) {
                Some(mut path) => {
                    path.extend(attrs.iter().map(ToString::to_string));
                    let read = self.place(&path);
                    self.tested.push(read);
                    reads.push(read);
                    Ok(())
                }
                None => self.gather(base, deeper, reads),
            },
            Expr::BinaryOp { left, right, .. } => {
                self.gather(left, deeper, reads)?;
                self.gather(right, deeper, reads)
            }
            Expr::Is { expr, in_expr, .. } => {
                self.gather(expr, deeper, reads)?;
                in_expr.iter().try_for_each(|expr| self.gather(expr, deeper, reads))
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                [cond, then_expr, else_expr].into_iter().try_for_each(|expr| self.gather(expr, deeper, reads))
            }
            Expr::Set(items) => items.iter().try_for_each(|item| self.gather(item, deeper, reads)),
            Expr::Record(members) => members.values().try_for_each(|item| self.gather(item, deeper, reads)),
            _ => Err("it has an expression that is not supported".into()),
        }
    }

    fn gather_path(&mut self, path: Vec<String>, reads: &mut Vec<usize>) -> Result<(), String> {
        let parts: &[&str] = match path.as_slice() {
            [variable] => match variable.as_str() {
                "principal" => &["id"],
                "resource" => &["id", "type"],
                _ => return Err("compare attributes of the context, not the whole".into()),
            },
            _ => &[],
        };
        for part in parts {
            reads.push(self.place(&[path[0].clone(), (*part).to_owned()]));
        }
        if parts.is_empty() {
            reads.push(self.place(&path));
        }
        Ok(())
    }
}

/// `context.a.b` and the like.
fn path_of(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Var(Var::Principal) => Some(vec!["principal".into()]),
        Expr::Var(Var::Resource) => Some(vec!["resource".into()]),
        Expr::Var(Var::Context) => Some(vec!["context".into()]),
        Expr::GetAttr { expr, attr } => {
            let mut path = path_of(expr)?;
            path.push(attr.to_string());
            Some(path)
        }
        _ => None,
    }
}

/// The parts of a scope that the slices do not answer already: who exactly, and what exactly.
fn scope(policy: &Template) -> Vec<String> {
    let entity = |one: &EntityOrSlot| match one {
        EntityOrSlot::Entity(uid) => Some(uid.to_string()),
        EntityOrSlot::Slot(_) => None,
    };
    let principal = match &policy.principal {
        PrincipalConstraint::Eq(one) => entity(one).map(|uid| format!("principal == {uid}")),
        PrincipalConstraint::In(one) | PrincipalConstraint::IsIn(_, one) => {
            entity(one).map(|uid| format!("principal in {uid}"))
        }
        _ => None,
    };
    let resource = match &policy.resource {
        ResourceConstraint::Eq(one) => entity(one).map(|uid| format!("resource == {uid}")),
        ResourceConstraint::In(one) | ResourceConstraint::IsIn(_, one) => {
            entity(one).map(|uid| format!("resource in {uid}"))
        }
        _ => None,
    };
    principal.into_iter().chain(resource).collect()
}

/// Whether the scope of a policy takes in an action that is in these groups.
pub(crate) fn takes_action(policy: &Template, action: &str, groups: &[&str]) -> bool {
    let is = |id: &str| id == action || groups.contains(&id);
    match &policy.action {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => uid.eid.as_str() == action,
        ActionConstraint::In(uids) => uids.iter().any(|uid| is(uid.eid.as_str())),
        #[expect(
            unreachable_patterns,
            reason = "Cedar may add constraints; an unknown one is left to its evaluation"
        )]
        _ => true,
    }
}

/// Whether the scope of a policy takes in actors of this Cedar type.
pub(crate) fn takes_principal(policy: &Template, name: &str) -> bool {
    match &policy.principal {
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => kind.to_string() == name,
        PrincipalConstraint::Eq(EntityOrSlot::Entity(uid)) => uid.ty.to_string() == name,
        _ => true,
    }
}
