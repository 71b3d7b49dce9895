//! What is made right again in a stream whose records were changed.

use std::sync::LazyLock;

use vidveil::format::{Close, FRAME_PREFIX, TrackTotals, sha256};
use vidveil::keys::{Signer, certificates_in};

use super::random::Random;
use super::records::Piece;
use super::walk::{Walk, number};

/// The signer of the vectors.
static SIGNER: LazyLock<Option<Signer>> = LazyLock::new(|| {
    let certificate = certificates_in(include_bytes!("../../testdata/certs/ed25519.pem")).ok()?.pop()?;
    let now = 1_800_000_000_000_000_000;
    Signer::new(include_bytes!("../../testdata/certs/ed25519.key"), certificate, now, || None).ok()
});

/// How much of it.
pub struct Repair {
    /// Hashes, commitments, MACs, bonds, tags, signatures.
    pub proofs: bool,
    /// Numbers of sessions, epochs and frames, totals, offsets.
    pub numbers: bool,
    /// The record that stays as it is.
    pub but: Option<usize>,
}

impl Repair {
    pub fn some(random: &mut Random) -> Self {
        let but = (random.below(6) == 0).then(|| random.below(24));
        Repair { proofs: random.below(10) != 0, numbers: random.below(2) == 0, but }
    }
}

/// What is known of the stream so far, besides its keys.
struct State {
    walk: Walk,
    out: Vec<u8>,
    /// Where the stream began.
    begun: usize,
    next_session: u32,
    next_epoch: u64,
    last_close: [u8; 32],
    keys_at: u64,
    /// Number of each epoch, where it begins, and its keys record.
    places: Vec<(u64, u64, u64)>,
    counter: u32,
    totals: Vec<TrackTotals>,
    /// Hashes of the epoch's records.
    digests: Vec<u8>,
    index_len: u32,
}

/// Writes the bytes where there is room for them.
fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = record.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// The pieces as a container again.
pub fn put_together(pieces: Vec<Piece>, repair: &Repair) -> Vec<u8> {
    let mut state = State::new(Vec::new());
    for (n, mut piece) in pieces.into_iter().enumerate() {
        if piece.is_preamble() {
            state = State::new(state.out);
        }
        let is_spared = repair.but == Some(n);
        let (proofs, numbers) = (repair.proofs && !is_spared, repair.numbers && !is_spared);
        if let Some(kind) = piece.kind() {
            state.record(kind, &mut piece, proofs, numbers);
        }
        state.out.extend_from_slice(&piece.bytes);
    }
    state.out
}

impl State {
    fn new(out: Vec<u8>) -> Self {
        State {
            walk: Walk::new(),
            begun: out.len(),
            out,
            next_session: 0,
            next_epoch: 0,
            last_close: [0; 32],
            keys_at: 0,
            places: Vec::new(),
            counter: 0,
            totals: Vec::new(),
            digests: Vec::new(),
            index_len: 0,
        }
    }

    fn at(&self) -> u64 {
        (self.out.len() - self.begun) as u64
    }

    fn record(&mut self, kind: u8, piece: &mut Piece, proofs: bool, numbers: bool) {
        let record = &mut piece.bytes;
        let tag = if piece.is_open { 16 } else { 0 };
        let length = (record.len() - 8 + tag) as u32;
        put(record, 4, &length.to_be_bytes());
        match kind {
            1 => self.walk.stream(record),
            2 => self.keys(record, proofs, numbers),
            3 => self.start(record, proofs, numbers),
            4 => {
                if numbers {
                    put(record, 8, &self.counter.to_be_bytes());
                }
                self.counter = number::<4>(record, 8).unwrap_or(0).wrapping_add(1) as u32;
                let times = [number::<8>(record, 12), number::<2>(record, 2)];
                if let [Some(pts), Some(track)] = times
                    && let Some(totals) = self.totals.get_mut(track as usize)
                {
                    totals.add(Some(pts as i64).filter(|pts| *pts != i64::MIN));
                }
                if piece.is_open && record.len() >= FRAME_PREFIX {
                    self.walk.seal(record);
                }
                self.digests.extend(sha256(record));
            }
            5 => self.close(record, proofs, numbers),
            6 if proofs => put(record, 8, &self.walk.stream_hash),
            7 => {
                if numbers {
                    self.index(record);
                }
                self.index_len = record.len() as u32;
            }
            8 if numbers => put(record, 12, &self.index_len.to_be_bytes()),
            _ => {}
        }
    }

