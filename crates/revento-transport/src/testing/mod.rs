//! Test doubles, by when to use them.
//!
//! The first choice is none of them: the sandbox answers as the platform does, over real sockets, and has
//! faults of its own. Take a double where a test is about the code around the call.
//!
//! | you want to see | take |
//! |---|---|
//! | what your code sends, and what it makes of this very answer | [`Scripted`] |
//! | that a call which is lost, doubtful or broken is survived | [`Faults`] around a real transport or another double |
//! | that your own deadline or cancellation works | [`NeverAnswers`] |
//! | that a conversation of yesterday still goes the same way, offline | [`Recorder`] once, [`Replay`] ever after |
//!
//! All are deterministic: no clock, no randomness, no sleep.

mod faults;
#[cfg(feature = "recording")]
mod recording;
mod scripted;
#[cfg(feature = "recording")]
mod scrub;
mod silent;

pub use faults::{Fault, Faults};
#[cfg(feature = "recording")]
pub use recording::{Recorder, Recording, RecordingError, Replay};
pub use scripted::Scripted;
pub use silent::NeverAnswers;

/// What a transport gives.
type Answer = Result<http::Response<bytes::Bytes>, crate::TransportError>;
