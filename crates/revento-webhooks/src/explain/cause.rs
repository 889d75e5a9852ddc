//! The causes of refusals, each with a hint.

use core::fmt;

use crate::error::HeaderError;

/// The certainty of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The signature is valid without this mistake, or the headers show the mistake.
    Proven,
    /// The bytes suggest it.
    Likely,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proven => "certain",
            Self::Likely => "likely",
        })
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $cause:ident $(($of:ty))? : $text:literal, $hint:literal;)*) => {
        /// Why a delivery is refused.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Cause {
            /// A header is missing, empty, repeated or not text.
            Headers(HeaderError),
            /// The signature is valid, but its timestamp is outside the tolerance.
            OutsideWindow {
                /// `now` minus the timestamp, in seconds. Positive if the timestamp lies in the past.
                seconds: i64,
            },
            /// Signed with another credential, by the name that [`Explainer::with_other_credential`] got.
            ///
            /// [`Explainer::with_other_credential`]: crate::Explainer::with_other_credential
            OtherCredential(&'static str),
            /// Signed for the timestamp of another attempt of the same delivery.
            AnotherAttempt {
                /// The signed timestamp minus the header's, in seconds.
                offset: i64,
            },
            $($(#[$doc])* $cause $(($of))?,)*
        }

        impl Cause {
            /// How to correct it.
            pub fn hint(&self) -> &'static str {
                match self {
                    Self::Headers(_) => "Pass the four X-Revento headers on unchanged; some proxies drop, merge or repeat headers",
                    Self::OutsideWindow { seconds: 0.. } => "Compare this machine's clock with a time server; if it is right, this is a replay or a very late copy",
                    Self::OutsideWindow { .. } => "Compare this machine's clock with a time server: it seems to be behind",
                    Self::OtherCredential(_) => "Configure the webhook signing secret from the console's webhook page",
                    Self::AnotherAttempt { .. } => "Take the timestamp and the signature from the same request: each attempt is signed anew",
                    $(Self::$cause { .. } => $hint,)*
                }
            }
        }

        impl fmt::Display for Cause {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Headers(error) => error.fmt(f),
                    Self::OutsideWindow { seconds } => write!(f, "the signature is valid, but the clocks are {} s apart", seconds.unsigned_abs()),
                    Self::OtherCredential(name) => write!(f, "the signature was made with the {name}"),
                    Self::AnotherAttempt { offset } => write!(f, "the signature belongs to an attempt {} s {}", offset.unsigned_abs(), if *offset < 0 { "earlier" } else { "later" }),
                    $(Self::$cause { .. } => f.write_str($text),)*
                }
            }
        }
    };
}

