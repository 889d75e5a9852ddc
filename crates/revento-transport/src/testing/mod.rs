//! Test doubles, listed by when to use them.
//!
//! Prefer the sandbox: it answers as the platform does, over real sockets, and injects faults itself. Use a double
//! when the test is about the code around the call.
//!
//! | your test checks | use |
//! |---|---|
//! | what your code sends, and how it reads a given response | [`Scripted`] |
//! | that your code survives a lost request, a lost answer or a broken answer | [`Faults`] around a real transport or another double |
//! | that your own deadline or cancellation works | [`NeverAnswers`] |
//! | that a recorded conversation still goes the same way, offline | [`Recorder`] once, then [`Replay`] |
//!
//! All are deterministic: no clock, no randomness, no sleep.

mod faults;
mod never_answers;
#[cfg(feature = "recording")]
mod recording;
#[cfg(feature = "recording")]
mod redact;
mod scripted;

pub use faults::{Faults, TransportFault};
pub use never_answers::NeverAnswers;
#[cfg(feature = "recording")]
pub use recording::{Recorder, Recording, RecordingError, Replay};
pub use scripted::Scripted;

/// What [`Transport::send`](crate::Transport::send) returns.
type TransportResult = Result<http::Response<bytes::Bytes>, crate::TransportError>;
