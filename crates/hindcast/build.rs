//! Turns the English texts of `ui/locales` into one function each, so that a text that is not there, or is missing one
//! of its values, does not compile. The values come in the order in which the English text first names them.

#![expect(clippy::expect_used, reason = "a build that cannot go on has failed")]

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../ui/locales");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut functions = String::new();
    for file in files(&root.join("en")) {
        let text = fs::read_to_string(&file).expect("a text file");
        let resource = fluent_syntax::parser::parse(text.as_str())
            .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", file.display()));
        for entry in &resource.body {
            if let Entry::Message(message) = entry
                && let Some(pattern) = &message.value
            {
                write_function(message.id.name, pattern, &mut functions);
            }
        }
    }
    let texts = format!("impl Text {{\n{functions}}}\n");
    let mut sources = String::from("const SOURCES: [(Language, &[&str]); 4] = [\n");
    for (language, code) in [("English", "en"), ("German", "de"), ("French", "fr"), ("Japanese", "ja")] {
        let included = files(&root.join(code)).into_iter().map(|file| format!("include_str!({file:?}), "));
        let _ = writeln!(sources, "    (Language::{language}, &[{}]),", included.collect::<String>());
    }
    sources.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("texts.rs"), texts + &sources).expect("written");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let found = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let mut files: Vec<_> = found.filter(|file| file.extension().is_some_and(|e| e == "ftl")).collect();
    files.sort();
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    files
}

fn write_function(id: &str, pattern: &Pattern<&str>, out: &mut String) {
    let mut names = Vec::new();
    of_pattern(pattern, &mut names);
    let name = id.replace('-', "_");
    let shown: String = match pattern.elements.first() {
        Some(PatternElement::TextElement { value }) => value.lines().next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let _ = writeln!(out, "    /// `{id}`: {}…", shown.trim().replace(['[', ']', '<', '>', '`'], ""));
    if names.is_empty() {
        let _ = writeln!(
            out,
            "    pub fn {name}(self) -> std::borrow::Cow<'static, str> {{ self.say({id:?}, None) }}"
        );
        return;
    }
    let parameters: String = names.iter().map(|name| format!(", {name}: impl Into<Said<'a>>")).collect();
    let set: String = names.iter().map(|name| format!("said.set({name:?}, {name}.into()); ")).collect();
    let _ = writeln!(
        out,
        "    pub fn {name}<'a>(self{parameters}) -> std::borrow::Cow<'static, str> {{ \
         let mut said = Values::new(); {set}self.say({id:?}, Some(&said)) }}"
    );
}

fn of_pattern<'s>(pattern: &Pattern<&'s str>, names: &mut Vec<&'s str>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, names);
        }
    }
}

fn of_expression<'s>(expression: &Expression<&'s str>, names: &mut Vec<&'s str>) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, names),
        Expression::Select { selector, variants } => {
            of_inline(selector, names);
            variants.iter().for_each(|variant| of_pattern(&variant.value, names));
        }
    }
}

fn of_inline<'s>(inline: &InlineExpression<&'s str>, names: &mut Vec<&'s str>) {
    match inline {
        InlineExpression::VariableReference { id } if !names.contains(&id.name) => names.push(id.name),
        InlineExpression::Placeable { expression } => of_expression(expression, names),
        InlineExpression::FunctionReference { arguments, .. } => of_arguments(arguments, names),
        InlineExpression::TermReference { arguments: Some(arguments), .. } => of_arguments(arguments, names),
        _ => {}
    }
}

fn of_arguments<'s>(arguments: &CallArguments<&'s str>, names: &mut Vec<&'s str>) {
    arguments.positional.iter().for_each(|argument| of_inline(argument, names));
    arguments.named.iter().for_each(|argument| of_inline(&argument.value, names));
}
