//! Reading and writing of a record's fields, in network byte order.

use super::error::Fault;
use super::limits;

/// The fields of a body that are still to be read.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.0.split_at_checked(n).ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(head)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Fault::Short)?;
        self.0 = rest;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Result<u8, Fault> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub fn i64(&mut self) -> Result<i64, Fault> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    /// A pair of numbers whose denominator must not be zero.
    pub fn ratio(&mut self) -> Result<(u32, u32), Fault> {
        let r = (self.u32()?, self.u32()?);
        if r.1 == 0 { Err(Fault::Ratio) } else { Ok(r) }
    }

    pub fn zeros(&mut self, n: usize) -> Result<(), Fault> {
        if self.bytes(n)?.iter().any(|b| *b != 0) { Err(Fault::Reserved) } else { Ok(()) }
    }

    /// A text of `len` bytes.
    pub fn text(&mut self, len: usize) -> Result<String, Fault> {
        let s = std::str::from_utf8(self.bytes(len)?).map_err(|_| Fault::Text)?;
        check_text(s)?;
        Ok(s.to_owned())
    }

    /// A 32-bit length and that many bytes, at most `max`.
    pub fn blob(&mut self, max: usize) -> Result<Vec<u8>, Fault> {
        let n = self.u32()? as usize;
        if n > max { Err(Fault::ListTooLong) } else { Ok(self.bytes(n)?.to_vec()) }
    }

    /// The same, at least one byte: a certificate or a message that must be there.
    pub fn some_blob(&mut self, max: usize) -> Result<Vec<u8>, Fault> {
        let b = self.blob(max)?;
        if b.is_empty() { Err(Fault::Value) } else { Ok(b) }
    }

    pub fn finish(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(Fault::LeftOver) }
    }
}

fn check_text(s: &str) -> Result<(), Fault> {
    if s.chars().any(char::is_control) { Err(Fault::Text) } else { Ok(()) }
}

pub(super) fn put_u16(out: &mut Vec<u8>, n: usize) -> Result<(), Fault> {
    out.extend_from_slice(&u16::try_from(n).map_err(|_| Fault::ListTooLong)?.to_be_bytes());
    Ok(())
}

/// A text with an 8-bit length, at most `max` bytes.
pub(super) fn put_text8(out: &mut Vec<u8>, s: &str) -> Result<(), Fault> {
    check_text(s)?;
    out.push(u8::try_from(s.len()).map_err(|_| Fault::ListTooLong)?);
    out.extend_from_slice(s.as_bytes());
    Ok(())
}

/// A text with a 16-bit length, at most `max` bytes.
pub(super) fn put_text16(out: &mut Vec<u8>, s: &str, max: usize) -> Result<(), Fault> {
    check_text(s)?;
    if s.len() > max {
        return Err(Fault::ListTooLong);
    }
    put_u16(out, s.len())?;
    out.extend_from_slice(s.as_bytes());
    Ok(())
}

/// A 32-bit length and the bytes, at most `max`.
pub(super) fn put_blob(out: &mut Vec<u8>, b: &[u8], max: usize) -> Result<(), Fault> {
    if b.len() > max.min(limits::GRANT as usize) {
        return Err(Fault::ListTooLong);
    }
    out.extend_from_slice(&(b.len() as u32).to_be_bytes());
    out.extend_from_slice(b);
    Ok(())
}

pub(super) fn put_ratio(out: &mut Vec<u8>, r: (u32, u32)) -> Result<(), Fault> {
    if r.1 == 0 {
        return Err(Fault::Ratio);
    }
    out.extend_from_slice(&r.0.to_be_bytes());
    out.extend_from_slice(&r.1.to_be_bytes());
    Ok(())
}
