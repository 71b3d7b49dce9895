//! Requests and answers as bytes.
//!
//! A message is its length in four bytes, big-endian, and a body. A request's body is one byte for what is asked, and
//! for an operation the key's number in two bytes and the input. An answer's is one byte for what it is, and the rest:
//! keys, each field preceded by its length in two bytes; an operation's result; a device's error as JSON.

use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use crate::keys::DeviceError;

/// The longest body of a request, in bytes: the ciphertext of the largest RSA key has 1024.
pub const MAX_REQUEST: usize = 4096;
/// The longest body of an answer, in bytes: that with [`MAX_KEYS`] keys fits.
pub const MAX_ANSWER: usize = 1 << 20;
/// The most keys that are shared.
pub const MAX_KEYS: usize = 256;
/// The longest SubjectPublicKeyInfo, in bytes.
pub const MAX_PUBLIC_KEY: usize = 2048;
/// The longest description, in bytes; what is longer is cut.
pub const MAX_DESCRIPTION: usize = 1024;

const LIST: u8 = 1;
const RSA_OAEP_SHA256: u8 = 2;
const ECDH: u8 = 3;

const KEYS: u8 = 1;
const DONE: u8 = 2;
const REFUSED: u8 = 3;
const DEVICE: u8 = 4;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Which keys there are.
    List,
    /// As [`Identity::rsa_oaep_sha256`](crate::keys::Identity::rsa_oaep_sha256), with the key of this number in the
    /// list.
    RsaOaepSha256(u16, &'a [u8]),
    /// As [`Identity::ecdh`](crate::keys::Identity::ecdh).
    Ecdh(u16, &'a [u8]),
}

impl<'a> Request<'a> {
    /// The body of a message.
    pub fn to_body(self) -> Vec<u8> {
        let operation = |kind: u8, key: u16, input: &[u8]| [&[kind][..], &key.to_be_bytes(), input].concat();
        match self {
            Request::List => vec![LIST],
            Request::RsaOaepSha256(key, ciphertext) => operation(RSA_OAEP_SHA256, key, ciphertext),
            Request::Ecdh(key, point) => operation(ECDH, key, point),
        }
    }

    /// Out of the body of a message; `None` when it is none.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let (kind, rest) = body.split_first()?;
        let operation = || rest.split_first_chunk().map(|(key, input)| (u16::from_be_bytes(*key), input));
        Some(match *kind {
            LIST if rest.is_empty() => Request::List,
            RSA_OAEP_SHA256 => operation().map(|(key, input)| Request::RsaOaepSha256(key, input))?,
            ECDH => operation().map(|(key, input)| Request::Ecdh(key, input))?,
            _ => return None,
        })
    }
}

/// A key in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// DER of its SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
    /// As [`Identity::description`](crate::keys::Identity::description).
    pub description: Option<String>,
}

/// What comes back. Its Debug shows no result.
#[derive(PartialEq, Eq)]
pub enum Answer {
    /// The keys; their order does not change.
    Keys(Vec<Listed>),
    /// What the operation gave.
    Done(Zeroizing<Vec<u8>>),
    /// The key refused its input, or there is no such key.
    Refused,
    /// The device with the key did not do it.
    Device(DeviceError),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Keys(keys) => f.debug_tuple("Keys").field(keys).finish(),
            Answer::Done(_) => f.write_str("Done(..)"),
            Answer::Refused => f.write_str("Refused"),
            Answer::Device(e) => f.debug_tuple("Device").field(e).finish(),
        }
    }
}

impl Answer {
    /// The body of a message: at most [`MAX_ANSWER`] bytes, where there are at most [`MAX_KEYS`] keys of
    /// [`MAX_PUBLIC_KEY`].
    pub fn to_body(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Answer::Keys(keys) => {
                let mut body = vec![KEYS];
                for key in keys {
                    put(&mut body, &key.spki);
                    put(&mut body, cut(key.description.as_deref().unwrap_or_default()).as_bytes());
                }
                Zeroizing::new(body)
            }
            Answer::Done(output) => {
                // all the room at once: what is outgrown is not wiped
                let mut body = Zeroizing::new(Vec::with_capacity(1 + output.len()));
                body.push(DONE);
                body.extend_from_slice(output);
                body
            }
            Answer::Refused => Zeroizing::new(vec![REFUSED]),
            Answer::Device(error) => {
                let json = |e: &DeviceError| serde_json::to_vec(e).ok().filter(|json| json.len() < MAX_ANSWER);
                let long = || json(&DeviceError::Nonsense("its words are too long".into())).unwrap_or_default();
                Zeroizing::new([vec![DEVICE], json(error).unwrap_or_else(long)].concat())
            }
        }
    }

    /// Out of the body of a message; `None` when it is none.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (kind, mut rest) = body.split_first()?;
        Some(match *kind {
            KEYS => {
                let mut keys = Vec::new();
                while !rest.is_empty() && keys.len() < MAX_KEYS {
                    let spki = take(&mut rest).filter(|spki| spki.len() <= MAX_PUBLIC_KEY)?.to_vec();
                    let text = take(&mut rest).filter(|text| text.len() <= MAX_DESCRIPTION)?;
                    let text = std::str::from_utf8(text).ok()?;
                    keys.push(Listed { spki, description: (!text.is_empty()).then(|| text.to_owned()) });
                }
                rest.is_empty().then_some(Answer::Keys(keys))?
            }
            DONE => Answer::Done(Zeroizing::new(rest.to_vec())),
            REFUSED if rest.is_empty() => Answer::Refused,
            DEVICE => Answer::Device(serde_json::from_slice(rest).ok()?),
            _ => return None,
        })
    }
}

fn put(body: &mut Vec<u8>, field: &[u8]) {
    // the caller keeps to the limits, which are far below
    body.extend(u16::try_from(field.len()).unwrap_or(u16::MAX).to_be_bytes());
    body.extend_from_slice(field);
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (field, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
    *rest = after;
    Some(field)
}

/// The beginning of a text that fits, of whole characters.
fn cut(text: &str) -> &str {
    let ends = (0..=MAX_DESCRIPTION.min(text.len())).rev();
    { ends }.find_map(|end| text.get(..end)).unwrap_or_default()
}

/// Reads one message and gives its body. Its length is checked before room for it is allocated.
///
/// Errors: those of `input`; `InvalidData` for a body longer than `limit`; `UnexpectedEof` in the middle.
pub fn read_message(input: &mut impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= limit);
    let mut body = Zeroizing::new(vec![0; length.ok_or(io::ErrorKind::InvalidData)?]);
    input.read_exact(&mut body)?;
    Ok(body)
}

/// Writes one message. Errors: those of `output`; `InvalidInput` for a body that is too long for its length field.
pub fn write_message(output: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut message = Zeroizing::new(Vec::with_capacity(4 + body.len()));
    message.extend(length.to_be_bytes());
    message.extend_from_slice(body);
    output.write_all(&message)?;
    output.flush()
}
