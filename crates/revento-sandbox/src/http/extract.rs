//! What handlers extract.

use std::sync::Arc;

use crate::runtime::Runtime;

/// The running sandbox, as the state of every handler.
pub(super) type SharedRuntime = axum::extract::State<Arc<Runtime>>;
