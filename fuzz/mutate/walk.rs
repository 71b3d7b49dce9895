//! The key schedule along a stream: what stands in its records so far, and which keys that gives.

use vidveil::format::{FRAME_PREFIX, StreamRecord, sha256};
use vidveil::seal::{Chain, EpochKey, SessionSecret};

/// Chains are not walked further than this: a mutant may say that an epoch is any.
const FAR: u64 = 1 << 10;

pub struct Walk {
    secret: SessionSecret,
    pub stream_hash: [u8; 32],
    pub tracks: usize,
    pub sealed: bool,
    pub signed: bool,
    pub session: Option<u32>,
    pub commitment: [u8; 32],
    pub keys_hash: [u8; 32],
    pub chain: Option<Chain>,
    /// Number of the epoch that is open, and its keys.
    pub epoch: u64,
    pub keys: Vec<EpochKey>,
    pub start_hash: [u8; 32],
}

/// A number that stands in a record.
pub fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field: [u8; N] = bytes.get(at..at + N)?.try_into().ok()?;
    Some(field.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}

impl Walk {
    pub fn new() -> Self {
        let secret = SessionSecret::from_bytes(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).expect("32 bytes");
        Walk {
            secret,
            stream_hash: [0; 32],
            tracks: 1,
            sealed: false,
            signed: false,
            session: None,
            commitment: [0; 32],
            keys_hash: [0; 32],
            chain: None,
            epoch: 0,
            keys: Vec::new(),
            start_hash: [0; 32],
        }
    }

    pub fn stream(&mut self, record: &[u8]) {
        if let Ok(s) = StreamRecord::parse(&record[8..]) {
            (self.tracks, self.sealed, self.signed) = (s.tracks.len(), s.sealed(), !s.signer.is_empty());
        }
        self.stream_hash = sha256(record);
    }

    /// The key of the session that a keys record says that it opens.
    pub fn session_key(&self, record: &[u8]) -> Option<vidveil::seal::SessionKey> {
        Some(self.secret.session_key(&self.stream_hash, number::<4>(record, 8)? as u32))
    }

    pub fn keys(&mut self, record: &[u8]) {
        let (Some(key), Some(first)) = (self.session_key(record), number::<8>(record, 12)) else { return };
        self.session = number::<4>(record, 8).map(|n| n as u32);
        (self.commitment, self.keys_hash) = (key.commitment(), sha256(record));
        self.chain = Some(key.chain(first));
    }

    /// Epoch keys as the start record numbers it.
    pub fn epoch_keys(&mut self, record: &[u8]) -> Vec<EpochKey> {
        let (Some(chain), Some(epoch)) = (&mut self.chain, number::<8>(record, 12)) else { return Vec::new() };
        if epoch.saturating_sub(chain.epoch()) > FAR {
            return Vec::new();
        }
        chain.keys_at(epoch, self.tracks).unwrap_or_default()
    }

    pub fn start(&mut self, record: &[u8]) {
        self.keys = self.epoch_keys(record);
        self.begin(record);
    }

    /// The start record is as it will be.
    pub fn begin(&mut self, record: &[u8]) {
        self.start_hash = sha256(record);
        self.epoch = number::<8>(record, 12).unwrap_or(0);
    }

    /// The bond of a session that begins with `first`, over `text`.
    pub fn bond(&mut self, first: u64, text: &[u8]) -> Option<[u8; 32]> {
        let chain = self.chain.as_mut()?;
        if first.saturating_sub(chain.epoch()) > FAR {
            return None;
        }
        chain.bond_at(first, text)
    }

    /// A frame record with its plaintext.
    pub fn open(&self, record: &[u8]) -> Option<Vec<u8>> {
        let key = self.keys.get(number::<2>(record, 2)? as usize)?.frame_key(&self.start_hash).ok()?;
        let mut whole = record.to_vec();
        let text = key.open(number::<4>(record, 8)? as u32, &mut whole).ok()?.to_vec();
        Some([&record[..FRAME_PREFIX], &text].concat())
    }

    /// A frame record out of its plaintext; unchanged where there is no key for it.
    pub fn seal(&self, record: &mut Vec<u8>) {
        let Some(track) = number::<2>(record, 2) else { return };
        let key = self.keys.get(track as usize).or(self.keys.first());
        let (Some(Ok(key)), Some(counter)) = (key.map(|k| k.frame_key(&self.start_hash)), number::<4>(record, 8))
        else {
            return;
        };
        let _ = key.seal(counter as u32, record);
    }
}
