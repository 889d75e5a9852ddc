#![doc = include_str!("guide/links.md")]
#![doc = include_str!("../guide/README.md")]

// The pages are in docs/guide; the symbolic link `guide` brings them into the package. A code host follows the definitions of links
// at the end of a page. In rustdoc those of links.md count, because they come first.

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/mental-model.md")]
pub mod mental_model {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/verify-a-webhook.md")]
pub mod verify_a_webhook {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/connect.md")]
pub mod connect {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/sign-in.md")]
pub mod sign_in {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/other-frameworks.md")]
pub mod other_frameworks {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/read.md")]
pub mod read {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/receive-and-handle.md")]
pub mod receive_and_handle {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/keep-in-sync.md")]
pub mod keep_in_sync {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/delete-in-time.md")]
pub mod delete_in_time {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/test-your-integration.md")]
pub mod test_your_integration {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/before-launch.md")]
pub mod before_launch {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/deploy.md")]
pub mod deploy {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/operate.md")]
pub mod operate {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/your-own-store.md")]
pub mod your_own_store {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/your-own-transport.md")]
pub mod your_own_transport {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/from-node-or-python.md")]
pub mod from_node_or_python {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/badge-printer.md")]
pub mod badge_printer {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/participant-portal.md")]
pub mod participant_portal {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/spreadsheet-sync.md")]
pub mod spreadsheet_sync {}
