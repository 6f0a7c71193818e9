//! Files that all servers reach, in an object storage or a folder on a shared disk.
//!
//! What was kept under a name is never changed: a name is written once, and whoever comes second finds out whether it holds
//! the same. So copies stay valid for as long as they exist, and nobody has to lock anything.

use crate::config::Storage;
use crate::deliver::Guard;
use crate::deliver::web::Web;
use crate::objects::{Http, next, told};
use crate::waiting::{wait, wait_with};
use anyhow::{Context as _, bail};
use bytes::{Bytes, BytesMut};
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload, RetryConfig,
};
use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;
use ureq::tls::RootCerts;

/// So much is sent or asked for at once; the memory that a file takes on its way.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;
/// An answer may have a list in it, or a piece and what it is wrapped in.
const ANSWER_BYTES_MAX: u64 = 2 * PIECE_BYTES;
/// For one piece.
const TIMEOUT: Duration = Duration::from_secs(60);
/// After failures, it is tried again for so long.
const RETRIED: Duration = Duration::from_secs(20);
const RETRIES_MAX: usize = 6;

/// The files of all servers; see the module.
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    place: String,
    /// What the storage waits with; taken at the end, which must not wait.
    runtime: Option<Runtime>,
}

/// A file that was found in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// When it was kept, by the clock of the storage.
    pub since: SystemTime,
    /// How long it is.
    pub bytes: u64,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Bucket").field(&self.place).finish()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Bucket {
    /// Opens what `storage.bucket` names. Whether it can be reached is for [`Self::check`] to find out.
    pub fn open(storage: &Storage) -> anyhow::Result<Self> {
        let (scheme, rest) = storage.bucket.split_once("://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/').to_owned();
        let secret = storage.bucket_secret()?;
        let (store, prefix): (Arc<dyn ObjectStore>, _) = match scheme {
            "s3" => (Arc::new(s3(storage, bucket, secret)?), prefix),
            "gs" => (Arc::new(google(bucket, secret)?), prefix),
            "az" => (Arc::new(azure(storage, bucket, secret)?), prefix),
            "file" => (Arc::new(folder(Path::new(rest))?), String::new()),
            _ => bail!("storage.bucket must be s3://bucket, gs://bucket, az://container or file:///folder"),
        };
        let place = storage.bucket.clone();
        Self::over(store, prefix, place).context("storage.bucket")
    }

    /// Over a storage that is open.
    pub fn over(store: Arc<dyn ObjectStore>, prefix: String, place: String) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bucket")
            .enable_time()
            .build()?;
        Ok(Self { store, prefix, place, runtime: Some(runtime) })
    }

    /// What people are told of it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether files can be kept, read and removed, with a file that is gone afterwards.
    pub fn check(&self, name: &str) -> io::Result<()> {
        self.put(name, Bytes::from_static(b"hindcast"))?;
        let read = self.read(name, None)?;
        self.remove(name)?;
        match &read[..] == b"hindcast" {
            true => Ok(()),
            false => {
                Err(io::Error::other(format!("{}: it does not give back what it was given", self.place)))
            }
        }
    }

    /// Keeps bytes. The same bytes may be kept twice; others are refused.
    pub fn put(&self, name: &str, bytes: Bytes) -> io::Result<()> {
        let (key, payload) = (self.key(name), PutPayload::from(bytes.clone()));
        let put = self.wait(async {
            match self.store.put_opts(&key, payload, PutOptions::from(PutMode::Create)).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        if put || self.read(name, None)? == bytes {
            return Ok(());
        }
        Err(self.is_taken(name))
    }

    fn is_taken(&self, name: &str) -> io::Error {
        let why = format!("{}: there is another file called {name}", self.place);
        io::Error::new(io::ErrorKind::AlreadyExists, why)
    }

    /// Keeps a file, as [`Self::put`] does. One that is sent in pieces is only looked for before that.
    pub fn put_file(&self, name: &str, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes <= PIECE_BYTES {
            let mut all = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
            file.read_to_end(&mut all)?;
            return self.put(name, all.into());
        }
        if self.wait(self.store.head(&self.key(name))).is_ok() {
            return Err(self.is_taken(name));
        }
        let mut upload = self.wait(self.store.put_multipart(&self.key(name)))?;
        let sent = self.send(&mut *upload, &file, bytes);
        if sent.is_err() {
            // What cannot be taken back now is left to the storage's own rules for uploads that were not finished.
            let _taken_back = self.wait(upload.abort());
        }
        sent
    }

    fn send(&self, upload: &mut dyn MultipartUpload, file: &File, bytes: u64) -> io::Result<()> {
        for range in pieces(0..bytes) {
            let mut piece = vec![0; (range.end - range.start) as usize];
            file.read_exact_at(&mut piece, range.start)?;
            self.wait(upload.put_part(piece.into()))?;
        }
        self.wait(upload.complete()).map(drop)
    }

    /// Reads a range of a file, or all of it.
    pub fn read(&self, name: &str, range: Option<Range<u64>>) -> io::Result<Bytes> {
        let Some(range) = range else { return self.read_all(name) };
        let mut read = BytesMut::new();
        for piece in pieces(range) {
            read.extend_from_slice(&self.piece(name, piece)?.0);
        }
        Ok(read.freeze())
    }

    fn read_all(&self, name: &str) -> io::Result<Bytes> {
        let (first, bytes) = match self.piece(name, 0..PIECE_BYTES) {
            Ok(first) => first,
            // There is no first piece of an empty file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
            Err(error) => match self.wait(self.store.head(&self.key(name)))?.size {
                0 => return Ok(Bytes::new()),
                _ => return Err(error),
            },
        };
        if first.len() as u64 == bytes {
            return Ok(first);
        }
        let mut read = BytesMut::from(&first[..]);
        read.extend_from_slice(&self.read(name, Some(PIECE_BYTES..bytes))?);
        Ok(read.freeze())
    }

    /// A piece of a file, as much of it as there is, and how long all of it is.
    fn piece(&self, name: &str, range: Range<u64>) -> io::Result<(Bytes, u64)> {
        let key = self.key(name);
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        self.wait(async {
            let got = self.store.get_opts(&key, options).await?;
            let bytes = got.meta.size;
            Ok((got.bytes().await?, bytes))
        })
    }

    /// Brings a file to a path, where it appears as a whole.
    pub fn bring(&self, name: &str, path: &Path) -> io::Result<()> {
        let coming = path.with_extension("coming");
        let file = File::create(&coming)?;
        let bytes = self.wait(self.store.head(&self.key(name)))?.size;
        for range in pieces(0..bytes) {
            file.write_all_at(&self.piece(name, range.clone())?.0, range.start)?;
        }
        file.sync_all()?;
        std::fs::rename(&coming, path)
    }

    /// All files below a folder, in no order.
    pub fn list(&self, folder: &str) -> io::Result<Vec<Found>> {
        let root = self.key(folder);
        let cut = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        self.wait(async {
            let (mut listed, mut found) = (self.store.list(Some(&root)), Vec::new());
            while let Some(meta) = next(&mut listed).await {
                let meta = meta?;
                let name = meta.location.as_ref().get(cut..).unwrap_or_default().to_owned();
                found.push(Found { name, since: meta.last_modified.into(), bytes: meta.size });
            }
            Ok(found)
        })
    }

    /// Takes a file away; one that is not there is no error.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.wait(self.store.delete(&self.key(name)));
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn key(&self, name: &str) -> Key {
        match self.prefix.is_empty() {
            true => Key::from(name),
            false => Key::from(format!("{}/{name}", self.prefix)),
        }
    }

    /// Waits in the thread that asks.
    fn wait<T>(&self, done: impl Future<Output = object_store::Result<T>>) -> io::Result<T> {
        let done = match &self.runtime {
            Some(runtime) => wait_with(runtime, done),
            None => wait(done),
        };
        done.map_err(|error| {
            let kind = match error {
                Error::NotFound { .. } => io::ErrorKind::NotFound,
                Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                    io::ErrorKind::PermissionDenied
                }
                _ => io::ErrorKind::HostUnreachable,
            };
            io::Error::new(kind, format!("{}: {}", self.place, told(&error)))
        })
    }
}

