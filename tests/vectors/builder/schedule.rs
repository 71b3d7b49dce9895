//! The key schedule of vidveil-stream(5), written out with HMAC alone: every output of HKDF-Expand here is one block.

use ring::{aead, hmac};

use super::wire::{Hash, Put};

/// The session secret of all vectors: 00 01 .. 1f.
pub fn secret() -> Hash {
    std::array::from_fn(|i| i as u8)
}

pub fn mac(key: &[u8], message: &[u8]) -> Hash {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().try_into().unwrap()
}

fn expand(key: &Hash, label: &str, fields: &[u8]) -> Hash {
    let mut info = Vec::new();
    info.raw(label.as_bytes()).u8(0).raw(fields).u8(1);
    mac(key, &info)
}

/// P: HKDF-Extract with the hash of the stream record as salt.
pub fn extract(stream_hash: &Hash) -> Hash {
    mac(stream_hash, &secret())
}

pub fn session_commitment(p: &Hash, session: u32) -> Hash {
    expand(p, "vidveil1 commit", &session.to_be_bytes())
}

/// The key of a slot's MAC.
pub fn slot_key(p: &Hash, session: u32) -> Hash {
    expand(p, "vidveil1 slot", &session.to_be_bytes())
}

/// The key of the bond of a session that begins with the epoch whose chain key this is, in the session before it.
pub fn bond_key(c: &Hash) -> Hash {
    expand(c, "vidveil1 bond", &[])
}

pub fn first_chain(p: &Hash, session: u32) -> Hash {
    expand(p, "vidveil1 chain", &session.to_be_bytes())
}

pub fn next_chain(c: &Hash) -> Hash {
    expand(c, "vidveil1 next", &[])
}

/// T, the unit of a grant.
pub fn epoch_key(c: &Hash, session: u32, epoch: u64, track: u16) -> Hash {
    let mut fields = Vec::new();
    fields.u32(session).u64(epoch).u16(track);
    expand(c, "vidveil1 track", &fields)
}

pub fn epoch_commitment(t: &Hash) -> Hash {
    expand(t, "vidveil1 epoch commit", &[])
}

pub fn frame_key(t: &Hash, start: &Hash) -> Hash {
    expand(t, "vidveil1 frame", start)
}

pub fn close_key(t: &Hash, start: &Hash) -> Hash {
    expand(t, "vidveil1 close", start)
}

/// AES-256-GCM: ciphertext and tag.
pub fn seal(key: &Hash, counter: u32, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key).unwrap());
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&counter.to_be_bytes());
    let mut out = plaintext.to_vec();
    key.seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::from(aad), &mut out).unwrap();
    out
}
