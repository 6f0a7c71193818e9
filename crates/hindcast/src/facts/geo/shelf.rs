//! The shelf: which files of the operator are in use, and how they are put there and taken away while the server runs.
//!
//! Files named in the settings are read where they are; those that were uploaded lie in the data folder, one of each kind. A
//! file is read and checked before it takes the place of another, so that a damaged one changes nothing.

use super::{About, File, FileError, Geo, Kind};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A file on the shelf.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it lies.
    pub file: PathBuf,
    /// Whether it was uploaded, and may be taken away.
    pub is_uploaded: bool,
    /// What it says of itself, if it is in use.
    pub about: Option<About>,
    /// What is wrong with what lies there now; the one before stays in use if there was one.
    pub problem: Option<String>,
}

/// See the module.
pub struct Shelf {
    folder: PathBuf,
    paths: Vec<PathBuf>,
    with_table: bool,
    geo: RwLock<Arc<Geo>>,
    read: Mutex<Vec<(Kept, Option<Arc<File>>)>>,
}

impl Shelf {
    /// Reads what is there. Files that cannot be used are told of and left out.
    pub fn open(folder: PathBuf, paths: Vec<PathBuf>, with_table: bool) -> Self {
        let shelf = Self { folder, paths, with_table, geo: RwLock::default(), read: Mutex::default() };
        shelf.reload();
        shelf
    }

    /// All that knows where addresses are, at this moment.
    pub fn geo(&self) -> Arc<Geo> {
        self.geo.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is on the shelf.
    pub fn kept(&self) -> Vec<Kept> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().map(|(kept, _)| kept.clone()).collect()
    }

    /// Reads all files again. What cannot be used leaves in use what was read before.
    pub fn reload(&self) -> Vec<Kept> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let uploaded = [Kind::City, Kind::Country, Kind::Asn].map(|kind| (self.place(kind), true));
        let uploaded = uploaded.into_iter().filter(|(file, _)| file.exists());
        let named = self.paths.iter().map(|file| (file.clone(), false));
        let mut now = Vec::new();
        for (file, is_uploaded) in uploaded.chain(named) {
            let before = read.iter().find(|(kept, _)| kept.file == file).and_then(|(_, read)| read.clone());
            let (found, problem) = match File::open(&file) {
                Ok(found) => (Some(Arc::new(found)), None),
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "a geo file is not used");
                    (before, Some(error.to_string()))
                }
            };
            let about = found.as_ref().map(|found| found.about().clone());
            now.push((Kept { file, is_uploaded, about, problem }, found));
        }
        let mut files: Vec<Arc<File>> = now.iter().filter_map(|(_, found)| found.clone()).collect();
        // Cities know more than countries do; among the same, what was uploaded stands before what is named.
        files.sort_by_key(|file| file.about().kind);
        let geo = Arc::new(Geo { files, with_table: self.with_table });
        *self.geo.write().unwrap_or_else(PoisonError::into_inner) = geo;
        *read = now;
        read.iter().map(|(kept, _)| kept.clone()).collect()
    }

    /// Where an upload may be written until it is [`Self::put`].
    pub fn arriving(&self) -> io::Result<tempfile::NamedTempFile> {
        crate::app::private_folder(&self.folder).map_err(io::Error::other)?;
        tempfile::Builder::new().prefix("arriving").tempfile_in(&self.folder)
    }

    /// Takes a file in that has arrived, in place of the one of its kind.
    pub fn put(&self, arrived: tempfile::TempPath) -> Result<About, FileError> {
        let about = File::open(&arrived)?.about().clone();
        fs::File::open(&arrived)?.sync_all()?;
        arrived.persist(self.place(about.kind)).map_err(|error| error.error)?;
        fs::File::open(&self.folder)?.sync_all()?;
        self.reload();
        Ok(about)
    }

    /// Takes away the uploaded file of a kind; says whether there was one.
    pub fn remove(&self, kind: Kind) -> io::Result<bool> {
        match fs::remove_file(self.place(kind)) {
            Ok(()) => {
                self.reload();
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Where the uploaded file of a kind lies.
    pub(super) fn place(&self, kind: Kind) -> PathBuf {
        Path::new(&self.folder).join(format!("{}.mmdb", kind.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Country;
    use super::*;
    use crate::facts::mmdb::database;
    use std::io::Write as _;

    fn of_country(code: &str) -> Vec<u8> {
        database("Test", &[("203.0.113.0/24", &format!(r#"{{"country_code":"{code}"}}"#))])
    }

    fn put(shelf: &Shelf, bytes: &[u8]) -> Result<About, FileError> {
        let mut file = shelf.arriving().expect("a place");
        file.write_all(bytes).expect("written");
        shelf.put(file.into_temp_path())
    }

    fn country(shelf: &Shelf) -> Option<Country> {
        shelf.geo().find("203.0.113.9".parse().expect("an address")).country
    }

    #[test]
    fn files_come_and_go_while_the_server_runs_and_damaged_ones_change_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let named = folder.path().join("named.mmdb");
        fs::write(&named, of_country("DE")).expect("written");
        let shelf = Shelf::open(folder.path().join("geo"), vec![named.clone()], true);
        assert_eq!(country(&shelf), Country::parse("DE"));
        assert_eq!(put(&shelf, &of_country("JP")).expect("sound").kind, Kind::Country);
        assert_eq!(country(&shelf), Country::parse("JP"), "what was uploaded stands before what is named");
        let sound = of_country("FR");
        assert!(put(&shelf, &sound[..sound.len() - 9]).is_err());
        assert_eq!(country(&shelf), Country::parse("JP"));
        assert!(shelf.remove(Kind::Country).expect("removed") && !shelf.remove(Kind::Country).expect("gone"));
        assert_eq!(country(&shelf), Country::parse("DE"));

        fs::write(&named, b"no longer a database").expect("written");
        assert!(shelf.reload()[0].problem.is_some());
        assert_eq!(country(&shelf), Country::parse("DE"), "the old one stays");
        fs::write(&named, of_country("BR")).expect("written");
        assert!(shelf.reload()[0].problem.is_none());
        assert_eq!(country(&shelf), Country::parse("BR"));
        let left: Vec<_> = fs::read_dir(folder.path().join("geo")).expect("read").collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn without_files_there_is_the_table_and_without_that_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let find = |with_table| {
            let shelf = Shelf::open(folder.path().to_owned(), Vec::new(), with_table);
            shelf.geo().find("133.11.0.1".parse().expect("an address")).country
        };
        assert_eq!((find(true), find(false)), (Country::parse("JP"), None));
    }
}