causes! {
    /// Signed with a previous secret whose end has passed.
    ExpiredSecret: "the signature was made with a previous secret that is no longer accepted",
        "Extend its end, or wait until the platform signs with the new one";
    /// Signed with `whsec_` and the configured secret.
    SecretPrefixLost: "the configured secret lacks its prefix",
        "Configure the whole secret as the console shows it, with whsec_";
    /// Signed with the text behind the first `=` of the configured secret.
    SecretAssignment: "the configured secret is a whole NAME=value line",
        "Configure the text behind the first = alone";
    /// Signed with the configured secret after undoing base64, hexadecimal digits or percent-encoding.
    SecretEncoded: "the configured secret is encoded",
        "Configure the secret's text as shown; a Kubernetes manifest needs base64, a program the decoded text";
    /// Signed with the secret decoded from base64 or hexadecimal digits.
    SecretDecoded: "the signer decoded the secret before using it",
        "Both sides use the secret's text as shown, without decoding it";
    /// Signed with the secret without its prefix.
    SecretStripped: "the signer left the secret's prefix out",
        "Both sides use the whole secret as shown, with its prefix";
    /// Signed with the secret and white space.
    SecretWithNewline: "the signer's secret ends with a line break or a space",
        "Remove the white space where the signer reads its secret";
    /// Signed with the text within the configured quotes, or before a written `\n`.
    SecretQuoted: "the configured secret includes quotation marks or a written \\n",
        "Remove the quotation marks of an environment file and a \\n at the end";

    /// The headers have the names of CGI variables (`HTTP_X_REVENTO_EVENT`).
    HeaderNames: "the headers have the names of variables (HTTP_X_REVENTO_EVENT)",
        "Restore the names: remove HTTP_ and replace _ by -";
    /// Nothing of the body arrived.
    EmptyBody: "the body is empty",
        "Read the raw body before anything else consumes it";
    /// The body is white space alone.
    BlankBody: "the body is white space alone",
        "Read the raw body before anything else consumes it; a probe sends such bodies, too";
    /// A line break was added at the end.
    NewlineAdded: "a line break was added to the body",
        "Verify the bytes as received; reading a body line by line changes it";
    /// A line break at the end was lost.
    NewlineLost: "the line break at the body's end was lost",
        "Verify the bytes as received; do not trim them";
    /// White space at the ends was lost.
    SpaceLost: "white space around the body was lost",
        "Verify the bytes as received; do not trim them";
    /// White space at the ends was added.
    SpaceAdded: "white space was added around the body",
        "Verify the bytes as received";
    /// Line breaks were converted.
    LineBreaksConverted: "the body's line breaks were converted",
        "Verify the bytes as received; open files in binary mode";
    /// A byte order mark was added.
    BomAdded: "a byte order mark was added to the body",
        "Verify the bytes as received, and save recorded bodies without a byte order mark";
    /// The byte order mark was lost.
    BomLost: "the body's byte order mark was lost",
        "Verify the bytes as received, before decoding them as text";
    /// The body was decoded as text in a way that loses bytes.
    LossyText: "bytes of the body were replaced while it was decoded as text",
        "Verify the bytes as received; the body need not be UTF-8";
    /// The body came as base64 text.
    Base64: "the body is still encoded as base64",
        "Decode it first: some gateways pass base64 on and say so in a flag";
    /// The body came as hexadecimal digits.
    Hex: "the body is written in hexadecimal digits",
        "Decode it first: databases show bytes that way";
    /// The body came as a form's field or percent-encoded.
    FormEncoded: "the body is encoded as a form",
        "Verify the raw body: something on the way sends it as a form field";
    /// The body was converted between UTF-8 and Latin-1, Windows-1252 or UTF-16.
    OtherCharset: "the body was converted to another character set",
        "Verify the bytes as received; do not read them as Latin-1 or UTF-16 text in between";
    /// The body is compressed.
    Compressed: "the body is compressed",
        "Verify the signed body, without the Content-Encoding of a proxy";
    /// The body is a JSON string, or one within an object, as gateways hand events to functions.
    JsonString: "the body is wrapped into a JSON string",
        "Verify the raw body: the text in the string, decoded from base64 if the gateway says so";
    /// The body was parsed and written again.
    Reserialised: "the body was parsed as JSON and written again",
        "Verify the raw bytes before any middleware parses them";
    /// The end of the body is missing.
    Truncated: "the end of the body is missing",
        "Read the body to its end, and raise the limit that cuts it off";

    /// The timestamp header is not in seconds.
    TimestampNotSeconds: "the timestamp is not in seconds",
        "Pass X-Revento-Timestamp on unchanged: decimal Unix seconds";
    /// The caller's `now` is not in seconds.
    NowNotSeconds: "the signature is valid, but the time of the verification is not in seconds",
        "Give `now` in Unix seconds; JavaScript's Date.now() and Java's currentTimeMillis() count milliseconds";
    /// The timestamp header has a sign, a fraction, a space or other text.
    TimestampFormat: "the timestamp is not a plain number",
        "Pass X-Revento-Timestamp on unchanged: 1 to 12 decimal digits";

    /// The signature lacks `sha256=`.
    SignaturePrefix: "the signature does not begin with sha256=",
        "Pass X-Revento-Signature on unchanged, with its prefix";
    /// The signature's digits are in upper case.
    SignatureCase: "the signature's digits are in upper case",
        "The platform writes lowercase digits; something on the way changes them";
    /// The signature is base64 text.
    SignatureBase64: "the signature is base64 instead of hexadecimal digits",
        "Pass X-Revento-Signature on unchanged; a test sender has to write hexadecimal digits";
    /// The signature is shorter than it has to be.
    SignatureCut: "the signature is cut off",
        "Pass X-Revento-Signature on in full: sha256= and 64 digits";
    /// More than one signature in one header.
    SignatureSeveral: "the header holds several signatures",
        "The platform sends one; a proxy may have merged repeated headers";
    /// The signature has white space or other text around it.
    SignatureFormat: "the signature has other text around it",
        "Pass X-Revento-Signature on unchanged";
    /// The signature covers something else than the timestamp, a dot and the body.
    OtherScheme(&'static str): "the signature does not cover timestamp, dot and body",
        "The sender has to sign the timestamp's text, one dot and the raw body";

    /// No known mistake explains it.
    UnknownSecretOrBody: "the secret is wrong, or the body was altered in an unknown way",
        "Compare the secret with the console's webhook page, and log the length of the raw body at the edge and at the verifier";
}
