//! The close record: what an epoch held, and whether the stream ends with it.

use super::error::Fault;
use super::field_reader::{Fields, put_u16};
use super::header::{HEADER_LEN, Header, build};
use super::limits;
use super::record_type::RecordType;
use super::signature::{self, Signature, SignatureAlgorithm};
use super::time;

/// Why a stream ends, or that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Another epoch follows.
    NotLast = 0,
    /// The source came to its end.
    EndOfInput = 1,
    /// The writer's input stopped before its own end.
    InputCut = 2,
    /// An operator stopped the writer.
    Stopped = 3,
    /// No valid certificate was left to encrypt to, or to sign with.
    NoRecipients = 4,
    /// The codec configuration changed; a new stream goes on.
    ConfigChanged = 5,
    /// The source or the sink failed.
    Failed = 6,
}

/// Frames and presentation times of one track in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackTotals {
    /// Frames.
    pub frames: u32,
    /// Lowest presentation time, `None` when no frame has one.
    pub first_pts: Option<i64>,
    /// Highest presentation time, `None` when no frame has one.
    pub last_pts: Option<i64>,
}

/// The close record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The epoch that it closes.
    pub epoch: u64,
    /// Whether and why the stream ends here.
    pub reason: Reason,
    /// Totals of each track.
    pub tracks: Vec<TrackTotals>,
    /// HMAC of each track (sealed streams; else empty).
    pub macs: Vec<[u8; 32]>,
    /// The archiver's signature.
    pub signature: Option<Signature>,
}

impl Reason {
    fn from_byte(b: u8) -> Option<Self> {
        use Reason::*;
        [NotLast, EndOfInput, InputCut, Stopped, NoRecipients, ConfigChanged, Failed]
            .into_iter()
            .find(|r| *r as u8 == b)
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Reason::NotLast => "another epoch follows",
            Reason::EndOfInput => "end of input",
            Reason::InputCut => "the input was cut",
            Reason::Stopped => "stopped by the operator",
            Reason::NoRecipients => "no valid certificate left",
            Reason::ConfigChanged => "the codec configuration changed",
            Reason::Failed => "the source or the sink failed",
        }
    }
}

impl TrackTotals {
    /// No frame yet.
    pub const NONE: Self = TrackTotals { frames: 0, first_pts: None, last_pts: None };

    /// Counts a frame.
    pub fn add(&mut self, pts: Option<i64>) {
        self.frames = self.frames.saturating_add(1);
        // as a reader of the frame's record counts it
        let pts = time::known(pts);
        self.first_pts = [self.first_pts, pts].into_iter().flatten().min();
        self.last_pts = self.last_pts.max(pts);
    }
}

impl Close {
    /// Reads a close record; `sealed` says whether each track has an HMAC.
    pub fn parse(header: &Header, body: &[u8], sealed: bool) -> Result<Self, Fault> {
        let mut f = Fields(body);
        let epoch = f.u64()?;
        let reason = Reason::from_byte(f.u8()?).ok_or(Fault::Value)?;
        if (reason != Reason::NotLast) != (header.flags & 1 != 0) {
            return Err(Fault::LastReason);
        }
        f.zeros(3)?;
        let frames = f.u32()?;
        let n = f.u16()? as usize;
        if n == 0 || n > limits::TRACKS {
            return Err(Fault::TrackCount);
        }
        let tracks = (0..n)
            .map(|_| Ok(TrackTotals { frames: f.u32()?, first_pts: f.time()?, last_pts: f.time()? }))
            .collect::<Result<Vec<_>, _>>()?;
        if tracks.iter().map(|t| u64::from(t.frames)).sum::<u64>() != u64::from(frames) {
            return Err(Fault::Totals);
        }
        let macs = (0..if sealed { n } else { 0 }).map(|_| f.array()).collect::<Result<_, _>>()?;
        let signature = match SignatureAlgorithm::parse(&mut f)? {
            None => None,
            Some(algorithm) => Some(Signature { algorithm, bytes: signature::parse_bytes(&mut f)? }),
        };
        f.finish()?;
        Ok(Close { epoch, reason, tracks, macs, signature })
    }

    /// The whole record, header and body.
    pub fn to_record(&self) -> Result<Vec<u8>, Fault> {
        let frames = self.tracks.iter().try_fold(0u32, |a, t| a.checked_add(t.frames)).ok_or(Fault::Totals)?;
        build(RecordType::Close, u8::from(self.reason != Reason::NotLast), |out| {
            out.extend_from_slice(&self.epoch.to_be_bytes());
            out.extend_from_slice(&[self.reason as u8, 0, 0, 0]);
            out.extend_from_slice(&frames.to_be_bytes());
            put_u16(out, self.tracks.len())?;
            for t in &self.tracks {
                out.extend_from_slice(&t.frames.to_be_bytes());
                out.extend_from_slice(&time::to_bytes(t.first_pts));
                out.extend_from_slice(&time::to_bytes(t.last_pts));
            }
            self.macs.iter().for_each(|m| out.extend_from_slice(m));
            match &self.signature {
                None => out.push(0),
                Some(s) => {
                    out.push(s.algorithm as u8);
                    signature::put_bytes(out, &s.bytes)?;
                }
            }
            Ok(())
        })
    }

    /// How many bytes of the record (header included) stand before the first HMAC, and before the signature.
    pub fn covered(tracks: usize, sealed: bool) -> (usize, usize) {
        let fields = HEADER_LEN + 8 + 4 + 4 + 2 + tracks * 20;
        (fields, fields + if sealed { tracks * 32 } else { 0 })
    }
}
