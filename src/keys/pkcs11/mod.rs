//! Private keys in a token: a security module, or a card, behind a PKCS #11 library (OASIS PKCS #11 v2.40 and later).
//!
//! | file | idea |
//! |---|---|
//! | [`uri`] | which module, token and key are meant |
//! | [`tokens`] | modules that are loaded and tokens that are logged in to |
//! | [`objects`] | the private keys of a token, with their public halves |
//! | [`token_key`] | an identity out of one of them |
//!
//! A module is foreign code that runs in this process: only the one that the user named by its path is ever loaded.

mod objects;
mod token_key;
mod tokens;
pub mod uri;

pub use token_key::TokenKey;
pub use tokens::{PinRequest, Tokens};
pub use uri::{TokenUri, UriError, is_token_uri};

use cryptoki::error::{Error, RvError};

use super::token_error::TokenError;

/// What a failure of the module means, whatever was asked of it.
fn told(error: Error, token: &str) -> TokenError {
    let token = token.to_owned();
    match error {
        Error::Pkcs11(
            RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::CryptokiNotInitialized
            | RvError::UserNotLoggedIn,
            _,
        ) => TokenError::Gone(token),
        Error::Pkcs11(RvError::PinLocked, _) => TokenError::Blocked(token),
        Error::Pkcs11(RvError::UserPinNotInitialized | RvError::PinExpired, _) => TokenError::UnsetPin(token),
        Error::Pkcs11(value, function) => {
            let reason = format!("C_{function:?}: {}", standard_name(&format!("{value:?}")));
            TokenError::Failed { token, reason }
        }
        error => TokenError::Failed { token, reason: error.to_string() },
    }
}

/// `ArgumentsBad` as the standard spells it, CKR_ARGUMENTS_BAD: what people search for.
fn standard_name(name: &str) -> String {
    let mut standard = String::from("CKR");
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            standard.push('_');
        }
        standard.push(c.to_ascii_uppercase());
    }
    standard
}
