//! A MaxMind DB of the operator: what it knows, and where in its records that stands.
//!
//! MaxMind and DB-IP write `country.iso_code`, ip-location-db `country_code`, IPinfo `country`; what a file has is found out
//! by looking at its first records, for names in the metadata are anybody's.

use super::{Country, Place};
use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::Path;

/// So many records are looked at to find out what a file has.
const RECORDS_LOOKED_AT: usize = 2000;
/// The name of an organisation is kept up to this length.
const ORG_BYTES_MAX: usize = 120;

type Names = &'static [&'static str];

const COUNTRIES: [Names; 4] =
    [&["country", "iso_code"], &["country_code"], &["country"], &["registered_country", "iso_code"]];
const POINTS: [(Names, Names); 2] =
    [(&["location", "latitude"], &["location", "longitude"]), (&["latitude"], &["longitude"])];
const NUMBERS: [Names; 2] = [&["autonomous_system_number"], &["asn"]];
const ORGS: [Names; 3] = [&["autonomous_system_organization"], &["as_name"], &["as_org"]];

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Cities with their places.
    City,
    /// Countries alone.
    Country,
    /// Whose network it is.
    Asn,
}

impl Kind {
    /// The word for it in names of files and in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Country => "country",
            Self::Asn => "asn",
        }
    }
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there, or may not be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no MaxMind DB, or a damaged one.
    #[error("it is no sound MaxMind DB: {0}")]
    Damaged(#[from] MaxMindDbError),
    /// Nothing in it is of use here.
    #[error("its records have no country, no place and no network that we know how to read")]
    Useless,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What it is for.
    pub kind: Kind,
    /// Its type, such as `GeoLite2-City`.
    pub database: String,
    /// Its description in English, where there is one.
    pub description: String,
    /// When it was built, in seconds since 1970.
    pub built: u64,
    /// How large it is.
    pub bytes: u64,
}

/// A MaxMind DB that is of use.
pub struct File {
    reader: Reader<Vec<u8>>,
    about: About,
    countries: Vec<Names>,
    point: Option<(Names, Names)>,
    number: Option<Names>,
    org: Option<Names>,
}

impl File {
    /// Reads a file, all of it: one that is damaged is refused.
    pub fn open(file: &Path) -> Result<Self, FileError> {
        Self::read(std::fs::read(file)?)
    }

    /// The same of its bytes.
    pub fn read(bytes: Vec<u8>) -> Result<Self, FileError> {
        let size = bytes.len() as u64;
        let reader = Reader::from_source(bytes)?;
        reader.verify()?;
        let found = Found::in_records(&reader)?;
        let kind = found.kind().ok_or(FileError::Useless)?;
        let metadata = reader.metadata();
        let about = About {
            kind,
            database: metadata.database_type.clone(),
            description: metadata.description.get("en").cloned().unwrap_or_default(),
            built: metadata.build_epoch,
            bytes: size,
        };
        let Found { countries, point, number, org } = found;
        Ok(Self { reader, about, countries, point, number, org })
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether it knows countries.
    pub fn has_countries(&self) -> bool {
        !self.countries.is_empty()
    }

    /// Adds what it knows of an address and is not known yet.
    pub fn find(&self, address: IpAddr, place: &mut Place) {
        // An IPv6 address is not to be found in a file of IPv4; any other mistake of a file that was verified is none of ours.
        let Ok(found) = self.reader.lookup(address) else { return };
        if !found.has_data() {
            return;
        }
        let text = |names: Names| found.decode_path::<&str>(&path(names)).ok().flatten();
        let number = |names: Names| found.decode_path::<f64>(&path(names)).ok().flatten();
        if place.country.is_none() {
            place.country = self.countries.iter().find_map(|names| text(names).and_then(Country::parse));
        }
        if let Some((lat, lon)) = self.point.filter(|_| place.point.is_none()) {
            place.point = number(lat).zip(number(lon)).map(|(lat, lon)| (lat as f32, lon as f32));
        }
        if let Some(names) = self.number.filter(|_| place.asn.is_none()) {
            place.asn = found.decode_path::<Number>(&path(names)).ok().flatten().and_then(Number::read);
        }
        if let Some(names) = self.org.filter(|_| place.org.is_none()) {
            place.org = text(names).map(|org| org[..org.floor_char_boundary(ORG_BYTES_MAX)].into());
        }
    }
}

/// The number of a network: as a number, or as `AS64496`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'n> {
    Number(u32),
    Text(&'n str),
}

impl Number<'_> {
    fn read(self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.strip_prefix("AS").unwrap_or(text).parse().ok(),
        }
    }
}

/// Where in the records of a file what stands.
#[derive(Default)]
struct Found {
    countries: Vec<Names>,
    point: Option<(Names, Names)>,
    number: Option<Names>,
    org: Option<Names>,
}

