//! What can go wrong with a token: what holds keys behind a PKCS #11 module.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a token did not do what it was asked. Texts of the module and the token may hold any character.
#[derive(Debug, Error, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TokenError {
    /// The module cannot be loaded, or is none.
    #[error("cannot load the PKCS #11 module \"{module}\": {reason}")]
    NoModule {
        /// Its path.
        module: String,
        /// In the loader's words.
        reason: String,
    },
    /// No token, or none of those that were asked for.
    #[error("the module has no token{}; {}", spaced(wanted), listed(there, "it has none", "it has"))]
    NoToken {
        /// What was asked for.
        wanted: String,
        /// The tokens that are there.
        there: Vec<String>,
    },
    /// Several tokens are what was asked for.
    #[error("several tokens could be meant: {}", .0.join(", "))]
    SeveralTokens(Vec<String>),
    /// The PIN is wrong.
    #[error("wrong PIN for the token \"{token}\"{}", if *last { ", one try is left" } else if *few { ", few tries are left" } else { "" })]
    WrongPin {
        /// The token's label.
        token: String,
        /// It has been wrong before; tokens do not count for others.
        few: bool,
        /// The next one is the last.
        last: bool,
    },
    /// One try is left, which is not used without a person who knows of it.
    #[error("there is one try left for the PIN of the token \"{0}\"")]
    LastTry(String),
    /// The PIN is blocked.
    #[error("the PIN of the token \"{0}\" is blocked")]
    Blocked(String),
    /// The PIN was never set, or must be changed first.
    #[error("the token \"{0}\" has no PIN yet, or wants a new one")]
    UnsetPin(String),
    /// No private key, or none of those that were asked for.
    #[error("the token \"{token}\" has no private key{}; {}", spaced(wanted), listed(there, "it shows none", "it has"))]
    NoKey {
        /// The token's label.
        token: String,
        /// What was asked for.
        wanted: String,
        /// The private keys that are there.
        there: Vec<String>,
    },
    /// The key opens nothing.
    #[error("the key {key} of the token \"{token}\" cannot open streams: {reason}")]
    NotForDecryption {
        /// The token's label.
        token: String,
        /// The key's name.
        key: String,
        /// What is missing.
        reason: Cow<'static, str>,
    },
    /// The token went away, or dropped the session.
    #[error("the token \"{0}\" went away")]
    Gone(String),
    /// The module failed, in PKCS #11's words.
    #[error("the module of the token \"{token}\" failed: {reason}")]
    Failed {
        /// The token's label.
        token: String,
        /// The function and its return value.
        reason: String,
    },
}

fn spaced(wanted: &str) -> String {
    if wanted.is_empty() { String::new() } else { format!(" {wanted}") }
}

fn listed(names: &[String], none: &str, some: &str) -> String {
    match names {
        [] => none.into(),
        names => format!("{some} {}", names.join(", ")),
    }
}
