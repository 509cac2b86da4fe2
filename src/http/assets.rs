//! The style sheet, scripts and icon, embedded in the program.
//!
//! Their addresses carry a hash of their content, so that a browser may keep them for ever.
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Assets;

/// How much of the hash goes into the address.
const HASH_BYTES: usize = 8;

/// The address of a file in `static/`, or nothing useful for one that is not there.
#[must_use]
pub fn address(name: &str) -> String {
    match (Assets::get(name), name.rsplit_once('.')) {
        (Some(file), Some((stem, ending))) => format!("/static/{stem}-{}.{ending}", hash(&file)),
        _ => format!("/static/{name}"),
    }
}

/// Serves a file by the address that [`address`] made.
pub async fn serve(Path(requested): Path<String>) -> Response {
    let Some((file, name)) = find(&requested) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type(&name))),
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static("public, max-age=31536000, immutable"),
            ),
        ],
        file.data,
    )
        .into_response()
}

/// The file whose name and hash an address carries.
fn find(requested: &str) -> Option<(EmbeddedFile, String)> {
    let (stem, ending) = requested.rsplit_once('.')?;
    let (stem, given) = stem.rsplit_once('-')?;
    let name = format!("{stem}.{ending}");
    let file = Assets::get(&name)?;
    (hash(&file) == given).then_some((file, name))
}

fn hash(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    HEXLOWER.encode(hash.get(..HASH_BYTES).unwrap_or(&hash))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_file() {
        let address = address("style.css");
        let requested = address.strip_prefix("/static/").unwrap();
        let (file, name) = find(requested).unwrap();
        assert_eq!(name, "style.css");
        assert!(!file.data.is_empty());
    }

    #[test]
    fn another_hash_finds_nothing() {
        assert!(find("style-0000000000000000.css").is_none());
        assert!(find("style.css").is_none());
        assert!(find("../Cargo-0000000000000000.toml").is_none());
    }
}
