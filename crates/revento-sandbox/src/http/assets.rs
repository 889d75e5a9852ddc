//! Style sheets, the icon and the script, embedded in the binary.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error_response::ErrorResponse;

const CSP: &str = "default-src 'none'; sandbox";

pub(super) async fn file(Path(name): Path<String>) -> Result<Response, ErrorResponse> {
    let (kind, text) = match name.as_str() {
        "base.css" => ("text/css; charset=utf-8", include_str!("../../assets/base.css")),
        "console.css" => (
            "text/css; charset=utf-8",
            include_str!("../../assets/console.css"),
        ),
        "live.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../assets/live.js"),
        ),
        "icon.svg" => ("image/svg+xml", include_str!("../../assets/icon.svg")),
        _ => return Err(ErrorResponse::not_found(format!("There is no file '{name}'."))),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "max-age=60"),
        (header::CONTENT_SECURITY_POLICY, CSP),
    ];
    Ok((headers, text).into_response())
}
