//! The key schedule: session secret, chain of epochs, one key for each track of each epoch.

use ring::{aead, hkdf, hmac};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::format::FRAME_PREFIX;

/// Bytes that sealing adds after the ciphertext.
pub const TAG: usize = 16;

/// The session secret S: the content of the CMS message, nothing else in it.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<[u8; 32]>);

/// P, bound to the stream record by its hash H.
pub struct SessionKey {
    prk: hkdf::Prk,
    session: u32,
}

/// C[e]: opens epoch e and every later one of its session, none earlier.
pub struct Chain {
    key: Zeroizing<[u8; 32]>,
    session: u32,
    epoch: u64,
}

/// T[e,t]: opens one track of one epoch. The unit of a grant.
pub struct EpochKey(Zeroizing<[u8; 32]>);

/// Seals or opens the frames of one track of one epoch.
pub struct FrameKey(aead::LessSafeKey);

/// A key length that ring asks for.
struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF-Expand with `label`, a zero byte and `fields` as info.
fn expand(prk: &hkdf::Prk, label: &str, fields: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut info = vec![label.as_bytes(), &[0]];
    info.extend_from_slice(fields);
    let mut out = Zeroizing::new([0; 32]);
    // 32 bytes are far under HKDF's limit of 255 blocks, the only error there is
    prk.expand(&info, Bytes32).and_then(|okm| okm.fill(out.as_mut())).expect("HKDF gives 32 bytes");
    out
}

fn prk(key: &[u8; 32]) -> hkdf::Prk {
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, key)
}

impl SessionSecret {
    /// A new secret from the system's random numbers. Errors: the system has none to give.
    pub fn random() -> Result<Self, ring::error::Unspecified> {
        let mut s = Zeroizing::new([0; 32]);
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), s.as_mut())?;
        Ok(SessionSecret(s))
    }

    /// The secret that a CMS message held; `None` unless it has 32 bytes.
    pub fn from_bytes(b: &[u8]) -> Option<Self> {
        Some(SessionSecret(Zeroizing::new(b.try_into().ok()?)))
    }

    /// Its bytes, to be sealed to recipients.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// P = HKDF-Extract(salt = H, S), for the stream whose record's SHA-256 is `stream_hash`.
    pub fn session_key(&self, stream_hash: &[u8; 32], session: u32) -> SessionKey {
        SessionKey { prk: hkdf::Salt::new(hkdf::HKDF_SHA256, stream_hash).extract(self.0.as_ref()), session }
    }
}

impl SessionKey {
    /// The commitment that stands in the keys record.
    pub fn commitment(&self) -> [u8; 32] {
        *expand(&self.prk, "vidveil1 commit", &[&self.session.to_be_bytes()])
    }

    /// Whether `commitment` is this key's; takes the same time for every answer.
    pub fn is_committed_by(&self, commitment: &[u8; 32]) -> bool {
        same(&self.commitment(), commitment)
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

    /// T[epoch,t] for every track, by as many steps as it takes; `None` for an epoch that is past. The caller has
    /// bounded the distance.
    pub fn keys_at(&mut self, epoch: u64, tracks: usize) -> Option<Vec<EpochKey>> {
        while self.epoch < epoch {
            self.next_epoch(0);
        }
        (self.epoch == epoch).then(|| self.next_epoch(tracks))
    }

    /// T[e,t] for every track of the epoch, then forgets C[e] for C[e+1].
    pub fn next_epoch(&mut self, tracks: usize) -> Vec<EpochKey> {
        let prk = prk(&self.key);
        let key = |t: usize| {
            let fields: [&[u8]; 3] =
                [&self.session.to_be_bytes(), &self.epoch.to_be_bytes(), &(t as u16).to_be_bytes()];
            EpochKey(expand(&prk, "vidveil1 track", &fields))
        };
        let keys = (0..tracks).map(key).collect();
        self.key = expand(&prk, "vidveil1 next", &[]);
        // the last number that there is has no successor, and the container's order refuses to go on there
        self.epoch = self.epoch.saturating_add(1);
        keys
    }
}

impl EpochKey {
    /// The key that a grant's message held.
    pub(super) fn from_bytes(b: &[u8; 32]) -> Self {
        EpochKey(Zeroizing::new(*b))
    }

    /// Its bytes, to be sealed to a grantee.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The commitment that stands in the start record.
    pub fn commitment(&self) -> [u8; 32] {
        *expand(&prk(&self.0), "vidveil1 epoch commit", &[])
    }

    /// Whether `commitment` is this key's; takes the same time for every answer.
    pub fn is_committed_by(&self, commitment: &[u8; 32]) -> bool {
        same(&self.commitment(), commitment)
    }

    /// The key of the track's frames. `start_hash` is SHA-256 of the epoch's start record: a changed byte there opens
    /// nothing.
    pub fn frame_key(&self, start_hash: &[u8; 32]) -> FrameKey {
        let key = expand(&prk(&self.0), "vidveil1 frame", &[start_hash]);
        // the length is AES-256's, the only thing that ring checks
        FrameKey(aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key.as_ref()).expect("32 bytes")))
    }

    /// The key of the track's HMAC in the close record.
    pub fn close_key(&self, start_hash: &[u8; 32]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, expand(&prk(&self.0), "vidveil1 close", &[start_hash]).as_ref())
    }
}

impl FrameKey {
    /// Seals what stands in `record` after the first [`FRAME_PREFIX`] bytes, which are the associated data, and
    /// appends the tag. The caller never uses a counter twice with one key.
    pub fn seal(&self, counter: u32, record: &mut Vec<u8>) -> Result<(), ring::error::Unspecified> {
        let (aad, text) = record.split_at_mut(FRAME_PREFIX);
        let tag = self.0.seal_in_place_separate_tag(nonce(counter), aead::Aad::from(&*aad), text)?;
        record.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Opens a whole frame record in place and gives the plaintext.
    /// Errors: a record that is too short, or whose tag does not fit.
    pub fn open<'a>(&self, counter: u32, record: &'a mut [u8]) -> Result<&'a [u8], ring::error::Unspecified> {
        let (aad, text) = record.split_at_mut_checked(FRAME_PREFIX).ok_or(ring::error::Unspecified)?;
        self.0.open_in_place(nonce(counter), aead::Aad::from(&*aad), text).map(|t| &*t)
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
