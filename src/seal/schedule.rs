//! The key schedule: session secret, chain of epochs, one key for each track of each epoch.
//!
//! Every key lies in a box, is wiped when dropped, and leaves nothing on the stack (`base::secret`). Ciphers and MACs
//! are aws-lc's, which cleanses what it frees.

use aws_lc_rs::{aead, hmac};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::base::{Secret, leaving_no_trace};
use crate::format::FRAME_PREFIX;

use super::error::SealError;

/// Bytes that sealing adds after the ciphertext.
pub const TAG: usize = 16;

/// The session secret S: the content of the CMS message, nothing else in it.
#[derive(Clone)]
pub struct SessionSecret(Secret);

/// P, bound to the stream record by its hash H.
pub struct SessionKey {
    prk: Secret,
    session: u32,
}

/// `C[e]`: opens epoch e and every later one of its session, none earlier, and binds the next session to this one.
pub struct Chain {
    key: Secret,
    session: u32,
    epoch: u64,
}

/// `T[e,t]`: opens one track of one epoch. The unit of a grant.
#[derive(Clone, PartialEq)]
pub struct EpochKey(Secret);

/// Seals or opens the frames of one track of one epoch.
pub struct FrameKey(aead::LessSafeKey);

/// Makes and checks one track's HMAC in the close record of an epoch.
pub struct CloseKey(Secret);

/// HMAC-SHA-256 of all `parts` under `key`, written where it will stay.
fn mac(key: &[u8], parts: &[&[u8]], out: &mut [u8; 32]) {
    leaving_no_trace(|| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        parts.iter().for_each(|part| context.update(part));
        // HMAC with SHA-256 has 32 bytes
        out.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    });
}

/// [`mac`] as a secret.
fn secret_mac(key: &[u8], parts: &[&[u8]]) -> Secret {
    let Ok(secret) = Secret::fill_with(|out| {
        mac(key, parts, out);
        Ok::<(), std::convert::Infallible>(())
    });
    secret
}

/// HKDF-Extract (RFC 5869, 2.2) with SHA-256.
fn extract(salt: &[u8; 32], secret: &Secret) -> Secret {
    secret_mac(salt, &[secret.as_bytes()])
}

/// HKDF-Expand (RFC 5869, 2.3) of 32 bytes, which is one block, with `label`, a zero byte and `fields` as info.
fn expand(prk: &Secret, label: &str, fields: &[&[u8]]) -> Secret {
    let parts: Vec<&[u8]> =
        [label.as_bytes(), &[0]].into_iter().chain(fields.iter().copied()).chain([&[1][..]]).collect();
    secret_mac(prk.as_bytes(), &parts)
}

/// C[e+1] in the place of C[e]: Expand(C[e], "vidveil1 next" 00).
fn advance(key: &mut Secret) {
    key.rewrite(|bytes| {
        leaving_no_trace(|| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, bytes));
            context.update(b"vidveil1 next\0\x01");
            // HMAC with SHA-256 has 32 bytes
            bytes.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        });
    });
}

impl SessionSecret {
    /// A new secret from the system's random numbers. Errors: the system has none to give.
    pub fn random() -> Result<Self, SealError> {
        Ok(SessionSecret(Secret::fill_with(|s| SystemRandom::new().fill(s))?))
    }

    /// The secret that a CMS message held; `None` unless it has 32 bytes.
    pub fn from_bytes(b: &[u8]) -> Option<Self> {
        Secret::copy_of(b).map(SessionSecret)
    }

    /// Its bytes, to be sealed to recipients.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// P = HKDF-Extract(salt = H, S), for the stream whose record's SHA-256 is `stream_hash`.
    pub fn session_key(&self, stream_hash: &[u8; 32], session: u32) -> SessionKey {
        SessionKey { prk: extract(stream_hash, &self.0), session }
    }
}

impl SessionKey {
    /// The commitment that stands in the keys record.
    pub fn commitment(&self) -> [u8; 32] {
        *expand(&self.prk, "vidveil1 commit", &[&self.session.to_be_bytes()]).as_bytes()
    }

    /// Whether `commitment` is this key's; takes the same time for every answer.
    pub fn is_committed_by(&self, commitment: &[u8; 32]) -> bool {
        same(&self.commitment(), commitment)
    }

    /// The MAC of a slot of the keys record; `text` is what it covers.
    pub fn slot_mac(&self, text: &[u8]) -> [u8; 32] {
        let key = expand(&self.prk, "vidveil1 slot", &[&self.session.to_be_bytes()]);
        let mut out = [0; 32];
        mac(key.as_bytes(), &[text], &mut out);
        out
    }

    /// C of the session's first epoch, which has the number `first_epoch`.
    pub fn chain(&self, first_epoch: u64) -> Chain {
        let key = expand(&self.prk, "vidveil1 chain", &[&self.session.to_be_bytes()]);
        Chain { key, session: self.session, epoch: first_epoch }
    }
}

impl Chain {
    /// The number of the epoch whose keys it gives.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// `T[epoch,t]` for every track, by as many steps as it takes; `None` for an epoch that is past. The caller has
    /// bounded the distance.
    pub fn keys_at(&mut self, epoch: u64, tracks: usize) -> Option<Vec<EpochKey>> {
        while self.epoch < epoch {
            self.next_epoch(0);
        }
        (self.epoch == epoch).then(|| self.next_epoch(tracks))
    }