impl Found {
    fn in_records(reader: &Reader<Vec<u8>>) -> Result<Self, MaxMindDbError> {
        let mut found = Self::default();
        for record in reader.networks(WithinOptions::default())?.take(RECORDS_LOOKED_AT) {
            let record = record?;
            let has_text =
                |names: Names| record.decode_path::<&str>(&path(names)).is_ok_and(|text| text.is_some());
            let has_number =
                |names: Names| record.decode_path::<f64>(&path(names)).is_ok_and(|number| number.is_some());
            for names in COUNTRIES {
                if !found.countries.contains(&names) && has_text(names) {
                    found.countries.push(names);
                }
            }
            found.point = found
                .point
                .or_else(|| POINTS.into_iter().find(|(lat, lon)| has_number(lat) && has_number(lon)));
            found.number = found.number.or_else(|| {
                NUMBERS.into_iter().find(|names| {
                    record.decode_path::<Number>(&path(names)).is_ok_and(|number| number.is_some())
                })
            });
            found.org = found.org.or_else(|| ORGS.into_iter().find(|names| has_text(names)));
        }
        // In the order in which they are believed.
        found.countries.sort_by_key(|names| COUNTRIES.iter().position(|known| known == names));
        Ok(found)
    }

    fn kind(&self) -> Option<Kind> {
        if self.point.is_some() && !self.countries.is_empty() {
            Some(Kind::City)
        } else if !self.countries.is_empty() {
            Some(Kind::Country)
        } else {
            self.number.map(|_| Kind::Asn)
        }
    }
}

fn path(names: Names) -> Vec<PathElement<'static>> {
    names.iter().map(|name| PathElement::Key(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::mmdb::database;

    fn found(records: &[(&str, &str)], address: &str) -> (Kind, Place) {
        let file = File::read(database("Test", records)).expect("sound");
        let mut place = Place::default();
        file.find(address.parse().expect("an address"), &mut place);
        (file.about().kind, place)
    }

    #[test]
    fn every_shape_that_is_around_is_read() {
        let jp = Country::parse("JP");
        for (record, kind, place) in [
            (
                r#"{"country":{"iso_code":"JP","names":{"en":"Japan"}}}"#,
                Kind::Country,
                Place { country: jp, ..Place::default() },
            ),
            (r#"{"country_code":"JP"}"#, Kind::Country, Place { country: jp, ..Place::default() }),
            (
                r#"{"country":"JP","asn":"AS64496","as_name":"Example"}"#,
                Kind::Country,
                Place { country: jp, asn: Some(64_496), org: Some("Example".into()), ..Place::default() },
            ),
            (
                r#"{"registered_country":{"iso_code":"JP"}}"#,
                Kind::Country,
                Place { country: jp, ..Place::default() },
            ),
            (
                r#"{"country":{"iso_code":"JP"},"location":{"latitude":35.5,"longitude":139.75}}"#,
                Kind::City,
                Place { country: jp, point: Some((35.5, 139.75)), ..Place::default() },
            ),
            (
                r#"{"country_code":"JP","latitude":35.5,"longitude":139.75,"city":"Tokyo"}"#,
                Kind::City,
                Place { country: jp, point: Some((35.5, 139.75)), ..Place::default() },
            ),
            (
                r#"{"autonomous_system_number":64496,"autonomous_system_organization":"Example"}"#,
                Kind::Asn,
                Place { asn: Some(64_496), org: Some("Example".into()), ..Place::default() },
            ),
        ] {
            let records = [("203.0.113.0/24", record)];
            assert_eq!(found(&records, "203.0.113.9"), (kind, place), "{record}");
            assert_eq!(found(&records, "203.0.112.9").1, Place::default());
            assert_eq!(found(&records, "2001:db8::1").1, Place::default());
        }
    }

    #[test]
    fn a_file_that_is_damaged_or_of_no_use_is_refused() {
        let sound = database("Test", &[("203.0.113.0/24", r#"{"country_code":"JP"}"#)]);
        assert!(File::read(sound.clone()).is_ok());
        for cut in [0, 10, sound.len() / 2, sound.len() - 1] {
            assert!(matches!(File::read(sound[..cut].to_vec()), Err(FileError::Damaged(_))), "{cut}");
        }
        let mut flipped = sound;
        flipped[3] = 0xff;
        assert!(File::read(flipped).is_err());
        let useless = database("Test", &[("203.0.113.0/24", r#"{"colour":"blue"}"#)]);
        assert!(matches!(File::read(useless), Err(FileError::Useless)));
        assert!(matches!(File::open(Path::new("/nowhere")), Err(FileError::Unreadable(_))));
    }
}
