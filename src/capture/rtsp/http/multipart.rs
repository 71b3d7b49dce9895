//! Parts of `multipart/x-mixed-replace`, each a picture (RFC 2046, 5.1).
//!
//! Cameras disagree about the boundary: some say it with its two lines and some without, and some say another than they
//! use. A part begins with a line of two lines and something, whatever that is, and the lines of its head; it ends
//! where its length says, or at the next such line.

use crate::format::limits;

use super::super::disconnect::Disconnect;

/// Longest head of a part, with the line before it, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// Takes parts out of what comes.
#[derive(Debug, Default)]
pub(super) struct Parts {
    buffer: Vec<u8>,
    /// Where the end of a part without a length was not found yet.
    searched: usize,
    /// The line before the first part.
    boundary: Option<Vec<u8>>,
    /// What is open: the length of the part, if it is known.
    open: Option<Option<usize>>,
}

impl Parts {
    /// More came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next part that is whole.
    ///
    /// # Errors
    ///
    /// A head or a part does not end.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Disconnect> {
        loop {
            let Some(length) = self.open else {
                match self.head()? {
                    Some(length) => self.open = Some(length),
                    None => return Ok(None),
                }
                continue;
            };
            let Some(end) = self.end(length)? else { return Ok(None) };
            self.open = None;
            self.searched = 0;
            return Ok(Some(self.buffer.drain(..end).collect()));
        }
    }

    /// The length that the head of a part says, once the head is whole.
    fn head(&mut self) -> Result<Option<Option<usize>>, Disconnect> {
        let head = self.buffer.get(..self.buffer.len().min(MAX_HEAD)).unwrap_or_default();
        let (mut at, mut length, mut boundary) = (0, None, None);
        for line in head.split_inclusive(|b| *b == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            at += line.len();
            let text = text.trim_ascii_end();
            match (&boundary, text) {
                (None, [b'-', b'-', ..]) => boundary = Some(text.to_vec()),
                // the end of the part before, or what is in none
                (None, _) => {}
                (Some(_), []) => {
                    self.boundary = boundary;
                    self.buffer.drain(..at);
                    return Ok(Some(length));
                }
                (Some(_), text) => {
                    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
                    let value = text.split_once(':').filter(|(name, _)| name.trim() == "content-length");
                    length = value.and_then(|(_, value)| value.trim().parse().ok()).or(length);
                }
            }
        }
        // nothing begins in the lines that are whole
        if boundary.is_none() {
            self.buffer.drain(..at);
        }
        if self.buffer.len() >= MAX_HEAD {
            return Err(Disconnect::Lost(format!("a part has a head of more than {} KiB", MAX_HEAD >> 10)));
        }
        Ok(None)
    }

    /// Where the part that is open ends, once that is there.
    fn end(&mut self, length: Option<usize>) -> Result<Option<usize>, Disconnect> {
        let endless = || Disconnect::Lost("a picture is too large to be one".to_owned());
        if let Some(length) = length {
            return match length {
                _ if length > limits::PACKET => Err(endless()),
                _ => Ok((self.buffer.len() >= length).then_some(length)),
            };
        }
        let boundary = self.boundary.as_deref().unwrap_or(b"--");
        let from = self.buffer.get(self.searched..).unwrap_or_default();
        if let Some(found) = from.windows(boundary.len()).position(|window| window == boundary) {
            let end = self.searched + found;
            let before = self.buffer.get(..end).unwrap_or_default();
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            return Ok(Some(before.strip_suffix(b"\r").unwrap_or(before).len()));
        }
        self.searched = self.buffer.len().saturating_sub(boundary.len());
        if self.buffer.len() > limits::PACKET { Err(endless()) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole parts of what comes in pieces of that size.
    fn parts(all: &[u8], size: usize) -> Vec<Vec<u8>> {
        let (mut parts, mut found) = (Parts::default(), Vec::new());
        for piece in all.chunks(size) {
            parts.push(piece);
            while let Some(part) = parts.next().unwrap() {
                found.push(part);
            }
        }
        found
    }

    #[test]
    fn parts_are_found_however_they_come() {
        let with = b"\r\n--b\r\nContent-Type: image/jpeg\r\ncontent-length : 4\r\n\r\na--b\r\n--b\r\nContent-Length: 3\r\n\r\nxyz\r\n--b\r\n";
        let without = b"preamble\r\n--b\nX: y\n\na\r\nb\r\n--b\r\n\r\nxyz\r\n--b--\r\n";
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(parts(with, size), [&b"a--b"[..], b"xyz"], "{size}");
            assert_eq!(parts(without, size), [&b"a\r\nb"[..], b"xyz"], "{size}");
        }
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        let mut parts = Parts::default();
        parts.push(&b"--b\r\nX: y\r\n".repeat(10_000));
        assert!(parts.next().is_err());
        let mut parts = Parts::default();
        parts.push(b"--b\r\nContent-Length: 99999999999\r\n\r\n");
        assert!(parts.next().is_err());
    }
}
