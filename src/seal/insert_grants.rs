//! Grants put into a copy of their stream.

use std::io::{Read, Write};

use crate::format::{FormatError, Grant, PREAMBLE, Reader, Record, RecordType, sha256};

/// Copies a container with the grants put in after the stream records that they are for. Nothing is opened, and every
/// record but the indexes is copied as it is.
///
/// Errors: what the reader finds, after the copy of what was good; write errors.
pub fn copy_with_grants(input: impl Read, output: &mut impl Write, grants: &[Grant]) -> Result<(), FormatError> {
    let mut reader = Reader::new(input);
    let mut added = 0;
    // a preamble is written with the record after it: only then is it known what begins there
    let mut between = true;
    while let Some(record) = reader.next()? {
        if std::mem::replace(&mut between, matches!(record, Record::End(_) | Record::Cut)) && record != Record::Cut {
            output.write_all(&PREAMBLE)?;
        }
        match record {
            Record::Stream(_) => {
                output.write_all(reader.raw())?;
                let hash = sha256(reader.raw());
                added = 0;
                for g in grants.iter().filter(|g| g.stream_hash == hash) {
                    let bytes = g.to_record().map_err(|fault| FormatError::unwritable(RecordType::Grant, fault))?;
                    output.write_all(&bytes)?;
                    added += bytes.len() as u64;
                }
            }
            Record::Index(mut index) => {
                for e in &mut index.entries {
                    // a wrong index stays one
                    e.offset = e.offset.saturating_add(added);
                    e.keys_offset = e.keys_offset.saturating_add(added);
                }
                let bytes = index.to_record().map_err(|fault| FormatError::unwritable(RecordType::Index, fault))?;
                output.write_all(&bytes)?;
            }
            Record::Cut => {}
            _ => output.write_all(reader.raw())?,
        }
        output.flush()?;
    }
    Ok(())
}
