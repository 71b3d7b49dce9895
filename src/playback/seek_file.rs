//! Which files of a recording in pieces lie before a moment: the beginning of each shows it.

use std::path::Path;

use crate::format::{Reader, Record, StreamRecord, sha256};
use crate::storage::Handle;

/// Maximum number of records before the first frame of the leading track.
const RECORDS: usize = 1024;

/// How many of the files at `paths` need not be read by whoever looks for the media time `time_ns` of the stream `s`,
/// whose hash is `hash`: the last of them begins with a key frame of the track `lead` at or before it. None where one
/// of them before that place holds something else, or times that go back.
///
/// They are given as stops: after this number of files the keys record of a session must be read, so that the next one
/// is known to go on from it; the last stop is the place. Where a session begins and ends inside of a file, that file
/// must be read. `session` is the number of the present one.
///
/// What is read are hints: no key takes part. What lies at the place is checked as ever.
pub(super) fn files_before<'a>(
    paths: impl Iterator<Item = Option<&'a Path>>,
    s: &StreamRecord,
    hash: [u8; 32],
    lead: u16,
    time_ns: i64,
    session: Option<u32>,
) -> Vec<usize> {
    let (mut stops, mut last, mut session) = (Vec::new(), None, session);
    let mut count = 0;
    for path in paths {
        match path.and_then(|p| beginning(p, s, hash, lead)) {
            Some(b) if last.is_some_and(|last| b.time_ns <= last) => return Vec::new(),
            Some(b) if b.time_ns <= time_ns && follows(session, b.session) => {
                let goes_on = session == b.session && !stops.is_empty();
                (count, last, session) = (count + 1, Some(b.time_ns), b.session);
                match stops.last_mut().filter(|_| goes_on) {
                    Some(stop) => *stop = count,
                    None => stops.push(count),
                }
            }
            _ => break,
        }
    }
    stops
}

/// Whether no session can lie between the two.
fn follows(session: Option<u32>, next: Option<u32>) -> bool {
    session.zip(next).is_none_or(|(session, next)| next <= session.saturating_add(1))
}

/// What a file begins with.
struct Beginning {
    /// Number of the first key session; `None` in a plain stream.
    session: Option<u32>,
    /// Media time of the first frame of the leading track.
    time_ns: i64,
}

/// The beginning of a file, if its first frame of the track `lead` is a key frame and the stream is the right one.
fn beginning(path: &Path, s: &StreamRecord, hash: [u8; 32], lead: u16) -> Option<Beginning> {
    let mut reader = Reader::new(Handle::open(path).ok()?);
    let mut session = None;
    for _ in 0..RECORDS {
        match reader.next().ok()?? {
            Record::Stream(_) if sha256(reader.raw()) != hash => return None,
            Record::Keys(keys) => session = Some(keys.session),
            Record::Frame(f) if f.track == lead => {
                let time_ns = s.tracks.get(usize::from(lead))?.to_ns(f.show_time()?).filter(|_| f.flags.key)?;
                return Some(Beginning { session, time_ns });
            }
            _ => {}
        }
    }
    None
}
