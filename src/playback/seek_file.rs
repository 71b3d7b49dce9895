//! Which files of a recording in pieces lie before a moment: the beginning of each shows it.

use std::path::Path;

use crate::format::{Reader, Record, StreamRecord, sha256};
use crate::storage::Handle;

/// Maximum number of records before the first frame of the leading track.
const RECORDS: usize = 1024;

/// How many of the files at `paths` need not be read by whoever looks for the media time `time_ns` of the stream `s`,
/// whose hash is `hash`: the last of them begins with a key frame of the track `lead` at or before it. 0 where one of
/// them before that place holds something else, or times that go back.
///
/// What is read are hints: no key takes part. What lies at the place is checked as ever.
pub(super) fn files_before<'a>(
    paths: impl Iterator<Item = Option<&'a Path>>,
    s: &StreamRecord,
    hash: [u8; 32],
    lead: u16,
    time_ns: i64,
) -> usize {
    let (mut count, mut last) = (0, None);
    for path in paths {
        match path.and_then(|p| first_time(p, s, hash, lead)) {
            Some(ns) if last.is_some_and(|last| ns <= last) => return 0,
            Some(ns) if ns <= time_ns => (count, last) = (count + 1, Some(ns)),
            _ => break,
        }
    }
    count
}

/// Media time of the file's first frame of the track `lead`, if that is a key frame and the stream is the right one.
fn first_time(path: &Path, s: &StreamRecord, hash: [u8; 32], lead: u16) -> Option<i64> {
    let mut reader = Reader::new(Handle::open(path).ok()?);
    for _ in 0..RECORDS {
        match reader.next().ok()?? {
            Record::Stream(_) if sha256(reader.raw()) != hash => return None,
            Record::Frame(f) if f.track == lead => {
                return s.tracks.get(usize::from(lead))?.to_ns(f.show_time()?).filter(|_| f.flags.key);
            }
            _ => {}
        }
    }
    None
}