fn pieces(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    let starts = (range.start..end).step_by(PIECE_BYTES as usize);
    starts.map(move |start| start..end.min(start + PIECE_BYTES))
}

/// The operator's own storage may lie in any network.
fn http() -> Http {
    let guard = Arc::new(Guard::none());
    Http::new(Web::trusting(&guard, TIMEOUT, RootCerts::WebPki).with_answers(ANSWER_BYTES_MAX))
}

fn retried() -> RetryConfig {
    RetryConfig { max_retries: RETRIES_MAX, retry_timeout: RETRIED, ..RetryConfig::default() }
}

/// What the settings do not say comes from the environment, as other tools for S3 have it: `AWS_ACCESS_KEY_ID`, a role of the
/// machine or of the pod.
fn s3(
    storage: &Storage,
    bucket: &str,
    secret: Option<String>,
) -> anyhow::Result<object_store::aws::AmazonS3> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_allow_http(true)
        .with_retry(retried())
        .with_http_connector(http());
    if !storage.bucket_region.is_empty() {
        builder = builder.with_region(&storage.bucket_region);
    }
    if !storage.bucket_endpoint.is_empty() {
        builder = builder.with_endpoint(&storage.bucket_endpoint);
    }
    if let Some(secret) = secret {
        builder = builder.with_access_key_id(&storage.bucket_access_key).with_secret_access_key(secret);
    }
    builder.build().context("storage.bucket")
}

