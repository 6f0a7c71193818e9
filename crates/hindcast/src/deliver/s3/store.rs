//! The storage itself: `object_store` speaks to it, through our guarded client and no other.

use super::super::web::Web;
use super::super::{Invalid, Sender, Settings};
use crate::objects::{Http, next, told};
use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    Attribute, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Files are at most a batch long, and some are read again after a start.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);

/// A bucket.
pub(super) struct Store {
    store: Arc<dyn ObjectStore>,
    runtime: Option<Runtime>,
}

impl Drop for Store {
    fn drop(&mut self) {
        // Settings are checked by opening a bucket, also where nothing may wait, as the end of a runtime would.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another time.
    Later(String),
    /// Not before somebody changes something there.
    Refused(String),
    /// Not at all.
    Never(String),
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is there now.
    Done,
    /// One of that name was there before.
    Exists,
}

impl Store {
    /// From the fields of the kind; what keys begin with beside it.
    pub fn open(settings: &Settings, sender: &Sender) -> Result<(Self, String), Invalid> {
        let bucket = settings.required("bucket")?;
        let wrong = || {
            Invalid::new(
                "bucket",
                "must be s3://bucket, gs://bucket or az://container, and may end in /prefix of A-Z, a-z, 0-9 and ._=-",
            )
        };
        let (scheme, rest) = bucket.split_once("://").ok_or_else(wrong)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Of other characters, storages and copies on disk make different names.
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._=/-".contains(&b);
        if bucket.is_empty()
            || prefix.starts_with('/')
            || prefix.contains("//")
            || !prefix.bytes().all(is_plain)
        {
            return Err(wrong());
        }
        let web = Web::new(&sender.guard, TIMEOUT, settings)?.with_answers(ANSWER_BYTES_MAX);
        let http = Http::new(web);
        let store = match scheme {
            "s3" => s3(settings, bucket, http)?,
            "gs" => google(settings, bucket, http)?,
            "az" => azure(settings, bucket, http)?,
            _ => return Err(wrong()),
        };
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok((Self::over(store).map_err(|error| Invalid::new("bucket", error.to_string()))?, prefix))
    }

    /// Over a storage that is open.
    pub fn over(store: Arc<dyn ObjectStore>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self { store, runtime: Some(runtime) })
    }

    /// Writes a file; with `is_new` only if there is none of that name.
    pub fn put(
        &mut self,
        key: &str,
        body: Vec<u8>,
        media_type: &'static str,
        is_new: bool,
    ) -> Result<Put, Trouble> {
        let mut options = PutOptions::from(if is_new { PutMode::Create } else { PutMode::Overwrite });
        options.attributes.insert(Attribute::ContentType, media_type.into());
        let path = Path::from(key);
        let put = self.store.put_opts(&path, PutPayload::from(body), options);
        self.wait_for(async {
            match put.await {
                Ok(_) => Ok(Put::Done),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Exists),
                Err(error) => Err(error),
            }
        })
    }

    /// Reads a file.
    pub fn get(&mut self, key: &str) -> Result<Bytes, Trouble> {
        let path = Path::from(key);
        self.wait_for(async { self.store.get(&path).await?.bytes().await })
    }

    /// Takes a file away.
    pub fn delete(&mut self, key: &str) -> Result<(), Trouble> {
        self.wait_for(self.store.delete(&Path::from(key)))
    }

    /// All keys that begin with `root`, in order, from the folder `from` within on.
    pub fn list(&mut self, root: &str, from: &str) -> Result<Vec<String>, Trouble> {
        let (root, offset) = (Path::from(root), Path::from(format!("{root}{from}")));
        let mut keys = self.wait_for(async {
            let mut listed = match from.is_empty() {
                true => self.store.list(Some(&root)),
                false => self.store.list_with_offset(Some(&root), &offset),
            };
            let mut keys = Vec::new();
            while let Some(meta) = next(&mut listed).await {
                keys.push(meta?.location.to_string());
            }
            Ok(keys)
        })?;
        keys.sort_unstable();
        Ok(keys)
    }

    fn wait_for<T>(&self, done: impl Future<Output = object_store::Result<T>>) -> Result<T, Trouble> {
        let Some(runtime) = &self.runtime else { return Err(Trouble::Later("it is closed".to_owned())) };
        runtime.block_on(done).map_err(Trouble::of)
    }
}

fn s3(settings: &Settings, bucket: &str, http: Http) -> Result<Arc<dyn ObjectStore>, Invalid> {
    let key =
        settings.text("access_key").ok_or_else(|| Invalid::new("access_key", "is required for s3://"))?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(settings.text("region").unwrap_or("us-east-1"))
        .with_access_key_id(key)
        .with_secret_access_key(settings.required("secret_key")?)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_allow_http(true)
        .with_retry(once())
        .with_http_connector(http);
    if let Some(token) = settings.text("session_token") {
        builder = builder.with_token(token);
    }
    builder = match settings.text("endpoint") {
        Some(endpoint) => builder.with_endpoint(endpoint),
        None => builder.with_virtual_hosted_style_request(true),
    };
    Ok(Arc::new(builder.build().map_err(|error| Invalid::new("bucket", error.to_string()))?))
}

/// `secret_key` is the key of a service account in JSON.
fn google(settings: &Settings, bucket: &str, http: Http) -> Result<Arc<dyn ObjectStore>, Invalid> {
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_service_account_key(settings.required("secret_key")?)
        .with_retry(once())
        .with_http_connector(http);
    let store = builder.build();
    Ok(Arc::new(
        store.map_err(|_| Invalid::new("secret_key", "must be the key of a service account in JSON"))?,
    ))
}

/// `access_key` is the name of the storage account.
fn azure(settings: &Settings, container: &str, http: Http) -> Result<Arc<dyn ObjectStore>, Invalid> {
    let account = settings.text("access_key");
    let account =
        account.ok_or_else(|| Invalid::new("access_key", "must name the storage account for az://"))?;
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_access_key(settings.required("secret_key")?)
        .with_container_name(container)
        .with_allow_http(true)
        .with_retry(once())
        .with_http_connector(http);
    if let Some(endpoint) = settings.text("endpoint") {
        builder = builder.with_endpoint(endpoint.to_owned());
    }
    Ok(Arc::new(builder.build().map_err(|error| Invalid::new("secret_key", error.to_string()))?))
}

/// The dispatcher tries again, and tells people meanwhile.
fn once() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

impl Trouble {
    fn of(error: Error) -> Self {
        let text = told(&error);
        match error {
            Error::NotFound { .. } | Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Self::Refused(text)
            }
            Error::InvalidPath { .. } => Self::Never(text),
            _ => Self::Later(text),
        }
    }
}
