//! What the manifests of public streams say of their originals: only the parent sees the sealed records.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use crate::base::lock;
use crate::format::{Manifest, sha256};
use crate::seal::Opened;

use super::error::ProtectError;

/// Number of originals that are remembered; the child lags by fewer.
const STREAMS: usize = 64;
/// Number of each one's close records that are remembered.
const EPOCHS: usize = 4096;

/// The originals that were read; clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Originals(Arc<Mutex<VecDeque<Original>>>);

struct Original {
    id: [u8; 16],
    hash: [u8; 32],
    closes: BTreeMap<u64, [u8; 32]>,
}

impl Originals {
    /// Takes in a record of the input, before the child can know of it.
    pub fn note(&self, opened: &Opened) {
        let mut all = lock(&self.0);
        match opened {
            Opened::Stream(s) => {
                // what was parsed is written again as it was
                let hash = s.to_record().map(|r| sha256(&r)).unwrap_or_default();
                all.push_back(Original { id: s.id, hash, closes: BTreeMap::new() });
                if all.len() > STREAMS {
                    all.pop_front();
                }
            }
            Opened::Close(c) => {
                if let (Some(original), Ok(record)) = (all.back_mut(), c.to_record()) {
                    original.closes.insert(c.epoch, sha256(&record));
                    if original.closes.len() > EPOCHS {
                        original.closes.pop_first();
                    }
                }
            }
            _ => {}
        }
    }

    /// The child's manifest with the hashes that it does not know.
    ///
    /// # Errors
    ///
    /// It names an original that was never read, or is no manifest.
    pub fn complete(&self, packet: &[u8]) -> Result<Vec<u8>, ProtectError> {
        let all = lock(&self.0);
        let wrong = || ProtectError::WrongManifest;
        let mut m = Manifest::parse(packet).map_err(|_| wrong())?;
        // of several excerpts of one stream, the last one that has the epoch
        let of = all.iter().rev().filter(|o| o.id == m.stream);
        let (hash, close) =
            of.filter_map(|o| Some((o.hash, *o.closes.get(&m.last_epoch)?))).next().ok_or_else(wrong)?;
        (m.stream_hash, m.last_close) = (hash, close);
        m.to_packet().map_err(|_| wrong())
    }
}
