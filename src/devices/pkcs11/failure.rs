//! What a module's error means.

use cryptoki::error::{Error, RvError};

use crate::keys::TokenError;

/// What a failure of the module means, whatever was asked of it. `token` is the token's label, or what was asked for.
pub(super) fn token_error(error: Error, token: &str) -> TokenError {
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
