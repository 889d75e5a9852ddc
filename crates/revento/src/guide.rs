#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../guide/README.md")]

// The pages are in docs/guide; the symbolic link `guide` brings them into the package. A code host follows the definitions of links
// at the end of a page. In rustdoc those of links.md count, because they come first.

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/your-own-store.md")]
pub mod your_own_store {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/badge-printer.md")]
pub mod badge_printer {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/participant-portal.md")]
pub mod participant_portal {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/spreadsheet-sync.md")]
pub mod spreadsheet_sync {}
