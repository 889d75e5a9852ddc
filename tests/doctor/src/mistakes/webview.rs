//! Mistakes on the page in the frame.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("webview-framable", "lets nobody frame the webview page"),
    ("webview-frame-ancestors", "lets everybody frame the webview page"),
    (
        "webview-frame-options",
        "sends X-Frame-Options with the webview page",
    ),
    (
        "webview-cookie-same-site",
        "sets the cookies of the frame with SameSite=Lax",
    ),
    (
        "webview-cookie-partitioned",
        "sets the cookies of the frame without Partitioned",
    ),
    ("webview-other-pages", "lets everybody frame the other pages"),
];
