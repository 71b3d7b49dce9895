//! Bytes, as the conventions of vidveil-stream(5) put them.

use ring::digest;

/// A SHA-256 value, or any other 32 bytes of the page.
pub type Hash = [u8; 32];

/// The time that means "unknown".
pub const NONE: i64 = i64::MIN;

/// The preamble of every stream.
pub const PREAMBLE: [u8; 8] = [0x89, 0x56, 0x56, 0x45, 0x49, 0x4C, 0x0A, 0x01];

/// Record types.
pub const STREAM: u8 = 1;
pub const KEYS: u8 = 2;
pub const START: u8 = 3;
pub const FRAME: u8 = 4;
pub const CLOSE: u8 = 5;
pub const GRANT: u8 = 6;
pub const INDEX: u8 = 7;
pub const END: u8 = 8;

/// Appends big-endian fields.
pub trait Put {
    fn u8(&mut self, value: u8) -> &mut Self;
    fn u16(&mut self, value: u16) -> &mut Self;
    fn u32(&mut self, value: u32) -> &mut Self;
    fn u64(&mut self, value: u64) -> &mut Self;
    fn i64(&mut self, value: i64) -> &mut Self;
    fn raw(&mut self, bytes: &[u8]) -> &mut Self;
    fn str8(&mut self, text: &[u8]) -> &mut Self;
    fn str16(&mut self, text: &[u8]) -> &mut Self;
    fn bytes32(&mut self, bytes: &[u8]) -> &mut Self;
}

impl Put for Vec<u8> {
    fn u8(&mut self, value: u8) -> &mut Self {
        self.push(value);
        self
    }
    fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    fn i64(&mut self, value: i64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }
    fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.extend_from_slice(bytes);
        self
    }
    fn str8(&mut self, text: &[u8]) -> &mut Self {
        self.u8(text.len().try_into().unwrap()).raw(text)
    }
    fn str16(&mut self, text: &[u8]) -> &mut Self {
        self.u16(text.len().try_into().unwrap()).raw(text)
    }
    fn bytes32(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(bytes.len().try_into().unwrap()).raw(bytes)
    }
}

/// A record: the header of 8 bytes, then the body.
pub fn record(kind: u8, flags: u8, track: u16, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.u8(kind).u8(flags).u16(track).bytes32(body);
    out
}

pub fn sha256(bytes: &[u8]) -> Hash {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().unwrap()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
