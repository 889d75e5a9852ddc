//! [`ResourceKind`]: what a row is a copy of.

use std::fmt;

/// The kinds of resources that a mirror copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResourceKind {
    /// The event itself.
    Event,
    /// A participant, with the application and its answers.
    Participant,
    /// An activity of the program.
    Activity,
    /// A thread of the program.
    Thread,
    /// A location.
    Location,
    /// A registration wave.
    RegistrationWave,
}

impl ResourceKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Event,
        Self::Participant,
        Self::Activity,
        Self::Thread,
        Self::Location,
        Self::RegistrationWave,
    ];

    /// The name in `snake_case`, as stores keep it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Participant => "participant",
            Self::Activity => "activity",
            Self::Thread => "thread",
            Self::Location => "location",
            Self::RegistrationWave => "registration_wave",
        }
    }

    /// The kind with this [name](Self::as_str).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
