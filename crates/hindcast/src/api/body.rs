//! Bodies: read within a limit and a time, unpacked within a limit, and taken as JSON.
//!
//! What is unpacked is limited by what comes out, so a small body that swells is refused before it fills the memory.

use super::error::Problem;
use crate::app::App;
use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures_core::Stream;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

/// A body must have arrived within this time.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);
/// What is thrown away of a body that is too large, so that its sender hears why it was refused.
const DRAINED_BYTES_MAX: usize = 32 * 1024 * 1024;
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);
/// Bodies of everything but events; the text of a rule fits, even if all of it is escaped.
const JSON_BYTES_MAX: usize = 512 * 1024;
/// Windows of zstd up to 8 MiB, as RFC 8878 recommends.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
const CHUNK_BYTES: usize = 64 * 1024;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    /// Reads `Content-Encoding`.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(named) = headers.get(CONTENT_ENCODING) else { return Ok(Self::Identity) };
        match named.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => {
                let detail = "a body may be packed with gzip or with zstd, once";
                let problem =
                    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail);
                Err(problem.header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd")))
            }
        }
    }

    /// Unpacks a body to at most `max` bytes.
    pub fn unpack(self, packed: Bytes, max: usize) -> Result<Bytes, Problem> {
        match self {
            Self::Identity => Ok(packed),
            Self::Gzip => gunzip(&packed, max).map(Bytes::from),
            Self::Zstd => unzstd(&packed, max).map(Bytes::from),
        }
    }
}

/// The media type of a body, without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let named = headers.get(CONTENT_TYPE)?.to_str().unwrap_or("?");
    Some(named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Whether a media type is some kind of JSON.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// Reads a body of at most `max` bytes.
pub async fn read(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut stream = body.into_data_stream();
    let collected = async {
        if announced.is_some_and(|length| length > max) {
            Err(too_large(max))
        } else {
            collect(&mut stream, announced, max).await
        }
    };
    let arrived = tokio::time::timeout(BODY_TIME_MAX, collected).await.unwrap_or_else(|_| {
        let detail = format!("the body did not arrive within {} seconds", BODY_TIME_MAX.as_secs());
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail))
    });
    if arrived.as_ref().is_err_and(|problem| problem.status() == StatusCode::PAYLOAD_TOO_LARGE) {
        // Who is still sending would see a broken connection instead of our answer.
        let _in_time = tokio::time::timeout(DRAIN_TIME_MAX, drain(&mut stream)).await;
    }
    arrived
}

async fn next(stream: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    match poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await {
        Some(Ok(chunk)) => Ok(Some(chunk)),
        Some(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "body_cut_short", "the body broke off")),
        None => Ok(None),
    }
}

async fn collect(
    stream: &mut BodyDataStream,
    announced: Option<usize>,
    max: usize,
) -> Result<Bytes, Problem> {
    // Most bodies come in one piece, which is then used as it is.
    let Some(first) = next(stream).await? else { return Ok(Bytes::new()) };
    if first.len() > max {
        return Err(too_large(max));
    }
    let Some(second) = next(stream).await? else { return Ok(first) };
    let mut whole = BytesMut::with_capacity(announced.unwrap_or(2 * first.len()).min(max));
    whole.extend_from_slice(&first);
    let mut chunk = Some(second);
    while let Some(more) = chunk {
        if whole.len() + more.len() > max {
            return Err(too_large(max));
        }
        whole.extend_from_slice(&more);
        chunk = next(stream).await?;
    }
    Ok(whole.freeze())
}

/// Throws away what still comes, up to a limit.
async fn drain(stream: &mut BodyDataStream) {
    let mut drained = 0;
    while let Ok(Some(chunk)) = next(stream).await
        && drained < DRAINED_BYTES_MAX
    {
        drained += chunk.len();
    }
}

fn too_large(max: usize) -> Problem {
    let detail = format!("a body may have {max} bytes, after unpacking too");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn unreadable(what: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "unreadable_encoding", what)
}

/// What was unpacked so far, with its limits.
struct Unpacked {
    out: Vec<u8>,
    max: usize,
}

impl Unpacked {
    fn new(packed: usize, max: usize) -> Self {
        Self { out: Vec::with_capacity(packed.saturating_mul(4).min(max)), max }
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let bytes = self.out.len() + chunk.len();
        if bytes > self.max {
            return Err(too_large(self.max));
        }
        self.out.extend_from_slice(chunk);
        Ok(())
    }
}

fn gunzip(packed: &[u8], max: usize) -> Result<Vec<u8>, Problem> {
    let mut unpacked = Unpacked::new(packed.len(), max);
    let mut decoder = MultiGzDecoder::new(packed);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match decoder.read(&mut chunk).map_err(|_| unreadable("the body is not whole gzip"))? {
            0 => return Ok(unpacked.out),
            read => unpacked.take(&chunk[..read])?,
        }
    }
}

