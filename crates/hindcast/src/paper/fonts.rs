//! The faces that text is set in: those that are part of the binary, so that a page looks the same everywhere, and after
//! them what the operator's folders hold, for other scripts.

use harfrust::ShaperFont;
use krilla::text::Font as Printed;
use std::path::{Path, PathBuf};
use std::sync::Arc;

macro_rules! font {
    ($name:literal) => {
        (include_bytes!(concat!("../../../../ui/fonts/", $name)) as &'static [u8])
    };
}

/// Bold and mono stand first; a text begins to look at the one it wants, and then at all others in this order.
const BUILT_IN: [&[u8]; 8] = [
    font!("NotoSans-Regular.ttf"),
    font!("NotoSans-Bold.ttf"),
    font!("NotoSansMono-Regular.ttf"),
    font!("NotoSansJP-Regular.otf"),
    font!("NotoSansArabic-Regular.ttf"),
    font!("NotoSansHebrew-Regular.ttf"),
    font!("NotoSansSymbols2-Regular.ttf"),
    font!("NotoEmoji-Regular.ttf"),
];
const REGULAR: usize = 0;
const BOLD: usize = 1;
const MONO: usize = 2;
/// Files of fonts that are read from the operator's folders.
const FILES_MAX: usize = 512;
/// A larger file is passed over.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// All faces there are.
pub struct Fonts(Vec<(harfrust::Font, Printed)>);

impl Fonts {
    /// The faces of the binary, and those in `folders`. What cannot be read is passed over.
    pub fn load(folders: &[PathBuf]) -> Self {
        let built_in = BUILT_IN
            .iter()
            .filter_map(|bytes| Some((harfrust::Font::new(*bytes, 0)?, Printed::new((*bytes).into(), 0)?)));
        let mut fonts: Vec<_> = built_in.collect();
        let mut files = Vec::new();
        folders.iter().for_each(|folder| find(folder, &mut files));
        // The order in which a folder is listed is not the same everywhere.
        files.sort();
        for file in files.iter().take(FILES_MAX) {
            let Ok(bytes) = std::fs::read(file) else { continue };
            let bytes = Arc::new(bytes);
            let shaped = harfrust::Font::new(bytes.as_slice().to_vec(), 0);
            if let (Some(shaped), Some(printed)) = (shaped, Printed::new(bytes.into(), 0)) {
                fonts.push((shaped, printed));
            } else {
                tracing::warn!(file = %file.display(), "this font cannot be read");
            }
        }
        Self(fonts)
    }

    /// The faces, ready to shape text.
    pub fn faces(&self) -> Faces<'_> {
        Faces(self.0.iter().map(|(font, _)| Face::new(font)).collect())
    }

    /// The faces, as the file takes them in.
    pub fn printed(&self) -> Vec<Printed> {
        self.0.iter().map(|(_, printed)| printed.clone()).collect()
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(listed) = std::fs::read_dir(folder) else {
        tracing::warn!(folder = %folder.display(), "there are no fonts, for the folder cannot be read");
        return;
    };
    for file in listed.flatten() {
        let (path, kind) = (file.path(), file.file_type());
        let is_font = path.extension().is_some_and(|ending| ending == "ttf" || ending == "otf");
        match kind {
            Ok(kind) if kind.is_dir() && files.len() < FILES_MAX => find(&path, files),
            Ok(_) if is_font && file.metadata().is_ok_and(|about| about.len() <= FILE_BYTES_MAX) => {
                files.push(path);
            }
            _ => {}
        }
    }
}

/// Faces that are ready to shape text.
pub struct Faces<'a>(Vec<Face<'a>>);

/// A face that is ready to shape text.
pub struct Face<'a> {
    /// What shapes.
    pub font: ShaperFont<'a, 'a>,
    /// The units of an em.
    pub units_per_em: f32,
}

impl<'a> Face<'a> {
    fn new(font: &'a harfrust::Font) -> Self {
        Self { font: ShaperFont::new(font), units_per_em: f32::from(font.units_per_em()) }
    }
}

/// What a text should look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// Heavier than the rest.
    pub strong: bool,
    /// All letters as wide.
    pub mono: bool,
}

impl Look {
    fn wanted(self) -> usize {
        match (self.mono, self.strong) {
            (true, _) => MONO,
            (false, true) => BOLD,
            (false, false) => REGULAR,
        }
    }

    /// Whether a face has to be made heavier to look like this.
    pub fn thickens(self, face: usize) -> bool {
        self.strong && face != BOLD
    }
}

impl<'a> Faces<'a> {
    /// The face for a character, if there is one: that of the text before it where that has it, so that words stay whole.
    pub fn of(&self, letter: char, look: Look, before: Option<usize>) -> Option<usize> {
        let has = |face: &usize| {
            self.0.get(*face).is_some_and(|face| face.font.nominal_glyph(letter.into()).is_some())
        };
        let wanted = look.wanted();
        // A full stop within Japanese text belongs to it; a Latin word does not.
        let before = before.filter(|_| !letter.is_alphanumeric() && !letter.is_whitespace());
        let others = (0..self.0.len()).filter(|face| !matches!(*face, BOLD | MONO));
        before.into_iter().chain([wanted]).chain(others).find(has)
    }

    /// A face.
    pub fn get(&self, face: usize) -> Option<&Face<'a>> {
        self.0.get(face)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn fonts_are_those_that_the_script_made() {
        let folder = PathBuf::from("../../ui/fonts");
        let list = std::fs::read_to_string(folder.join("FONTS.toml")).expect("the list");
        let list: toml::Table = list.parse().expect("TOML");
        assert_eq!(list.len(), BUILT_IN.len());
        let mut bytes_in_all = 0;
        for (file, about) in list {
            let bytes = std::fs::read(folder.join(&file)).expect("the file");
            let hash = crate::hex::hex(&Sha256::digest(&bytes));
            assert_eq!(about["sha256"].as_str(), Some(hash.as_str()), "{file}");
            assert!(BUILT_IN.contains(&bytes.as_slice()), "{file}");
            assert!(folder.join(about["license_file"].as_str().unwrap_or_default()).exists());
            bytes_in_all += bytes.len();
        }
        assert!(bytes_in_all < 6 << 20, "{bytes_in_all} bytes");
    }

    #[test]
    fn each_script_has_a_face_and_words_are_not_torn() {
        let fonts = Fonts::load(&[]);
        let faces = fonts.faces();
        assert_eq!(faces.0.len(), BUILT_IN.len(), "all of them can be read");
        let plain = Look::default();
        for (letter, face) in [
            ('a', 0),
            ('ß', 0),
            ('Ж', 0),
            ('田', 3),
            ('あ', 3),
            ('김', 3),
            ('們', 3),
            ('م', 4),
            ('ש', 5),
            ('✓', 6),
            ('😀', 7),
        ] {
            assert_eq!(faces.of(letter, plain, None), Some(face), "{letter}");
        }
        assert_eq!(faces.of('。', plain, Some(3)), Some(3));
        assert_eq!(faces.of('a', plain, Some(3)), Some(0));
        assert_eq!(faces.of('a', Look { mono: true, strong: true }, None), Some(MONO));
        assert_eq!(faces.of('\u{13000}', plain, None), None, "there are scripts that we have no face for");
    }
}
