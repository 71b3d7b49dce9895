//! A signature as it stands in close records and slots.

use super::error::Fault;
use super::field_reader::{Fields, put_u16};

/// Longest signature in bytes: RSA of 8192 bits.
const SIGNATURE: usize = 1024;

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SignatureAlgorithm {
    /// Ed25519 (RFC 8032).
    Ed25519 = 1,
    /// ECDSA on P-256 with SHA-256, r and s of 32 bytes each.
    EcdsaP256 = 2,
    /// ECDSA on P-384 with SHA-384, r and s of 48 bytes each.
    EcdsaP384 = 3,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    RsaPss = 4,
}

/// An algorithm and the signature's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it was made.
    pub algorithm: SignatureAlgorithm,
    /// Fixed-size form of the algorithm.
    pub bytes: Vec<u8>,
}

impl SignatureAlgorithm {
    /// Reads the algorithm byte; 0 is "no signature".
    pub(super) fn parse(f: &mut Fields<'_>) -> Result<Option<Self>, Fault> {
        use SignatureAlgorithm::*;
        let b = f.u8()?;
        if b == 0 {
            return Ok(None);
        }
        [Ed25519, EcdsaP256, EcdsaP384, RsaPss].into_iter().find(|a| *a as u8 == b).map(Some).ok_or(Fault::Value)
    }
}

pub(super) fn parse_bytes(f: &mut Fields<'_>) -> Result<Vec<u8>, Fault> {
    let n = f.u16()? as usize;
    if n == 0 || n > SIGNATURE { Err(Fault::Value) } else { Ok(f.bytes(n)?.to_vec()) }
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Fault> {
    if bytes.is_empty() || bytes.len() > SIGNATURE {
        return Err(Fault::Value);
    }
    put_u16(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}
