//! A container taken to pieces, and its frames opened with the secret of the vectors.

use vidveil::format::PREAMBLE;

use super::walk::Walk;

/// A preamble, a record with its header, or whatever else lies between them.
#[derive(Clone)]
pub struct Piece {
    pub bytes: Vec<u8>,
    /// A frame of a sealed stream whose packet is not sealed now, and has no tag.
    pub is_open: bool,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Piece {
    pub fn is_preamble(&self) -> bool {
        self.bytes.starts_with(&PREAMBLE[..6])
    }

    /// Its type, where it is a record.
    pub fn kind(&self) -> Option<u8> {
        (self.bytes.len() >= 8 && !self.is_preamble()).then(|| self.bytes[0])
    }
}

/// All of the bytes, in pieces.
pub fn take_apart(mut bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let length = match bytes {
            _ if bytes.starts_with(&PREAMBLE[..6]) => 8,
            [_, _, _, _, a, b, c, d, ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_add(8),
            _ => bytes.len(),
        };
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        pieces.push(Piece { bytes: piece.to_vec(), is_open: false });
        bytes = rest;
    }
    pieces
}

/// The same with each frame opened that opens.
pub fn opened(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut walk = Walk::new();
    for piece in &mut pieces {
        if piece.is_preamble() {
            walk = Walk::new();
        }
        match piece.kind() {
            Some(1) => walk.stream(&piece.bytes),
            Some(2) => walk.keys(&piece.bytes),
            Some(3) => walk.start(&piece.bytes),
            Some(4) => {
                if let Some(open) = walk.open(&piece.bytes) {
                    *piece = Piece { bytes: open, is_open: true };
                }
            }
            _ => {}
        }
    }
    pieces
}
