//! Segments that a writer left when it died: ended properly, under their final name.

use std::error::Error;
use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::archive::finish_leftover::{Finished, finish_leftover};
use crate::archive::name::{Form, SegmentName};
use crate::archive::segmenter::SegmentFile;
use crate::base::Report;
use crate::base::text::{self, count};
use crate::format::{FormatError, Reader, Record};
use crate::keys::Signers;
use crate::seal::SignatureCheck;

use super::segment_files::Folder;

/// Finishes every segment of the folder that nobody writes to any more. What cannot be finished is warned of and stays
/// as it is: recording goes on all the same.
pub(super) fn finish_all(folder: &Folder, signers: Option<&Signers>, report: &Report) {
    folder.remove_unnamed();
    let Ok(names) = folder.names() else { return };
    for name in names.iter().filter(|n| n.form == Form::Part) {
        if let Err(e) = finish(folder, name, signers, report) {
            let path = text::quoted_path(&folder.file(name));
            report.warn(format!(
                "{path} was left by a recording that died, and cannot be finished: {}",
                reasons(e.as_ref())
            ));
        }
    }
}

/// The error and its causes, on one line.
fn reasons(e: &(dyn Error + 'static)) -> String {
    let mut reasons = Vec::new();
    let mut next = Some(e);
    while let Some(e) = next {
        let reason = e.downcast_ref().map_or_else(|| e.to_string(), text::io_reason);
        // some errors say what is beneath them
        if !reasons.last().is_some_and(|last: &String| last.ends_with(&reason)) {
            reasons.push(reason);
        }
        next = e.source();
    }
    reasons.join(": ")
}

fn finish(
    folder: &Folder,
    name: &SegmentName,
    signers: Option<&Signers>,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    let path = folder.file(name);
    let Some(mut file) = folder.claim(name)? else { return Ok(()) };
    let shown = text::quoted_path(&path);
    if let Some(end) = signers.and_then(|s| signed_part(&mut file, s)) {
        file.cut_to(end)?;
    }
    file.seek(SeekFrom::Start(0))?;
    match finish_leftover(&mut file)? {
        Finished::Empty => {
            folder.remove(name)?;
            report.note(format!("{shown} was left by a recording that died before its first frame: removed"));
            return Ok(folder.sync()?);
        }
        Finished::Damaged(at) => {
            report.warn(format!("{shown} was left by a recording that died, and is damaged at byte {at}"));
            report.hint(format!("record --repair {shown} copies what is whole"));
            return Ok(());
        }
        Finished::Whole => {}
        Finished::Ended { torn, tail } => {
            let torn = if torn == 0 { String::new() } else { format!(", {torn} bytes of a torn record dropped") };
            let tail = if tail == 0 {
                String::new()
            } else {
                format!(", {} in an epoch that has no end", count(tail, "frame"))
            };
            report.note(format!("{shown} was left by a recording that died: ended as recovered{tail}{torn}"));
        }
    }
    file.sync()?;
    Ok(folder.rename(&name.with_form(Form::Finished))?)
}

/// Where the last epoch ends that an accepted signer has signed, in a file that is whole but for its end. `None` when
/// it is not theirs, or damaged: then it was recorded under other rules, or is for `record --repair`.
fn signed_part(file: &mut (impl Read + Seek), signers: &Signers) -> Option<u64> {
    let (mut reader, mut signature_check) =
        (Reader::new(BufReader::new(file)), SignatureCheck::demanding(signers.clone()));
    let mut end = 0;
    loop {
        let record = match reader.next() {
            Ok(Some(record)) => record,
            Ok(None) => return None,
            Err(FormatError::Truncated { .. }) => return Some(end),
            Err(_) => return None,
        };
        signature_check.read(&record, reader.raw(), reader.record_offset()).ok()?;
        if let Record::Close(_) = record {
            end = reader.offset();
        }
    }
}
