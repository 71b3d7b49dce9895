//! The private keys of `-i pkcs11:...`, in a token that a PKCS #11 module reaches, and the certificates next to them.

use std::path::Path;

#[cfg(feature = "pkcs11")]
use crate::devices::pkcs11::{TokenUri, Tokens, UriError};
use crate::keys::{Certificate, Identity};

#[cfg(feature = "pkcs11")]
use super::pin::Pins;
use crate::base::text;
use crate::cli::flags::PinFlags;
use crate::cli::{Failure, Session};

/// How such a value of `-i` begins.
const SCHEME: &str = "pkcs11:";

/// Whether a value of `-i` means a token and not a file.
pub(crate) fn is_token(value: &Path) -> bool {
    value.to_string_lossy().starts_with(SCHEME)
}

/// The tokens of a run: each module is loaded, and each PIN asked for, once.
#[cfg(feature = "pkcs11")]
pub(crate) struct TokenRing<'a> {
    tokens: Tokens,
    pins: Pins<'a>,
    session: &'a Session,
}

#[cfg(feature = "pkcs11")]
impl<'a> TokenRing<'a> {
    pub fn new(flags: &'a PinFlags, session: &'a Session) -> Self {
        let pins = Pins::new(flags);
        TokenRing { tokens: Default::default(), pins, session }
    }

    /// The private keys that a URI means.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: no such URI, a PIN that cannot be read. A [`crate::keys::DeviceError`].
    pub fn open(&mut self, value: &Path) -> anyhow::Result<Vec<Box<dyn Identity>>> {
        let uri = parsed(value)?;
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

    /// The certificates that a URI means, without a PIN.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: no such URI, no certificate. A [`crate::keys::DeviceError`].
    pub fn certificates(&mut self, value: &Path) -> anyhow::Result<Vec<Certificate>> {
        let found = self.tokens.certificates(&parsed(value)?)?;
        if found.is_empty() {
            return Err(Failure::refused(format!("there is no certificate at {}", text::quoted_path(value)))
                .hint("pkcs11-tool --module MODULE --list-objects --type cert shows what is there")
                .into());
        }
        Ok(found)
    }
}

#[cfg(feature = "pkcs11")]
fn parsed(value: &Path) -> Result<TokenUri, Failure> {
    let uri = value.to_str().ok_or_else(|| UriError::Encoding(SCHEME.into())).and_then(TokenUri::parse);
    uri.map_err(|e| {
        let hint = match e {
            UriError::PinValue | UriError::PinSource => "it is asked for, or comes by pin-source=FILE or --pin-file",
            _ => "as pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=NAME&id=01, or as in RFC 7512 with module-path",
        };
        Failure::usage(format!("cannot use {}: {e}", shown(value))).hint(hint)
    })
}

/// Takes its place in a build without security modules.
#[cfg(not(feature = "pkcs11"))]
pub(crate) struct TokenRing;

#[cfg(not(feature = "pkcs11"))]
impl TokenRing {
    pub fn new(_: &PinFlags, _: &Session) -> Self {
        TokenRing
    }

    pub fn open(&mut self, value: &Path) -> anyhow::Result<Vec<Box<dyn Identity>>> {
        Err(missing(value).into())
    }

    pub fn certificates(&mut self, value: &Path) -> anyhow::Result<Vec<Certificate>> {
        Err(missing(value).into())
    }
}

#[cfg(not(feature = "pkcs11"))]
fn missing(value: &Path) -> Failure {
    let name = shown(value);
    Failure::usage(format!("cannot use {name}: this vidveil was built without security modules"))
        .hint("build it with the feature pkcs11: cargo install --path . --features pkcs11")
}

/// The URI in quotes, ready for a message: without the PIN that somebody put into it.
fn shown(value: &Path) -> String {
    let uri = value.to_string_lossy();
    let parts = uri.split_inclusive([';', '?', '&']).map(|part| match part.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().starts_with("pin") && name != "pin-source" => {
            format!("{name}=...{}", &part[part.trim_end_matches([';', '?', '&']).len()..])
        }
        _ => part.to_owned(),
    });
    text::quoted(&parts.collect::<String>())
}
