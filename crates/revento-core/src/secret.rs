//! Secrets as types (invariant T5). `Debug` redacts them and dropping wipes them. Only [`expose`](AccessToken::expose) gives
//! their text, so that one search finds each use.

use std::fmt;

use zeroize::Zeroizing;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// A secret with this text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Zeroizing::new(text.into()))
            }

            /// The text of the secret. The caller is responsible for where it goes.
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
    /// A bearer token for the read API. It lives one hour (contract §2.4).
    AccessToken;
    /// A one-time token for the next pair of tokens. A second use revokes the whole family (contract §2.4).
    RefreshToken;
    /// The secret of a confidential client. Public clients have none.
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
