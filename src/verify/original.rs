//! Whether a public stream was made from an original, as its manifest says.
//!
//! No key is needed: stream record, close records and times are not sealed.

use std::collections::BTreeSet;
use std::io;

use crate::base::text;
use crate::format::{FormatError, Manifest, Reader, Record, ShowTimes, StreamRecord, TrackKind, sha256};
use crate::inspect::{Provenance, Surveyor};
use crate::storage::Input;

use super::outcome::Outcome;
use super::verdict::Verdict;

/// Presentation times in any order: how many, and a sum of their hashes that any change of one changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Times {
    count: u64,
    sum: u128,
}

impl Times {
    fn add(&mut self, pts: Option<i64>) {
        let mut half = [0; 16];
        let bytes = pts.map(i64::to_be_bytes);
        half.copy_from_slice(&sha256(bytes.as_ref().map_or(&[], |b| &b[..]))[..16]);
        let hash = u128::from_be_bytes(half);
        (self.count, self.sum) = (self.count.saturating_add(1), self.sum.wrapping_add(hash));
    }
}

/// A public stream, and what of it was found in the original.
struct Claim {
    /// Which stream of its input it is, from 1.
    number: u64,
    manifest: Manifest,
    /// Presentation times of its pictures.
    public: Times,
    /// Those of the pictures of the original that it stands for.
    original: Times,
    stream_found: bool,
    close_found: bool,
}

/// Checks that each stream of `public` was made from a stream in `original`, one file or several: H, the close record
/// that the manifest names, and the presentation times of the pictures. An epoch that is there twice counts once.
/// `name` is that of the public stream; `signed` says that its signatures were checked and are right.
pub fn check_original(public: Input, name: String, original: Input, signed: bool) -> Verdict {
    Verdict::new(name, compared(public, original, signed))
}

fn compared(public: Input, original: Input, signed: bool) -> Outcome {
    let mut claims = match claims(public) {
        Ok(Ok(claims)) if claims.is_empty() => return Outcome::NoManifest("there is no stream".into()),
        Ok(Ok(claims)) => claims,
        Ok(Err(why)) => return Outcome::NoManifest(why),
        Err(FormatError::Io(e)) => return Outcome::Unreadable(text::io_reason(&e)),
        Err(e) => return Outcome::Damaged(e.to_string()),
    };
    if let Err(e) = compare(original, &mut claims) {
        return Outcome::NotLinked(format!("the original cannot be read to its end: {e}"));
    }
    for c in &claims {
        let wrong = if !c.stream_found {
            "made from another stream than the original given".to_owned()
        } else if !c.close_found {
            format!(
                "the original's close record of epoch {} is not the one that the manifest names",
                c.manifest.last_epoch
            )
        } else if c.manifest.frames != c.public.count {
            format!("the manifest speaks of {} pictures, there are {}", c.manifest.frames, c.public.count)
        } else if c.original != c.public {
            format!("its {} pictures are not the original's {} by their times", c.public.count, c.original.count)
        } else {
            continue;
        };
        let which = if claims.len() > 1 { format!("stream {}: ", c.number) } else { String::new() };
        return Outcome::NotLinked(format!("{which}{wrong}"));
    }
    let pictures: u64 = claims.iter().map(|c| c.public.count).sum();
    Outcome::Linked { pictures, signed }
}

/// The first video track of a stream.
fn video(s: &StreamRecord) -> Option<u16> {
    s.tracks.iter().position(|t| t.kind == TrackKind::Video).and_then(|at| u16::try_from(at).ok())
}

/// What the public streams claim, or why one claims nothing.
fn claims(public: Input) -> Result<Result<Vec<Claim>, String>, FormatError> {
    let mut reader = Reader::new(public);
    let mut surveyor = Surveyor::default();
    let mut claims = Vec::new();
    let (mut track, mut times) = (None, Times::default());
    while let Some(record) = reader.next()? {
        match &record {
            Record::Stream(s) => (track, times) = (video(s), Times::default()),
            Record::Frame(f) if Some(f.track) == track => times.add(f.pts),
            _ => {}
        }
        let ended = surveyor.add(&record, reader.payload().len(), reader.record_offset());
        if let Record::Frame(f) = &record {
            surveyor.payload(f, reader.payload());
        }
        let Some(s) = ended else { continue };
        let manifest = match s.provenance {
            Provenance::Named(m) => *m,
            Provenance::None => return Ok(Err(format!("stream {} has no manifest: it is not of protect", s.number))),
            Provenance::Missing => {
                return Ok(Err(format!("stream {} has no manifest: it, or its original, was cut", s.number)));
            }
            Provenance::Sealed => return Ok(Err(format!("stream {} is sealed", s.number))),
            Provenance::Wrong => return Ok(Err(format!("the manifest of stream {} is damaged", s.number))),
        };
        let (number, original) = (s.number, Times::default());
        claims.push(Claim { number, manifest, public: times, original, stream_found: false, close_found: false });
    }
    Ok(Ok(claims))
}

/// Reads the original and notes which claims it confirms.
fn compare(original: Input, claims: &mut [Claim]) -> Result<(), FormatError> {
    let mut reader = Reader::new(original);
    let (mut hash, mut first, mut epoch, mut shown) = ([0; 32], None, 0, Vec::new());
    // epochs that were read whole
    let mut seen: BTreeSet<([u8; 32], u64)> = BTreeSet::new();
    loop {
        let Some(record) = reader.next()? else {
            if !reader.input_mut().next_file().map_err(io::Error::other)? {
                return Ok(());
            }
            reader.begin_again();
            continue;
        };
        if let Record::Stream(s) = &record {
            (hash, first) = (sha256(reader.raw()), video(s));
            shown = vec![ShowTimes::default(); s.tracks.len()];
        }
        let repeated = matches!(&record, Record::Frame(_)) && seen.contains(&(hash, epoch));
        let picture = match &record {
            Record::Frame(f) if !repeated && !f.flags.hidden => {
                shown.get_mut(usize::from(f.track)).map(|times: &mut ShowTimes| (f.track, times.of(f)))
            }
            _ => None,
        };
        for c in claims.iter_mut().filter(|c| c.manifest.stream_hash == hash) {
            let track = c.manifest.video_track().or(first);
            match &record {
                Record::Stream(_) => c.stream_found = true,
                Record::Frame(_) => {
                    let time = picture.filter(|(of, _)| Some(*of) == track).map(|(_, time)| time);
                    if time.is_some_and(|time| c.covers(epoch, time)) {
                        c.original.add(time);
                    }
                }
                Record::Close(close) if close.epoch == c.manifest.last_epoch => {
                    c.close_found |= sha256(reader.raw()) == c.manifest.last_close;
                }
                _ => {}
            }
        }
        match &record {
            Record::Start(s) => epoch = s.epoch,
            Record::Close(c) if claims.iter().any(|claim| claim.manifest.stream_hash == hash) => {
                seen.insert((hash, c.epoch));
            }
            _ => {}
        }
    }
}

impl Claim {
    /// Whether it speaks of the original's picture of this epoch that is shown at `time`.
    fn covers(&self, epoch: u64, time: i64) -> bool {
        let m = &self.manifest;
        epoch >= m.first_epoch && (m.first_pts..=m.last_pts).contains(&Some(time))
    }
}
