//! The epoch that a sealer is in: its keys, and what its close record will count.

use crate::format::{Close, FRAME_PREFIX, Fault, FormatError, Frame, Reason, RecordType, TrackTotals, limits};

use super::epoch_signature::EpochSigner;
use super::error::SealError;
use super::schedule::{CloseKey, EpochKey, FrameKey, TAG};

/// The keys of the open epoch.
pub(super) struct Epoch {
    number: u64,
    frame_keys: Vec<FrameKey>,
    close_keys: Vec<CloseKey>,
    counter: u32,
    totals: Vec<TrackTotals>,
    /// It must be closed before this wall-clock time: a recipient's notAfter.
    pub valid_until_ns: i64,
}

impl Epoch {
    /// The epoch `number` with a key for each track; `start_hash` is its start record's.
    pub fn open(number: u64, keys: &[EpochKey], start_hash: &[u8; 32], valid_until_ns: i64) -> Result<Self, SealError> {
        Ok(Epoch {
            number,
            frame_keys: keys.iter().map(|k| k.frame_key(start_hash)).collect::<Result<_, _>>()?,
            close_keys: keys.iter().map(|k| k.close_key(start_hash)).collect(),
            counter: 0,
            totals: vec![TrackTotals::NONE; keys.len()],
            valid_until_ns,
        })
    }

    /// Writes the record of a sealed frame into `record`, padded to a multiple of `pad` bytes; gives the frame with its
    /// counter.
    pub fn seal(&mut self, f: &Frame, packet: &[u8], pad: usize, record: &mut Vec<u8>) -> Result<Frame, SealError> {
        let track = usize::from(f.track);
        let (Some(key), Some(totals)) = (self.frame_keys.get(track), self.totals.get_mut(track)) else {
            return Err(frame_fault(Fault::UnknownTrack));
        };
        let f = Frame { counter: self.counter, ..*f };
        // advanced before sealing: whatever fails from here on, the nonce is used up
        self.counter += 1;
        let text = padded(4 + packet.len(), pad);
        record.clear();
        record.extend_from_slice(&f.prefix(text + TAG).map_err(frame_fault)?);
        record.extend_from_slice(&(packet.len() as u32).to_be_bytes());
        record.extend_from_slice(packet);
        record.resize(FRAME_PREFIX + text, 0);
        key.seal(f.counter, record)?;
        totals.add(f.pts);
        Ok(f)
    }

    /// Its close record and that record's bytes, with a code by each track's key, and signed where somebody signs.
    pub fn close(self, reason: Reason, signer: Option<&mut EpochSigner>) -> Result<(Close, Vec<u8>), SealError> {
        let unwritable = |fault| FormatError::unwritable(RecordType::Close, fault);
        let tracks = self.close_keys.len();
        let signature = signer.as_ref().map(|signer| signer.blank());
        let macs = vec![[0; 32]; tracks];
        let mut close = Close { epoch: self.number, reason, tracks: self.totals, macs, signature };
        let record = close.to_record().map_err(unwritable)?;
        let covered = &record[..Close::covered(tracks, true).0];
        for (mac, key) in close.macs.iter_mut().zip(&self.close_keys) {
            *mac = key.sign(covered);
        }
        let mut record = close.to_record().map_err(unwritable)?;
        if let Some(signer) = signer {
            close.signature = Some(signer.sign(&record)?);
            record = close.to_record().map_err(unwritable)?;
        }
        Ok((close, record))
    }
}

/// A frame that cannot be written.
pub(super) fn frame_fault(fault: Fault) -> SealError {
    FormatError::unwritable(RecordType::Frame, fault).into()
}

fn padded(len: usize, multiple: usize) -> usize {
    let padded = if multiple > 1 { len.checked_next_multiple_of(multiple).unwrap_or(len) } else { len };
    // padding never makes a packet too long that would fit without it
    if padded > limits::PACKET + 4 { len } else { padded }
}
