//! RSAES-OAEP with SHA-256 around a device that does the bare RSA operation: the ciphertext is checked before the
//! device sees it, and the padding is taken off here.
//!
//! Nothing may show an attacker in what way a padding is wrong, or a key is drawn out by asking again and again
//! (Manger, CRYPTO 2001): there is no branch, no index and no early return that depends on decrypted bytes, but for the
//! last one, which says only whether all was right.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{DeviceError, IdentityError, KeyType, PublicKey, public_key::RSA_BITS};

/// The bytes in front of the message at the least: 00, a masked seed, the label's hash and 01.
const OVERHEAD: usize = 2 * SHA256_OUTPUT_LEN + 2;

/// RSAES-OAEP-DECRYPT (RFC 8017, 7.1.2) with SHA-256, MGF1 with SHA-256 and an empty label.
///
/// `raw` is RSADP on the device: a ciphertext that [`check`] let through in, its big-endian number out, with or without
/// the zeros in front. Gives the message. Errors: [`IdentityError::Refused`] as [`check`] and [`unpad`]; those of
/// `raw`.
pub fn decrypt(
    key: &PublicKey,
    ciphertext: &[u8],
    raw: impl FnOnce(&[u8]) -> Result<Zeroizing<Vec<u8>>, DeviceError>,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let length = check(key, ciphertext)?;
    unpad(&raw(ciphertext)?, length)
}

/// Checks a ciphertext before the private key sees it: as long as the modulus, and a smaller number (RFC 8017, 7.1.2
/// step 1 and 5.1.2 step 1). Cards fail in odd ways on anything else. Gives the length of the modulus in bytes.
///
/// Errors: [`IdentityError::Refused`], also for a key that is not RSA of 2048 to 8192 bits.
pub fn check(key: &PublicKey, ciphertext: &[u8]) -> Result<usize, IdentityError> {
    let KeyType::Rsa(bits) = key.key_type() else { return Err(IdentityError::Refused) };
    let modulus = key.rsa_modulus().filter(|_| RSA_BITS.contains(bits)).ok_or(IdentityError::Refused)?;
    // Of equal length, so that the order of the bytes is the order of the numbers. Both are public.
    if ciphertext.len() == modulus.len() && ciphertext < modulus {
        Ok(modulus.len())
    } else {
        Err(IdentityError::Refused)
    }
}

/// EME-OAEP decoding (RFC 8017, 7.1.2 step 3) of `encoded`, what the bare operation gave, for a modulus of
/// `modulus_length` bytes. Zeros that are missing in front are put back. Gives the message, which may be empty.
///
/// Errors: [`IdentityError::Refused`] for all causes.
pub fn unpad(encoded: &[u8], modulus_length: usize) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let missing = modulus_length.checked_sub(encoded.len()).ok_or(IdentityError::Refused)?;
    if modulus_length < OVERHEAD {
        return Err(IdentityError::Refused);
    }
    let mut padded = Zeroizing::new(vec![0; modulus_length]);
    padded[missing..].copy_from_slice(encoded);
    let (first, rest) = padded.split_at_mut(1);
    let (seed, block) = rest.split_at_mut(SHA256_OUTPUT_LEN);
    mask(seed, block);
    mask(block, seed);

    // label's hash || zeros || 01 || message
    let (label, padding) = block.split_at(SHA256_OUTPUT_LEN);
    let mut good = first.ct_eq(&[0]) & label.ct_eq(digest(&SHA256, b"").as_ref());
    let mut within = Choice::from(1);
    let mut start = 0u32;
    for (next, byte) in (1..).zip(padding) {
        let (zero, one) = (byte.ct_eq(&0), byte.ct_eq(&1));
        good &= !within | zero | one;
        start.conditional_assign(&next, within & one);
        within &= !one;
    }
    good &= !within;

    match (bool::from(good), usize::try_from(start)) {
        (true, Ok(start)) => Ok(Zeroizing::new(padding.get(start..).unwrap_or_default().to_vec())),
        _ => Err(IdentityError::Refused),
    }
}

/// Exclusive or of `target` with MGF1 (RFC 8017, B.2.1) with SHA-256 of `seed`.
fn mask(target: &mut [u8], seed: &[u8]) {
    let mut input = Zeroizing::new([seed, &[0; 4]].concat());
    for (counter, chunk) in (0u32..).zip(target.chunks_mut(SHA256_OUTPUT_LEN)) {
        input[seed.len()..].copy_from_slice(&counter.to_be_bytes());
        let block = digest(&SHA256, &input);
        chunk.iter_mut().zip(block.as_ref()).for_each(|(byte, mask)| *byte ^= mask);
    }
}