fn unzstd(packed: &[u8], max: usize) -> Result<Vec<u8>, Problem> {
    let broken = || unreadable("the body is not whole zstd, or needs a window of more than 8 MiB");
    let mut unpacked = Unpacked::new(packed.len(), max);
    let mut decoder = Decoder::new().map_err(Problem::internal)?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX)).map_err(Problem::internal)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut input = InBuffer::around(packed);
    loop {
        let mut output = OutBuffer::around(&mut chunk);
        let read = input.pos();
        let wanted = decoder.run(&mut input, &mut output).map_err(|_| broken())?;
        let written = output.as_slice().len();
        let stuck = input.pos() == read && written == 0;
        unpacked.take(output.as_slice())?;
        let is_end = input.pos() == packed.len();
        match wanted {
            // A frame has ended; another may follow.
            0 if is_end => return Ok(unpacked.out),
            0 => decoder.reinit().map_err(|_| broken())?,
            _ if stuck || (is_end && written < CHUNK_BYTES) => return Err(broken()),
            _ => {}
        }
    }
}

/// A body that is one JSON value, for everything that is not an event.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !media_type(&parts.headers).is_none_or(|named| is_json(&named)) {
            let detail = "the body must be application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let packed = read(&parts.headers, body, JSON_BYTES_MAX).await?;
        let bytes = Encoding::of(&parts.headers)?.unpack(packed, JSON_BYTES_MAX)?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON, or names the field that is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            serde_json::error::Category::Data => {
                let problem =
                    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", error.to_string());
                // What is wrong with the body as a whole is at no path.
                if path == "." { problem } else { problem.field(&path) }
            }
            _ => Problem::new(StatusCode::BAD_REQUEST, "invalid_json", error.to_string()),
        }
    })?;
    let ended = reader.end();
    ended.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_json", error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 3).expect("packed")
    }

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn packed_bodies_come_out_as_they_were() {
        for bytes in [vec![], b"{}".to_vec(), noise(300_000), noise(CHUNK_BYTES), b"again ".repeat(30_000)] {
            for (encoding, packed) in [(Encoding::Gzip, gzip(&bytes)), (Encoding::Zstd, zstd(&bytes))] {
                let max = 400_000;
                assert_eq!(encoding.unpack(packed.clone().into(), max).expect("whole"), bytes);
                let twice = [packed.clone(), packed].concat();
                let unpacked = encoding.unpack(twice.into(), 2 * max).expect("two frames");
                assert_eq!(unpacked, [bytes.clone(), bytes.clone()].concat());
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0; 64 << 20];
        for (encoding, packed) in [(Encoding::Gzip, gzip(&zeros)), (Encoding::Zstd, zstd(&zeros))] {
            for max in [1 << 20, 16 << 20] {
                let problem = encoding.unpack(packed.clone().into(), max).expect_err("a bomb");
                assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE, "{encoding:?} {max}");
            }
        }
    }

    #[test]
    fn bodies_that_break_off_are_refused() {
        let bytes = noise(200_000);
        for (encoding, packed) in [(Encoding::Gzip, gzip(&bytes)), (Encoding::Zstd, zstd(&bytes))] {
            for cut in [1, 5, packed.len() / 2, packed.len() - 1] {
                let cut = packed[..cut].to_vec();
                assert!(encoding.unpack(cut.clone().into(), 1 << 20).is_err(), "{encoding:?} {}", cut.len());
            }
            assert!(encoding.unpack(b"no such thing".to_vec().into(), 1 << 20).is_err());
        }
    }

    #[test]
    fn a_wide_window_is_refused() {
        let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
        encoder.set_parameter(::zstd::zstd_safe::CParameter::WindowLog(25)).expect("set");
        encoder.write_all(&noise(1000)).expect("packed");
        let packed = encoder.finish().expect("packed");
        assert_eq!(
            Encoding::Zstd.unpack(packed.into(), 1 << 20).expect_err("too wide").code(),
            "unreadable_encoding"
        );
    }

    #[test]
    fn json_that_does_not_fit_is_refused_by_field() {
        type Days = std::collections::BTreeMap<String, Vec<u32>>;
        let refused = |json: &str| {
            let problem = parse::<Days>(json.as_bytes()).expect_err(json);
            let told: serde_json::Value = serde_json::from_slice(&problem.to_json("r")).expect("JSON");
            (problem.code(), told["field"].as_str().map(str::to_owned))
        };
        assert_eq!(refused(r#"{"a": [1, "x"]}"#), ("invalid_body", Some("a[1]".to_owned())));
        assert_eq!(refused("[]"), ("invalid_body", None));
        assert_eq!(refused(r#"{"a": [1]} {}"#), ("invalid_json", None));
        assert_eq!(refused("{"), ("invalid_json", None));
        assert_eq!(parse::<Days>(br#"{"a": [1]}"#).expect("good")["a"], [1]);
    }

    #[test]
    fn an_encoding_is_named_once() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
            Encoding::of(&headers).ok()
        };
        assert_eq!(
            [of("gzip"), of("ZSTD"), of("identity")],
            [Encoding::Gzip, Encoding::Zstd, Encoding::Identity].map(Some)
        );
        assert_eq!([of("br"), of("gzip, gzip"), of("deflate")], [None; 3]);
    }
}
