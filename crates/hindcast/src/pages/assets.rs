//! Styles, scripts and pictures: part of the binary, served under a name that changes with them and cached for ever.

use crate::api::Problem;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! ui {
    ($name:literal) => {
        include_str!(concat!("../../../../ui/", $name))
    };
}

const ASSETS: [Asset; 14] = [
    Asset {
        name: "app.css",
        kind: CSS,
        text: concat!(
            "@layer reset, tokens, base, components, pages, print;\n",
            ui!("styles/tokens.css"),
            ui!("styles/base.css"),
            ui!("styles/components.css"),
            ui!("styles/pages.css"),
            ui!("styles/print.css")
        ),
    },
    Asset { name: "icons.svg", kind: SVG, text: ui!("icons.svg") },
    Asset { name: "favicon.svg", kind: SVG, text: ui!("favicon.svg") },
    Asset { name: "htmx.js", kind: JS, text: ui!("vendor/htmx.min.js") },
    Asset { name: "app.js", kind: JS, text: ui!("js/app.js") },
    Asset { name: "keys.js", kind: JS, text: ui!("js/keys.js") },
    Asset { name: "time.js", kind: JS, text: ui!("js/time.js") },
    Asset { name: "tail.js", kind: JS, text: ui!("js/tail.js") },
    Asset { name: "brush.js", kind: JS, text: ui!("js/brush.js") },
    Asset { name: "combo.js", kind: JS, text: ui!("js/combo.js") },
    Asset { name: "copy.js", kind: JS, text: ui!("js/copy.js") },
    Asset { name: "dialog.js", kind: JS, text: ui!("js/dialog.js") },
    Asset { name: "drop.js", kind: JS, text: ui!("js/drop.js") },
    Asset { name: "progress.js", kind: JS, text: ui!("js/progress.js") },
];

/// The folder all assets are served from; its name tells their contents.
pub static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    ASSETS.iter().for_each(|asset| hash.update(asset.text));
    format!("/assets/{}", crate::hex::hex(&hash.finalize()[..6]))
});

/// Serves one.
pub async fn asset(Path((folder, name)): Path<(String, String)>) -> Response {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let Some(asset) = asset.filter(|_| FOLDER.strip_prefix("/assets/") == Some(&folder)) else {
        return Problem::not_found("there is no such asset").into_response();
    };
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn what_is_vendored_is_what_was_published() {
        let folder = PathBuf::from("../../ui/vendor");
        let list = std::fs::read_to_string(folder.join("VENDOR.toml")).expect("the list");
        let list: toml::Table = list.parse().expect("TOML");
        assert!(!list.is_empty());
        for (file, about) in list {
            let bytes = std::fs::read(folder.join(&file)).expect("the file");
            let hash = crate::hex::hex(&Sha256::digest(&bytes));
            assert_eq!(about["sha256"].as_str(), Some(hash.as_str()), "{file}");
            for member in ["name", "version", "source", "license", "license_file"] {
                assert!(about[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {file}");
            }
            assert!(folder.join(about["license_file"].as_str().unwrap_or_default()).exists());
        }
    }

    #[test]
    fn every_script_that_another_one_wants_is_served() {
        for asset in ASSETS.iter().filter(|asset| asset.kind == JS) {
            for wanted in asset.text.split(" from './").skip(1).filter_map(|rest| rest.split('\'').next()) {
                assert!(ASSETS.iter().any(|one| one.name == wanted), "{} wants {wanted}", asset.name);
            }
        }
    }

    #[test]
    fn no_style_or_script_leads_out_of_the_house() {
        for asset in ASSETS.iter().filter(|asset| asset.name != "htmx.js") {
            for line in asset.text.lines().filter(|line| !line.contains("www.w3.org")) {
                assert!(!line.contains("://"), "{}: {line}", asset.name);
            }
            assert!(!asset.text.contains("innerHTML"), "{} builds HTML", asset.name);
        }
    }
}
