//! A file read to its end and judged.

use std::rc::Rc;

use crate::cli::passed::{Passed, epochs_text};
use crate::cli::survey::{Ending, Survey, Surveyor};
use crate::cli::{Input, Status};
use crate::format::{EndKind, FormatError, Grant, Record};
use crate::keys::Identity;
use crate::seal::SealError;

use super::records::{Found, Records};
use super::{Demands, Verdict};

/// Reads the input to its end and judges it. With identities every frame is opened that is for them, or granted to them;
/// without, nothing is.
pub fn check(
    input: Input,
    name: String,
    identities: &[Rc<dyn Identity>],
    grants: &[Grant],
    demands: Demands,
) -> Verdict {
    let keyed = !identities.is_empty();
    let mut source = Records::new(input, identities, grants);
    let mut passed = Passed::default();
    let mut surveyor = Surveyor::default();
    let mut v = Verdict::new(name);
    // the first thing that is wrong; the streams behind it are read all the same
    let mut wrong: Option<(&'static str, String, u64)> = None;
    loop {
        let (record, size, at) = match source.next() {
            Ok(Some(Found::Record(record, size, at))) => (record, size, at),
            Ok(Some(Found::Passed(epochs))) => {
                passed.add(epochs);
                continue;
            }
            Ok(Some(Found::Missing(epochs))) => {
                let what = format!("cut: {} granted, but not there", epochs_text(&[epochs]));
                wrong.get_or_insert(("cut", what, source.at()));
                continue;
            }
            Ok(None) => break,
            Err(e) => {
                let at = place(&e, source.at());
                let survey = surveyor.stop(at, e.to_string());
                survey.iter().for_each(|s| v.tally.add(s));
                return v.failed(&e, at, survey.as_ref());
            }
        };
        if keyed && matches!(&record, Record::Stream(s) if !s.sealed()) {
            v.hint = Some("leave out -i to check its form only; a plain stream proves nothing".into());
            return v.of(Status::Refused, "refused", "not sealed, although a key was given to open it".into());
        }
        if let Record::Keys(k) = &record {
            passed.closed(k);
        }
        let Some(mut s) = surveyor.take(&record, size, at) else { continue };
        let (tracks, recipient) = source.opened_by();
        v.by_grant = keyed && !recipient;
        passed.tracks(&tracks);
        // where not everything is seen, the index cannot be checked
        s.index_wrong &= passed.is_empty();
        v.tally.add(&s);
        if let Some((kind, what, at)) = flaw(&s, at) {
            wrong.get_or_insert((kind, what, at));
        }
    }
    match wrong {
        Some((kind, what, at)) => {
            v.byte = Some(at);
            v.of(Status::Damaged, kind, what)
        }
        None if passed.is_empty() => v.whole(keyed, demands),
        None => v.in_part(&passed, demands),
    }
}

/// What is wrong with a stream that was read to its end.
fn flaw(s: &Survey, at: u64) -> Option<(&'static str, String, u64)> {
    if let Some(session) = s.sessions.inconsistent {
        let what =
            format!("damaged: the certificates of key session {session} are not those that its messages are for");
        return Some(("damaged", what, at));
    }
    if s.index_wrong {
        return Some(("damaged", "damaged: the index does not say where epochs begin".into(), at));
    }
    match &s.ending {
        Some(Ending::Missing { byte, fault }) => Some(("cut", format!("cut at byte {byte}: {fault}"), *byte)),
        Some(Ending::Record(EndKind::Cut)) => {
            Some(("cut", "cut: closed properly, but the recorder's input was cut".into(), at))
        }
        Some(Ending::Record(EndKind::Recovered)) => Some(("cut", "cut: recovered, its own end is missing".into(), at)),
        Some(Ending::Record(EndKind::Complete | EndKind::Excerpt)) | None => None,
    }
}

/// Where the error says that it is, or else where the last record began.
fn place(e: &SealError, record: u64) -> u64 {
    match e {
        SealError::Format(
            FormatError::Header { offset, .. }
            | FormatError::Record { offset, .. }
            | FormatError::Truncated { offset }
            | FormatError::Trailing { offset },
        ) => *offset,
        _ => record,
    }
}
