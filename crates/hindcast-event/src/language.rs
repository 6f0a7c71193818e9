//! The languages that activities are told in.

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// The language of the registry itself.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Japanese.
    Japanese,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::French, Self::Japanese];

    /// Its code in ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Japanese => "ja",
        }
    }

    /// Reads [`Self::code`] back, and tags of BCP 47 that begin with it, such as `de-AT`.
    pub fn parse(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// What a sentence needs besides what the registry says of its activity.
    pub(crate) fn phrases(self) -> &'static Phrases {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Japanese => &JAPANESE,
        }
    }
}

/// What a sentence needs besides what the registry says of its activity.
pub(crate) struct Phrases {
    /// The template for actions that nobody knows.
    pub unknown: &'static str,
    pub someone: &'static str,
    /// The same where no sentence begins.
    pub someone_within: &'static str,
    /// Somebody of whom nothing is known any more.
    pub erased: &'static str,
    /// The same where no sentence begins.
    pub erased_within: &'static str,
    pub something: &'static str,
    pub failed: &'static str,
    pub denied: &'static str,
}

const ENGLISH: Phrases = Phrases {
    unknown: "{actor} did {action}[ on {target}][, from {before} to {after}]",
    someone: "Someone",
    someone_within: "someone",
    erased: "An erased person",
    erased_within: "an erased person",
    something: "something",
    failed: " (failed)",
    denied: " (denied)",
};

const GERMAN: Phrases = Phrases {
    unknown: "{actor} führte {action} aus[, Ziel: {target}][, von {before} in {after}]",
    someone: "Jemand",
    someone_within: "jemand",
    erased: "Eine gelöschte Person",
    erased_within: "eine gelöschte Person",
    something: "etwas",
    failed: " (fehlgeschlagen)",
    denied: " (verweigert)",
};

const FRENCH: Phrases = Phrases {
    unknown: "{actor} a effectué {action}[ sur {target}][, en remplaçant {before} par {after}]",
    someone: "Quelqu’un",
    someone_within: "quelqu’un",
    erased: "Une personne effacée",
    erased_within: "une personne effacée",
    something: "quelque chose",
    failed: " (échec)",
    denied: " (refusé)",
};

const JAPANESE: Phrases = Phrases {
    unknown: "{actor}が{action}を実行しました[（対象：{target}）][（{before}から{after}に変更）]",
    someone: "誰か",
    someone_within: "誰か",
    erased: "消去された人物",
    erased_within: "消去された人物",
    something: "何か",
    failed: "（失敗）",
    denied: "（拒否）",
};
