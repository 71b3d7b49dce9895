//! What the manifests of public streams say of their originals: only the parent sees the sealed records.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::Failure;
use crate::format::{Manifest, sha256};
use crate::seal::Opened;

/// Originals that are remembered; the child is not further behind.
const STREAMS: usize = 64;
/// Close records of each that are remembered.
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
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    /// A [`Failure`] (1): it is of an original that was never read, or no manifest.
    pub fn complete(&self, packet: &[u8]) -> anyhow::Result<Vec<u8>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = || Failure::failed("the decoder process gave a manifest of something else");
        let mut m = Manifest::parse(packet).map_err(|_| wrong())?;
        // of several excerpts of one stream, the last one that has the epoch
        let of = all.iter().rev().filter(|o| o.id == m.stream);
        let (hash, close) =
            of.filter_map(|o| Some((o.hash, *o.closes.get(&m.last_epoch)?))).next().ok_or_else(wrong)?;
        (m.stream_hash, m.last_close) = (hash, close);
        Ok(m.to_packet().map_err(|_| wrong())?)
    }
}
