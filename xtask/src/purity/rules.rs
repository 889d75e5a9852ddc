//! The architecture as a table. A new crate gets a row. A new dependency below the line gets an entry in the allow list, and the
//! commit message gives the reason.

/// The rule for one workspace crate.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// The workspace crates that it may use. Development dependencies are not checked.
    pub(super) uses: &'static [&'static str],
    /// Those of them that have to be optional dependencies.
    pub(super) only_by_feature: &'static [&'static str],
    pub(super) kind: Kind,
}

impl Rule {
    const fn any(name: &'static str, uses: &'static [&'static str]) -> Self {
        Self {
            name,
            uses,
            only_by_feature: &[],
            kind: Kind::Any,
        }
    }

    const fn pure(name: &'static str, uses: &'static [&'static str]) -> Self {
        Self {
            kind: Kind::Pure,
            ..Self::any(name, uses)
        }
    }
}

/// The kind of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Below the line: no I/O, no clock and no randomness in its whole tree.
    Pure,
    /// Re-exports only.
    Facade,
    /// Not published, and no crate uses it: it may use every workspace crate.
    Top,
    Any,
}

const CORE: &str = "revento-core";
const OAUTH: &str = "revento-oauth";
const WEBHOOKS: &str = "revento-webhooks";
const STORE: &str = "revento-store";
const TRANSPORT: &str = "revento-transport";
const API: &str = "revento-api";
const INBOX: &str = "revento-inbox";
const MIRROR: &str = "revento-mirror";
const SEAL: &str = "revento-seal";
const TOWER: &str = "revento-tower";

const WEB: &str = "revento-web";

/// The crates that an adapter to a web framework may use: the parts that need no framework.
const ADAPTER: &[&str] = &[CORE, TOWER, WEB];

/// The crates that the facade re-exports.
const BEHIND_THE_FACADE: &[&str] = &[
    CORE,
    OAUTH,
    WEBHOOKS,
    STORE,
    TRANSPORT,
    API,
    INBOX,
    MIRROR,
    SEAL,
    TOWER,
    WEB,
    "revento-axum",
    "revento-actix",
    "revento-transport-reqwest",
    "revento-transport-hyper",
    "revento-store-sqlite",
    "revento-store-postgres",
    "revento-store-mysql",
    "revento-store-redis",
    "revento-store-nats",
    "revento-store-testkit",
];

pub(super) const RULES: &[Rule] = &[
    // L0 and L1 machines: below the line.
    Rule::pure(CORE, &[]),
    Rule {
        only_by_feature: &[CORE],
        ..Rule::pure(WEBHOOKS, &[CORE])
    },
    Rule::pure(OAUTH, &[CORE]),
    // L1 traits.
    Rule::any(STORE, &[CORE]),
    Rule::any(TRANSPORT, &[CORE]),
    // L2 drivers.
    Rule::any(API, &[CORE, OAUTH, STORE, TRANSPORT]),
    Rule::any(INBOX, &[CORE, STORE, WEBHOOKS]),
    Rule::any(MIRROR, &[CORE, STORE, API, INBOX]),
    Rule::any(SEAL, &[CORE, STORE]),
    Rule::any("revento-transport-reqwest", &[CORE, TRANSPORT]),
    Rule::any("revento-transport-hyper", &[CORE, TRANSPORT]),
    Rule {
        only_by_feature: &[MIRROR],
        ..Rule::any("revento-store-sqlite", &[CORE, STORE, MIRROR])
    },
    Rule {
        only_by_feature: &[MIRROR],
        ..Rule::any("revento-store-postgres", &[CORE, STORE, MIRROR])
    },
    Rule::any("revento-store-mysql", &[CORE, STORE]),
    Rule::any("revento-store-redis", &[CORE, STORE]),
    Rule::any("revento-store-nats", &[CORE, STORE]),
    // It searches raw dumps for plaintext, so it seals as users do.
    Rule::any("revento-store-testkit", &[CORE, STORE, SEAL]),
    // L3 edges.
    Rule::any(WEB, &[CORE, OAUTH, STORE, API, SEAL]),
    Rule {
        only_by_feature: &[WEB],
        ..Rule::any(TOWER, &[CORE, WEBHOOKS, STORE, INBOX, WEB])
    },
    Rule {
        only_by_feature: &[WEB],
        ..Rule::any("revento-axum", ADAPTER)
    },
    Rule {
        only_by_feature: &[WEB],
        ..Rule::any("revento-actix", ADAPTER)
    },
    // The sandbox judges the client crates, so it shares no code with them.
    Rule::any("revento-sandbox", &[]),
    // So does the doctor, which steers an integration with the sandbox as its platform.
    Rule::any("revento-doctor", &["revento-sandbox"]),
    Rule {
        kind: Kind::Facade,
        ..Rule::any("revento", BEHIND_THE_FACADE)
    },
    Rule::any(
        "revento-cli",
        &[
            "revento",
            "revento-doctor",
            "revento-sandbox",
            "revento-example-service",
        ],
    ),
    // The command runs it.
    Rule::any("revento-example-service", &["revento"]),
    // Not published.
    Rule::any("revento-example-actix", &["revento", "revento-example-service"]),
    Rule::any("revento-example-badge-printer", &["revento"]),
    Rule::any("revento-example-participant-portal", &["revento"]),
    Rule::any("revento-example-ported-quickstart", &["revento"]),
    Rule::any("revento-example-custom-transport", &[TRANSPORT]),
    Rule::any("revento-example-spreadsheet-sync", &["revento"]),
    Rule::any("revento-example-minimal-verifier", &[WEBHOOKS]),
    Rule::any("revento-example-lambda-style", &["revento"]),
    Rule::any(
        "revento-example-custom-store",
        &[CORE, STORE, "revento-store-testkit"],
    ),
    Rule::any("revento-fuzz", &[CORE, OAUTH, WEBHOOKS]),
    Rule {
        kind: Kind::Top,
        ..Rule::any("revento-tests", &[])
    },
    Rule {
        kind: Kind::Top,
        ..Rule::any("revento-trials", &[])
    },
    // The integration by which the doctor is judged: it uses no crate of ours.
    Rule::any("revento-doctor-tests", &[]),
    Rule::any("xtask", &[]),
];

/// The most crates in the tree of the verifier without features, itself included.
pub(super) const LIGHT: (&str, usize) = (WEBHOOKS, 15);

/// The crates that may be in the tree of a crate below the line. Somebody has reviewed each of them: they are types, arithmetic and
/// macros.
pub(super) const ALLOWED_BELOW: &[&str] = &[
    // Vocabulary.
    "bytes",
    "cobs",
    "http",
    "httpdate",
    "itoa",
    "memchr",
    "postcard",
    "serde",
    "serde_core",
    "serde_json",
    "smallvec",
    "thiserror",
    "zmij",
    // Calendar arithmetic; `sources` forbids `now`.
    "jiff",
    "jiff-core",
    // The calendar types of others, each by a feature of core; built without their clocks, and `sources` forbids `now`.
    "autocfg",
    "chrono",
    "deranged",
    "num-conv",
    "num-traits",
    "powerfmt",
    "time",
    "time-core",
    // Cryptography, constant-time comparison, wiping of memory.
    "base16ct",
    "base64",
    "block-buffer",
    "cfg-if",
    "cmov",
    "cpufeatures",
    "crypto-common",
    "ctutils",
    "digest",
    "hmac",
    "hybrid-array",
    "sha2",
    "subtle",
    "typenum",
    "zeroize",
    // URLs and the Unicode tables that international host names need: those of unicode-rs here, of ICU4X in other programs.
    "form_urlencoded",
    "idna",
    "idna_adapter",
    "idna_mapping",
    "percent-encoding",
    "tinyvec",
    "unicode-bidi",
    "unicode-joining-type",
    "unicode-normalization",
    "url",
    "utf8_iter",
    "utf_types",
    // Macros: they run at build time.
    "proc-macro2",
    "quote",
    "serde_derive",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

/// Crates that must never be on the list above.
pub(super) const FORBIDDEN_BELOW: &[(&str, &str)] = &[
    ("async-std", "a runtime"),
    ("fastrand", "randomness"),
    ("getrandom", "randomness"),
    ("hyper", "I/O"),
    ("mio", "I/O"),
    ("rand", "randomness"),
    ("rand_core", "randomness"),
    ("reqwest", "I/O"),
    ("rustix", "I/O"),
    ("smol", "a runtime"),
    ("socket2", "I/O"),
    ("sqlx", "I/O"),
    ("tokio", "a runtime"),
    ("tracing", "asks a global"),
    ("uuid", "randomness, by its version 4"),
];
