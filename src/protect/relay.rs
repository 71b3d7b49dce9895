//! The child's public stream, checked record by record and written.

use std::io::Read;

use crate::format::{Close, FormatError, Manifest, Reader, Reason, Record, Role, TrackTotals};
use crate::storage::StreamOutput;

use super::error::ProtectError;
use super::manifest_fill::Originals;
use super::signed_writer::SignedWriter;
use super::tail::Owed;

/// Passes the child's public stream on to `writer`, record by record, and ends it properly when the child does not.
/// Gives whether the child did. `came` is called for each public picture; there must not be more than were given.
///
/// # Errors
///
/// The child gave something else than a public stream, or cannot be read from; the output cannot be signed or written.
pub(super) fn relay(
    from_child: impl Read,
    writer: &mut SignedWriter<StreamOutput>,
    originals: &Originals,
    owed: Option<&Owed>,
    came: impl Fn(Option<i64>),
) -> Result<bool, ProtectError> {
    let mut reader = Reader::new(from_child);
    let mut open: Option<(u64, Vec<TrackTotals>)> = None;
    let (mut in_stream, mut tracks, mut whole) = (false, 0, true);
    let mut manifest = None;
    let mut pictures = 0;
    loop {
        match reader.next() {
            Ok(None) | Err(FormatError::Empty) => break,
            Err(FormatError::Io(e)) => return Err(ProtectError::ReadWorker(e)),
            Err(_) | Ok(Some(Record::Cut)) => {
                whole = false;
                break;
            }
            Ok(Some(record)) => match record {
                Record::Stream(s) => {
                    if s.role != Role::Public || s.sealed() {
                        return Err(ProtectError::NotPublic);
                    }
                    (in_stream, tracks, manifest) = (true, s.tracks.len(), Manifest::track_of(&s));
                    writer.stream(&s)?;
                }
                Record::Start(s) => {
                    open = Some((s.epoch, vec![TrackTotals::NONE; tracks]));
                    if let Err(e) = writer.start(&s, reader.raw()) {
                        // what was signed before stays, with an end
                        writer.finish()?;
                        return Err(e.into());
                    }
                }
                Record::Frame(f) => {
                    if let Some(t) = open.as_mut().and_then(|(_, t)| t.get_mut(f.track as usize)) {
                        t.add(f.pts);
                    }
                    if f.track == 0 {
                        pictures += 1;
                        if owed.is_some_and(|owed| pictures > owed.given()) {
                            return Err(ProtectError::TooManyPictures);
                        }
                        came(f.pts);
                    }
                    if Some(f.track) == manifest {
                        writer.plain_frame(&f, &originals.complete(reader.payload())?)?;
                    } else {
                        writer.frame(&f, reader.raw())?;
                    }
                }
                Record::Close(c) => {
                    open = None;
                    writer.close(&c, reader.raw())?;
                }
                Record::End(_) => {
                    in_stream = false;
                    writer.finish()?;
                }
                // the writer makes its own index; a plain stream has no keys and no grants
                Record::Index(_) | Record::Keys(_) | Record::Grant(_) | Record::Cut => {}
            },
        }
    }
    if let Some((epoch, tracks)) = open {
        let close = Close { epoch, reason: Reason::InputCut, tracks, macs: Vec::new(), signature: None };
        let record = close.to_record().map_err(|_| ProtectError::Close)?;
        writer.close(&close, &record)?;
    }
    if in_stream {
        writer.finish()?;
    }
    Ok(whole)
}