    /// Forgets C[epoch] and what is before it.
    pub(super) fn pass(&mut self, epoch: u64) {
        while self.epoch <= epoch && self.epoch < u64::MAX {
            self.next_epoch(0);
        }
    }

    /// The bond of the session that begins with `epoch`, where this one ends: `text` is what it covers. Takes the chain
    /// there by as many steps as it takes; `None` for an epoch that is past. The caller has bounded the distance.
    pub fn bond_at(&mut self, epoch: u64, text: &[u8]) -> Option<[u8; 32]> {
        while self.epoch < epoch {
            self.next_epoch(0);
        }
        (self.epoch == epoch).then(|| self.bond(text))
    }

    /// The bond of a session that begins with the epoch whose keys this chain would give.
    pub fn bond(&self, text: &[u8]) -> [u8; 32] {
        let key = expand(&self.key, "vidveil1 bond", &[]);
        let mut out = [0; 32];
        mac(key.as_bytes(), &[text], &mut out);
        out
    }

    /// Number of the session.
    pub(super) fn session(&self) -> u32 {
        self.session
    }

    /// `T[e,t]` for every track of the epoch, then forgets `C[e]` for `C[e+1]`.
    pub fn next_epoch(&mut self, tracks: usize) -> Vec<EpochKey> {
        let key = |t: usize| {
            let fields: [&[u8]; 3] =
                [&self.session.to_be_bytes(), &self.epoch.to_be_bytes(), &(t as u16).to_be_bytes()];
            EpochKey(expand(&self.key, "vidveil1 track", &fields))
        };
        let keys = (0..tracks).map(key).collect();
        advance(&mut self.key);
        // the last number that there is has no successor, and the container's order refuses to go on there
        self.epoch = self.epoch.saturating_add(1);
        keys
    }
}

impl EpochKey {
    /// The key that a grant's message held; `None` unless it has 32 bytes.
    pub(super) fn from_bytes(b: &[u8]) -> Option<Self> {
        Secret::copy_of(b).map(EpochKey)
    }

    /// Its bytes, to be sealed to a grantee.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The commitment that stands in the start record.
    pub fn commitment(&self) -> [u8; 32] {
        *expand(&self.0, "vidveil1 epoch commit", &[]).as_bytes()
    }

    /// Whether `commitment` is this key's; takes the same time for every answer.
    pub fn is_committed_by(&self, commitment: &[u8; 32]) -> bool {
        same(&self.commitment(), commitment)
    }

    /// The key of the track's frames. `start_hash` is SHA-256 of the epoch's start record: a changed byte there opens
    /// nothing. Errors: the cipher cannot be set up.
    pub fn frame_key(&self, start_hash: &[u8; 32]) -> Result<FrameKey, SealError> {
        let key = expand(&self.0, "vidveil1 frame", &[start_hash]);
        leaving_no_trace(|| {
            let key = aead::UnboundKey::new(&aead::AES_256_GCM, key.as_bytes()).map_err(|_| SealError::Crypto)?;
            Ok(FrameKey(aead::LessSafeKey::new(key)))
        })
    }

    /// The key of the track's HMAC in the close record.
    pub fn close_key(&self, start_hash: &[u8; 32]) -> CloseKey {
        CloseKey(expand(&self.0, "vidveil1 close", &[start_hash]))
    }
}

impl CloseKey {
    /// The HMAC of what it covers.
    pub fn sign(&self, covered: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        mac(self.0.as_bytes(), &[covered], &mut out);
        out
    }

    /// Whether the HMAC is right; takes the same time for every answer.
    pub fn verify(&self, covered: &[u8], mac: &[u8; 32]) -> bool {
        same(&self.sign(covered), mac)
    }
}

impl FrameKey {
    /// Seals what stands in `record` after the first [`FRAME_PREFIX`] bytes, which are the associated data, and
    /// appends the tag. The caller never uses a counter twice with one key.
    pub fn seal(&self, counter: u32, record: &mut Vec<u8>) -> Result<(), SealError> {
        let (aad, text) = record.split_at_mut_checked(FRAME_PREFIX).ok_or(SealError::Crypto)?;
        let tag = self.0.seal_in_place_separate_tag(nonce(counter), aead::Aad::from(&*aad), text);
        record.extend_from_slice(tag.map_err(|_| SealError::Crypto)?.as_ref());
        Ok(())
    }

    /// Opens a whole frame record in place and gives the plaintext.
    /// Errors: a record that is too short, or whose tag does not fit.
    pub fn open<'a>(&self, counter: u32, record: &'a mut [u8]) -> Result<&'a [u8], SealError> {
        let (aad, text) = record.split_at_mut_checked(FRAME_PREFIX).ok_or(SealError::Crypto)?;
        let text = self.0.open_in_place(nonce(counter), aead::Aad::from(&*aad), text);
        text.map(|t| &*t).map_err(|_| SealError::Crypto)
    }
}

fn nonce(counter: u32) -> aead::Nonce {
    let mut n = [0; aead::NONCE_LEN];
    n[8..].copy_from_slice(&counter.to_be_bytes());
    aead::Nonce::assume_unique_for_key(n)
}

fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.ct_eq(b).into()
}
