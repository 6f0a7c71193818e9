//! Names of countries, in every language.

use hindcast_event::Language;
use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../../../ui/locales/countries.tsv");

static COUNTRIES: LazyLock<HashMap<&'static str, [&'static str; 4]>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let code = fields.next()?;
            Some((code, [fields.next()?, fields.next()?, fields.next()?, fields.next()?]))
        })
        .collect()
});

/// A country by its code of ISO 3166-1, such as `JP Japan`; the code alone when it is unknown.
pub fn country(code: &str, language: Language) -> String {
    let nth = Language::ALL.iter().position(|known| *known == language).unwrap_or(0);
    match COUNTRIES.get(code) {
        Some(names) => format!("{code} {}", names[nth]),
        None => super::safe::short(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_have_names_in_every_language() {
        assert_eq!(country("JP", Language::German), "JP Japan");
        assert_eq!(country("DE", Language::Japanese), "DE ドイツ");
        assert_eq!(country("ZZ", Language::French), "ZZ");
        assert!(COUNTRIES.len() >= 249 && COUNTRIES.values().flatten().all(|name| !name.is_empty()));
    }
}