    fn keys(&mut self, record: &mut [u8], proofs: bool, numbers: bool) {
        if numbers {
            put(record, 8, &self.next_session.to_be_bytes());
            put(record, 12, &self.next_epoch.to_be_bytes());
        }
        if let (true, Some(key)) = (proofs, self.walk.session_key(record)) {
            put(record, 20, &key.commitment());
            let after_names = after_left_out(record);
            let (session, first) = (number::<4>(record, 8), number::<8>(record, 12));
            let bond = match (session, first) {
                (Some(0), _) => Some([0; 32]),
                (_, Some(first)) => record.get(8..after_names).and_then(|text| self.walk.bond(first, text)),
                _ => None,
            };
            bond.into_iter().for_each(|bond| put(record, after_names, &bond));
            let slots = after_names + 36;
            let size = number::<4>(record, after_names + 32).unwrap_or(0) as usize;
            if record.len() >= slots && size > 44 {
                let (head, slots) = record.split_at_mut(slots);
                for slot in slots.chunks_exact_mut(size).take(2).filter(|slot| slot.iter().any(|b| *b != 0)) {
                    super::slots::prove(slot, |covered| key.slot_mac(&[&head[8..], covered].concat()));
                }
            }
        }
        self.walk.keys(record);
        self.next_session = self.walk.session.unwrap_or(0).wrapping_add(1);
        self.keys_at = self.at();
    }

    fn start(&mut self, record: &mut [u8], proofs: bool, numbers: bool) {
        if numbers {
            put(record, 8, &self.walk.session.unwrap_or(0).to_be_bytes());
            put(record, 12, &self.next_epoch.to_be_bytes());
        }
        self.walk.keys = self.walk.epoch_keys(record);
        if proofs {
            put(record, 36, &self.last_close);
            put(record, 68, &self.walk.keys_hash);
            for (n, key) in self.walk.keys.iter().enumerate() {
                put(record, 100 + 32 * n, &key.commitment());
            }
        }
        self.walk.begin(record);
        self.next_epoch = self.walk.epoch.wrapping_add(1);
        self.places.push((self.walk.epoch, self.at(), self.keys_at));
        (self.counter, self.digests) = (0, sha256(record).to_vec());
        self.totals = vec![TrackTotals::NONE; self.walk.tracks];
    }

    fn close(&mut self, record: &mut [u8], proofs: bool, numbers: bool) {
        if numbers {
            put(record, 8, &self.walk.epoch.to_be_bytes());
            let last = u8::from(record.get(16).is_some_and(|reason| *reason != 0));
            put(record, 1, &[last]);
            put(record, 20, &self.totals.iter().map(|t| t.frames).sum::<u32>().to_be_bytes());
            for (n, t) in self.totals.iter().enumerate() {
                let time = |t: Option<i64>| t.unwrap_or(i64::MIN).to_be_bytes();
                put(record, 26 + 20 * n, &t.frames.to_be_bytes());
                put(record, 30 + 20 * n, &time(t.first_pts));
                put(record, 38 + 20 * n, &time(t.last_pts));
            }
        }
        let tracks = number::<2>(record, 24).unwrap_or(0) as usize;
        if proofs && self.walk.sealed {
            let (covered, end) = Close::covered(tracks, true);
            if let Some(text) = record.get(..covered).map(<[u8]>::to_vec) {
                for (n, key) in self.walk.keys.iter().take(tracks).enumerate() {
                    put(record, covered + 32 * n, &key.close_key(&self.walk.start_hash).sign(&text));
                }
            }
            self.sign(record, end);
        } else if proofs {
            self.sign(record, Close::covered(tracks, false).1);
        }
        self.last_close = sha256(record);
    }

    /// The signature of an epoch, which stands after its first `end` bytes.
    fn sign(&mut self, record: &mut [u8], end: usize) {
        let (Some(signer), Some(covered), Some(1)) = (&*SIGNER, record.get(..end), record.get(end)) else { return };
        let mut text = b"vidveil1 epoch\0".to_vec();
        text.extend_from_slice(&self.walk.stream_hash);
        text.extend_from_slice(&self.walk.session.unwrap_or(0).to_be_bytes());
        text.extend_from_slice(&self.walk.epoch.to_be_bytes());
        text.extend_from_slice(if self.walk.sealed { &self.walk.commitment } else { &[0; 32] });
        text.extend_from_slice(&self.walk.keys_hash);
        // as it was before this record
        text.extend_from_slice(&self.last_close);
        text.extend_from_slice(&sha256(&self.digests));
        text.extend_from_slice(covered);
        if let Ok(signature) = signer.sign(&text) {
            put(record, end + 3, &signature);
        }
    }

    fn index(&self, record: &mut [u8]) {
        for (n, (epoch, at, keys_at)) in self.places.iter().enumerate() {
            let entry = 12 + 32 * n;
            put(record, entry, &epoch.to_be_bytes());
            put(record, entry + 16, &at.to_be_bytes());
            put(record, entry + 24, &keys_at.to_be_bytes());
        }
    }
}

/// Where in a keys record its bond stands.
fn after_left_out(record: &[u8]) -> usize {
    let mut at = 54;
    for _ in 0..number::<2>(record, 52).unwrap_or(0) {
        let Some(name) = number::<2>(record, at + 41) else { break };
        at += 43 + name as usize;
    }
    at
}