/// The secret is the key of a service account in JSON.
fn google(bucket: &str, secret: Option<String>) -> anyhow::Result<object_store::gcp::GoogleCloudStorage> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retried())
        .with_http_connector(http());
    if let Some(secret) = secret {
        builder = builder.with_service_account_key(secret);
    }
    builder.build().context("storage.bucket")
}

/// The access key is the name of the storage account.
fn azure(
    storage: &Storage,
    container: &str,
    secret: Option<String>,
) -> anyhow::Result<object_store::azure::MicrosoftAzure> {
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(container)
        .with_allow_http(true)
        .with_retry(retried())
        .with_http_connector(http());
    if !storage.bucket_endpoint.is_empty() {
        builder = builder.with_endpoint(storage.bucket_endpoint.clone());
    }
    if let Some(secret) = secret {
        builder = builder.with_account(&storage.bucket_access_key).with_access_key(secret);
    }
    builder.build().context("storage.bucket")
}

fn folder(path: &Path) -> anyhow::Result<LocalFileSystem> {
    std::fs::create_dir_all(path)
        .with_context(|| format!("storage.bucket: cannot make {}", path.display()))?;
    let store = LocalFileSystem::new_with_prefix(path).context("storage.bucket")?;
    Ok(store.with_automatic_cleanup(true).with_fsync(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(folder: &Path) -> Bucket {
        Bucket::over(Arc::new(super::folder(folder).unwrap()), "logs".to_owned(), "a folder".to_owned())
            .unwrap()
    }

    #[test]
    fn what_was_kept_is_read_again_whole_or_in_part_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = bucket(folder.path());
        bucket.check("node").unwrap();
        bucket.put("a/b", Bytes::from_static(b"0123456789")).unwrap();
        bucket.put("a/b", Bytes::from_static(b"0123456789")).expect("the same");
        let other = bucket.put("a/b", Bytes::from_static(b"else")).unwrap_err();
        assert_eq!(other.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(&bucket.read("a/b", None).unwrap()[..], b"0123456789");
        assert_eq!(&bucket.read("a/b", Some(3..6)).unwrap()[..], b"345");
        assert_eq!(bucket.read("a/c", None).unwrap_err().kind(), io::ErrorKind::NotFound);
        bucket.put("a/empty", Bytes::new()).unwrap();
        assert!(bucket.read("a/empty", None).unwrap().is_empty());
        let mut names: Vec<_> = bucket.list("a").unwrap().into_iter().map(|found| found.name).collect();
        names.sort();
        assert_eq!(names, ["a/b", "a/empty"]);
        bucket.remove("a/b").unwrap();
        bucket.remove("a/b").expect("gone");
        assert_eq!(bucket.list("a").unwrap().len(), 1);
    }

    #[test]
    fn large_files_travel_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = bucket(&folder.path().join("bucket"));
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 77).map(|nth| (nth % 251) as u8).collect();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        std::fs::write(&here, &bytes).unwrap();
        bucket.put_file("large", &here).unwrap();
        bucket.bring("large", &there).unwrap();
        assert!(std::fs::read(&there).unwrap() == bytes);
        assert!(bucket.read("large", None).unwrap() == bytes);
        let across = PIECE_BYTES - 5..PIECE_BYTES + 5;
        let range = across.start as usize..across.end as usize;
        assert_eq!(bucket.read("large", Some(across)).unwrap()[..], bytes[range]);
    }
}
