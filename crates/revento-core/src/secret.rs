//! Secrets as types: they redact themselves, are wiped on drop, and show their text only to
//! [`expose`](AccessToken::expose), so that every use can be found by one search (invariant T5).

use std::fmt;

use zeroize::Zeroizing;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes a secret's text as it stands.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Zeroizing::new(text.into()))
            }

            /// The secret itself. Whoever calls this answers for where it goes.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    )*};
}

secrets! {
    /// A bearer token for the read API. Lives one hour (contract §2.4).
    AccessToken;
    /// A one-time token that buys the next pair of tokens. Using it twice revokes the whole family (contract §2.4).
    RefreshToken;
    /// A confidential client's secret. Public clients have none.
    ClientSecret;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_a_secret() {
        let token = AccessToken::new("rev_install_planted");
        assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
        assert_eq!(token.expose(), "rev_install_planted");
    }
}
