//! Private keys in a token: a security module, or a card, behind a PKCS #11 library (OASIS PKCS #11 v2.40 and later).
//!
//! | file | idea |
//! |---|---|
//! | [`uri`] | which module, token and key are meant |
//! | `token` | a token that is logged in to |
//! | `tokens` | modules that are loaded and tokens that are logged in to |
//! | `objects` | the private keys of a token, with their public halves |
//! | `failure` | what a module's error means |
//! | `token_key` | an identity out of one of them |
//!
//! A module is foreign code that runs in this process: only the one that the user named by its path is ever loaded.

mod failure;
mod objects;
mod token;
mod token_key;
mod tokens;
pub mod uri;

pub use token::PinRequest;
pub use token_key::TokenKey;
pub use tokens::Tokens;
pub use uri::{TokenUri, UriError, is_token_uri};
