//! PEM blocks (RFC 7468) out of files that people concatenated by hand.

use der::pem::decode_vec;
use zeroize::Zeroizing;

use super::KeyError;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// The line width of RFC 7468, to which blocks of any width are folded before they are decoded strictly.
const WIDTH: usize = 64;

/// One `-----BEGIN label-----` block, decoded.
pub(super) struct Block {
    /// What stands after BEGIN.
    pub label: String,
    /// The decoded bytes; `None` for the old encrypted form with `Proc-Type` headers (RFC 1421).
    pub der: Option<Zeroizing<Vec<u8>>>,
}

/// Whether the bytes hold at least one PEM block.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    // a block whose first line is damaged is still PEM, and damaged
    find(bytes, BEGIN).is_some() || find(bytes, END).is_some()
}

/// All blocks in order; text between blocks is skipped. Errors: a block that does not end or does not decode.
pub(super) fn blocks(mut bytes: &[u8]) -> Result<Vec<Block>, KeyError> {
    let mut found = Vec::new();
    while let Some((between, rest)) = split(bytes, BEGIN) {
        // the end of a block whose beginning is damaged
        if find(between, END).is_some() {
            return Err(KeyError::BadPem);
        }
        let (label, rest) = split(rest, DASHES).ok_or(KeyError::BadPem)?;
        let (body, rest) = split(rest, END).ok_or(KeyError::BadPem)?;
        let (end_label, rest) = split(rest, DASHES).ok_or(KeyError::BadPem)?;
        if label != end_label || label.len() > 64 {
            return Err(KeyError::BadPem);
        }
        let label = std::str::from_utf8(label).map_err(|_| KeyError::BadPem)?.to_owned();
        let der = match without_headers(body) {
            Some(body) => Some(decode(&label, body)?),
            None => None,
        };
        found.push(Block { label, der });
        bytes = rest;
    }
    if find(bytes, END).is_some() { Err(KeyError::BadPem) } else { Ok(found) }
}

/// What follows the headers of RFC 1421, which end with an empty line; `None` when they say that it is encrypted.
fn without_headers(body: &[u8]) -> Option<&[u8]> {
    if !body.contains(&b':') {
        return Some(body);
    }
    let (headers, body) = [&b"\n\n"[..], b"\n\r\n"].iter().find_map(|end| split(body, end)).unwrap_or((body, b""));
    let is_encrypted = |line: &[u8]| {
        line.starts_with(b"DEK-Info:") || line.starts_with(b"Proc-Type:") && find(line, b"ENCRYPTED").is_some()
    };
    if headers.split(|byte| *byte == b'\n').any(is_encrypted) { None } else { Some(body) }
}

/// What base64 without any header says; `None` when it is something else.
pub(super) fn bare_base64(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_text = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b) || b.is_ascii_whitespace();
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if body.iter().all(is_text) { decode("X509 CRL", body).ok().filter(|der| !der.is_empty()) } else { None }
}

fn decode(label: &str, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // Never grows past its capacity: no copy of a private key is left behind.
    let mut folded = Zeroizing::new(Vec::with_capacity(body.len() + body.len() / WIDTH + 2 * label.len() + 64));
    for part in [BEGIN, label.as_bytes(), DASHES, b"\n"] {
        folded.extend_from_slice(part);
    }
    let mut column = 0;
    for &byte in body.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        folded.push(byte);
        column += 1;
        if column == WIDTH {
            folded.push(b'\n');
            column = 0;
        }
    }
    if column > 0 {
        folded.push(b'\n');
    }
    for part in [END, label.as_bytes(), DASHES, b"\n"] {
        folded.extend_from_slice(part);
    }
    let (_, der) = decode_vec(&folded).map_err(|_| KeyError::BadPem)?;
    Ok(Zeroizing::new(der))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = find(bytes, at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}
