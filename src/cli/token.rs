//! The private keys of `-i pkcs11:...`: in a token, behind a PKCS #11 module.

use crate::keys::Identity;

use super::{Failure, PinFlags, Session};

/// What begins such a value of `-i`.
const SCHEME: &str = "pkcs11:";

/// Whether a value of `-i` means a token and not a file.
pub(super) fn is_token(value: &std::path::Path) -> bool {
    value.to_string_lossy().starts_with(SCHEME)
}

/// The tokens of a run: each module is loaded, and each PIN asked for, once.
#[cfg(feature = "pkcs11")]
pub(super) struct TokenRing<'a> {
    tokens: crate::keys::pkcs11::Tokens,
    pins: super::pin::Pins<'a>,
    session: &'a Session,
}

#[cfg(feature = "pkcs11")]
impl<'a> TokenRing<'a> {
    pub fn new(flags: &'a PinFlags, session: &'a Session) -> Self {
        let pins = super::pin::Pins::new(flags);
        TokenRing { tokens: Default::default(), pins, session }
    }

    /// The private keys that a URI means.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: no such URI (2), a PIN that cannot be read (1). A [`crate::keys::DeviceError`] (5).
    pub fn open(&mut self, value: &std::path::Path) -> anyhow::Result<Vec<Box<dyn Identity>>> {
        use crate::keys::pkcs11::{TokenUri, UriError};
        let name = super::text::quoted_path(value);
        let uri = value.to_str().ok_or_else(|| UriError::Encoding(SCHEME.into())).and_then(TokenUri::parse);
        let uri = uri.map_err(|e| {
            let hint = match e {
                UriError::PinValue | UriError::PinSource => {
                    "it is asked for, or comes by pin-source=FILE or --pin-file"
                }
                _ => "as pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=NAME&id=01, or as in RFC 7512 with module-path",
            };
            Failure::usage(format!("cannot use {name}: {e}")).hint(hint)
        })?;
        let (mut asked, session, pins) = (None, self.session, &mut self.pins);
        let keys = self.tokens.open(&uri, |request| {
            let given = pins.of(request, uri.pin_source.as_deref(), session);
            given.map_err(|e| asked = Some(e)).ok()
        });
        if let Some(e) = asked {
            return Err(e);
        }
        Ok(keys?.into_iter().map(|key| Box::new(key) as Box<dyn Identity>).collect())
    }
}

/// What stands in its place where there is none.
#[cfg(not(feature = "pkcs11"))]
pub(super) struct TokenRing;

#[cfg(not(feature = "pkcs11"))]
impl TokenRing {
    pub fn new(_: &PinFlags, _: &Session) -> Self {
        TokenRing
    }

    pub fn open(&mut self, value: &std::path::Path) -> anyhow::Result<Vec<Box<dyn Identity>>> {
        let name = super::text::quoted_path(value);
        let missing = Failure::usage(format!("cannot use {name}: this vidveil was built without security modules"));
        Err(missing.hint("build it with the feature pkcs11: cargo install --path . --features pkcs11").into())
    }
}
