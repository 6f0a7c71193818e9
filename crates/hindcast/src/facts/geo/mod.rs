//! Where an address is: what the operator's files say, or else the table that comes with the program.

mod file;
pub(crate) mod shared;
mod shelf;
mod table;

pub use file::{About, File, FileError, Kind};
pub use shelf::{Kept, Shelf};
pub use table::Table;

use std::net::IpAddr;
use std::sync::Arc;

/// A country, as two letters of ISO 3166-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(pub [u8; 2]);

impl Country {
    /// Reads two letters; nothing when it is something else, or stands for no country.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 2] = text.as_bytes().try_into().ok()?;
        let is_country = bytes.iter().all(u8::is_ascii_alphabetic);
        let code = Self(bytes.map(|byte| byte.to_ascii_uppercase()));
        (is_country && !matches!(&code.0, b"ZZ" | b"XX" | b"EU" | b"AP")).then_some(code)
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What is known of where an address is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The country.
    pub country: Option<Country>,
    /// Latitude and longitude of the city.
    pub point: Option<(f32, f32)>,
    /// The number of the network it belongs to.
    pub asn: Option<u32>,
    /// Whose network that is.
    pub org: Option<Arc<str>>,
}

/// All that knows where addresses are, at one moment.
#[derive(Default)]
pub struct Geo {
    /// The operator's files; the first one that knows something is believed.
    pub files: Vec<Arc<File>>,
    /// Whether the table that comes with the program may be asked.
    pub with_table: bool,
}

impl Geo {
    /// Where an address is. Special addresses are nowhere.
    pub fn find(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        for file in &self.files {
            file.find(address, &mut place);
        }
        if self.asks_table() {
            place.country = Table::builtin().and_then(|table| table.find(address));
        }
        place
    }

    /// Whether the table is asked: it is for those who have no file.
    pub fn asks_table(&self) -> bool {
        self.with_table && !self.has_countries()
    }

    /// Whether a file knows countries.
    pub fn has_countries(&self) -> bool {
        self.files.iter().any(|file| file.has_countries())
    }
}
