//! The console: static files, compressed into the binary. No framework, no build step, nothing
//! from elsewhere; what it does is in `static/js`, its words in `static/words`.

use std::io::Read;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

/// One file of the console.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its bytes, gzip-compressed.
    pub gzip: &'static [u8],
}

macro_rules! asset {
    ($path:expr, $file:literal, $kind:expr) => {
        Asset {
            path: $path,
            kind: $kind,
            gzip: include_bytes!(concat!(env!("OUT_DIR"), "/console/", $file, ".gz")),
        }
    };
    ($file:literal, $kind:expr) => {
        asset!(concat!("/console/", $file), $file, $kind)
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Every file.
pub const ASSETS: [Asset; 17] = [
    asset!("/", "index.html", HTML),
    asset!("style.css", CSS),
    asset!("icon.svg", SVG),
    asset!("js/api.js", SCRIPT),
    asset!("js/desk/chat.js", SCRIPT),
    asset!("js/desk/desk.js", SCRIPT),
    asset!("js/desk/list.js", SCRIPT),
    asset!("js/desk/overview.js", SCRIPT),
    asset!("js/desk/whom.js", SCRIPT),
    asset!("js/dom.js", SCRIPT),
    asset!("js/live.js", SCRIPT),
    asset!("js/login.js", SCRIPT),
    asset!("js/main.js", SCRIPT),
    asset!("js/store.js", SCRIPT),
    asset!("js/words.js", SCRIPT),
    asset!("words/en.json", JSON),
    asset!("words/pt-BR.json", JSON),
];

/// Answers a request for `asset`: compressed for whoever takes that, 304 for whoever has it.
pub fn serve(asset: &Asset, request: &HeaderMap) -> Response {
    let tag = etag(asset);
    let mut response = if lists(request, header::IF_NONE_MATCH, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if lists(request, header::ACCEPT_ENCODING, "gzip") {
        ([(header::CONTENT_ENCODING, "gzip")], asset.gzip).into_response()
    } else {
        inflate(asset).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A weak tag: both forms have the same content. CRC-32 and length are the last eight bytes of a
/// gzip member (RFC 1952, 2.3.1).
fn etag(asset: &Asset) -> String {
    let tail = asset.gzip.last_chunk::<8>().copied().unwrap_or_default();
    format!("W/\"{:016x}\"", u64::from_be_bytes(tail))
}

/// Whether a header's comma-separated list has `item`, whatever parameters it carries.
fn lists(request: &HeaderMap, name: header::HeaderName, item: &str) -> bool {
    let lines = request.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut items = lines.flat_map(|line| line.split(','));
    items.any(|found| match found.trim().split_once(";q=") {
        Some((found, weight)) => found == item && !weight.trim_matches(['0', '.']).is_empty(),
        None => found.trim() == item,
    })
}

fn inflate(asset: &Asset) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = GzDecoder::new(asset.gzip).read_to_end(&mut bytes) {
        tracing::error!(%error, asset.path, "a file of the console is damaged");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn gzip_is_for_whoever_takes_it() {
        let encoding =
            |accept| serve(&ASSETS[0], &asked(header::ACCEPT_ENCODING, accept)).headers().clone();
        for takes in ["gzip", "br, gzip", "gzip;q=0.5"] {
            assert_eq!(encoding(takes)[header::CONTENT_ENCODING], "gzip", "{takes}");
        }
        for not in ["", "br", "gzip;q=0", "gzip;q=0.000", "x-gzip"] {
            assert!(!encoding(not).contains_key(header::CONTENT_ENCODING), "{not}");
        }
        assert!(inflate(&ASSETS[0]).starts_with(b"<!doctype html>"));
    }

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        let first = serve(&ASSETS[1], &HeaderMap::new());
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let status = |tag: &str| serve(&ASSETS[1], &asked(header::IF_NONE_MATCH, tag)).status();
        assert_eq!(status(tag), StatusCode::NOT_MODIFIED);
        assert_eq!(status(&format!("\"x\", {tag}")), StatusCode::NOT_MODIFIED);
        assert_eq!(status("W/\"0\""), StatusCode::OK);
    }
}
