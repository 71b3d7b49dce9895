//! Which module, token and key are meant: a PKCS #11 URI (RFC 7512), or a shorter form of it.
//!
//! | form | example |
//! |---|---|
//! | RFC 7512 | `pkcs11:token=desk;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/run/pin` |
//! | short | `pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=desk&id=01` |
//!
//! In the short form the path is the module's and everything else comes after the question mark, where an `id` is
//! hexadecimal unless it holds a `%`. Values are percent-decoded in both.

use std::path::PathBuf;

use thiserror::Error;

const SCHEME: &str = "pkcs11:";

/// Whether a text is meant as such a URI.
pub fn is_token_uri(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// Why a text is no URI that can be used.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum UriError {
    /// Not `pkcs11:`.
    #[error("it does not begin with pkcs11:")]
    Scheme,
    /// An attribute without a `=`.
    #[error("\"{0}\" is no attribute with a value")]
    NoValue(String),
    /// A `%` that is not followed by two hexadecimal digits, or text that is not UTF-8.
    #[error("the value of \"{0}\" is not percent-encoded text")]
    Encoding(String),
    /// An `id` of the short form that is not hexadecimal.
    #[error("the id is not hexadecimal, as 01 or a1b2")]
    Id,
    /// An attribute twice.
    #[error("\"{0}\" is given twice")]
    Twice(String),
    /// An attribute that is not used here: leaving it out could mean another token.
    #[error("the attribute \"{0}\" is not understood here")]
    Unknown(String),
    /// No module, or one that would have to be searched for.
    #[error("it does not name the module's path")]
    NoModule,
    /// A PIN for everybody to see.
    #[error("a PIN has no place in it")]
    PinValue,
    /// A program that gives the PIN.
    #[error("its pin-source is no file")]
    PinSource,
}

/// What such a URI says; what it leaves open is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenUri {
    /// The module's path; it has a slash in it, so that the loader does not search.
    pub module: PathBuf,
    /// The token's label.
    pub token: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its maker.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The key's CKA_ID.
    pub id: Option<Vec<u8>>,
    /// The key's CKA_LABEL.
    pub object: Option<String>,
    /// The file with the PIN.
    pub pin_source: Option<PathBuf>,
}

impl TokenUri {
    /// Takes a URI in one of the two forms. Errors: as [`UriError`] says.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let rest = text.strip_prefix(SCHEME).ok_or(UriError::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = TokenUri::default();
        let mut module = None;
        // a slash must be encoded in an attribute of RFC 7512's path
        let short = path.contains('/') || !path.contains('=');
        if short && !path.is_empty() {
            module = Some(text_of("module", path)?);
        }
        let of_path = path.split(';').filter(|a| !short && !a.is_empty()).map(|a| (a, false));
        let of_query = query.split('&').filter(|a| !a.is_empty()).map(|a| (a, true));
        for (attribute, in_query) in of_path.chain(of_query) {
            let (name, value) = attribute.split_once('=').ok_or_else(|| UriError::NoValue(attribute.into()))?;
            uri.set(name, value, in_query, &mut module)?;
        }
        uri.module = module.filter(|path| path.contains('/')).ok_or(UriError::NoModule)?.into();
        Ok(uri)
    }

    fn set(&mut self, name: &str, value: &str, in_query: bool, module: &mut Option<String>) -> Result<(), UriError> {
        let slot = match name {
            "token" => &mut self.token,
            "serial" => &mut self.serial,
            "manufacturer" => &mut self.manufacturer,
            "model" => &mut self.model,
            "object" => &mut self.object,
            "module-path" => module,
            // the key and its certificate are found by id and object
            "type" => return Ok(()),
            "id" => {
                let id = if in_query && !value.contains('%') {
                    hex(value).ok_or(UriError::Id)?
                } else {
                    decoded(value).ok_or_else(|| UriError::Encoding(name.into()))?
                };
                return once(&mut self.id, id, name);
            }
            "pin-source" => {
                let source = text_of(name, value)?;
                let path = source.strip_prefix("file://").or_else(|| source.strip_prefix("file:")).unwrap_or(&source);
                return if path.is_empty() || path.starts_with('|') {
                    Err(UriError::PinSource)
                } else {
                    once(&mut self.pin_source, path.into(), name)
                };
            }
            "pin-value" => return Err(UriError::PinValue),
            _ => return Err(UriError::Unknown(name.into())),
        };
        once(slot, text_of(name, value)?, name)
    }

    /// What is asked of the token, for people; empty when nothing is.
    pub(super) fn wanted_token(&self) -> String {
        let parts = [("", &self.token), ("serial ", &self.serial), ("of ", &self.manufacturer), ("", &self.model)];
        let parts = parts.iter().filter_map(|(word, value)| Some(format!("{word}\"{}\"", value.as_deref()?)));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// What is asked of the key, for people; empty when nothing is.
    pub(super) fn wanted_key(&self) -> String {
        let object = self.object.as_ref().map(|label| format!("\"{label}\""));
        let id = self.id.as_ref().map(|id| format!("with id {}", to_hex(id)));
        object.into_iter().chain(id).collect::<Vec<_>>().join(" ")
    }
}

fn once<T>(slot: &mut Option<T>, value: T, name: &str) -> Result<(), UriError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Twice(name.into())),
    }
}

fn text_of(name: &str, value: &str) -> Result<String, UriError> {
    let text = decoded(value).and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| UriError::Encoding(name.into()))
}

/// Percent-decoding (RFC 3986, 2.1).
fn decoded(value: &str) -> Option<Vec<u8>> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.extend(hex(part.get(..2)?)?);
        bytes.extend(part.get(2..)?.as_bytes());
    }
    Some(bytes)
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.bytes().map(|b| char::from(b).to_digit(16)).collect::<Option<Vec<_>>>()?;
    let pairs = digits.chunks_exact(2);
    (pairs.remainder().is_empty() && !digits.is_empty())
        .then(|| pairs.filter_map(|p| u8::try_from(p.iter().fold(0, |n, digit| n * 16 + digit)).ok()).collect())
}

/// Bytes in hexadecimal, lower case.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
