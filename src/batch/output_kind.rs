//! What came of an item: which kind of output it is, under which name, and whether it is all there.

use std::io::{Read, Seek, SeekFrom};

use crate::archive::SegmentName;
use crate::format::{End, HEADER_LEN, Header, PREAMBLE, Reader, Record, RecordType, Role, Suite, limits};

use super::error::BatchError;

/// Enough of the beginning for a stream record, as a rule.
pub const HEAD: u64 = 64 << 10;
/// The end record.
const END: usize = HEADER_LEN + limits::END as usize;

/// What an output is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputKind {
    /// It begins as a stream does.
    pub is_stream: bool,
    /// Original or public, where a stream says it.
    pub role: Option<Role>,
    /// It is a stream for others: sealed, or public. Anything else may show what only a key has opened.
    pub is_for_others: bool,
    /// It ends with an end record.
    pub has_end: bool,
}

impl OutputKind {
    /// Looks at the beginning and the end.
    pub fn of<F: Read + Seek>(file: &mut F) -> OutputKind {
        let mut head = Vec::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.by_ref().take(HEAD).read_to_end(&mut head));
        let is_stream = read.is_ok() && head.starts_with(&PREAMBLE);
        let (role, is_for_others) = match Reader::new(head.as_slice()).next() {
            Ok(Some(Record::Stream(s))) if is_stream => {
                (Some(s.role), s.role == Role::Public || s.suite != Suite::Plain)
            }
            _ => (None, false),
        };
        let mut kind = OutputKind { is_stream, role, is_for_others, has_end: false };
        let mut tail = Vec::new();
        let end = i64::try_from(END).unwrap_or(i64::MAX);
        if file.seek(SeekFrom::End(-end)).is_ok() && file.take(END as u64).read_to_end(&mut tail).is_ok() {
            kind.see_end(&tail);
        }
        kind
    }

    /// Looks at the end: its last bytes.
    pub fn see_end(&mut self, tail: &[u8]) {
        let last = tail.len().checked_sub(END).and_then(|at| tail.get(at..));
        let parts = last.and_then(|record| record.split_at_checked(HEADER_LEN));
        self.has_end = parts.is_some_and(|(head, body)| {
            let header = head.try_into().ok().and_then(|h| Header::parse(h).ok());
            header.is_some_and(|h| h.record == RecordType::End) && End::parse(body).is_ok()
        });
    }

    /// Why an output cannot count, whatever its command says.
    pub fn fault(&self, bytes: u64) -> Option<&'static str> {
        match self {
            _ if bytes == 0 => Some("the command wrote nothing"),
            OutputKind { is_stream: true, has_end: false, .. } => {
                Some("what the command wrote is a stream without its end")
            }
            _ => None,
        }
    }
}

/// Whether outputs can be named with this suffix.
///
/// # Errors
///
/// It is empty, or has a slash.
pub fn check_suffix(suffix: &str) -> Result<(), BatchError> {
    if suffix.is_empty() || suffix.contains('/') {
        return Err(BatchError::Suffix);
    }
    Ok(())
}

/// An output's name: the item's; with another suffix where one is wanted, and with another role where a segment's name
/// says the one and the stream is of the other.
pub fn output_name(item: &str, suffix: Option<&str>, kind: &OutputKind) -> String {
    let (folder, file) = item.rsplit_once('/').map_or(("", item), |(folder, file)| (folder, file));
    let mut file = file.to_owned();
    if let (Some(segment), Some(role)) = (SegmentName::parse(&file), kind.role) {
        file = SegmentName { role, ..segment }.to_string();
    }
    if let Some(suffix) = suffix {
        file = format!("{}{suffix}", file.strip_suffix(".vv").unwrap_or(&file));
    }
    if folder.is_empty() { file } else { format!("{folder}/{file}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_segment_is_not_named_original() {
        let item = "gate/gate.original.20270115T080000Z.1a2b3c4d5e6f7081-00000042.vv";
        let kind = OutputKind { is_stream: true, role: Some(Role::Public), is_for_others: true, has_end: true };
        let public = "gate/gate.public.20270115T080000Z.1a2b3c4d5e6f7081-00000042";
        assert_eq!(output_name(item, None, &kind), format!("{public}.vv"));
        assert_eq!(output_name(item, Some(".mp4"), &kind), format!("{public}.mp4"));
        assert_eq!(output_name(item, None, &OutputKind { role: None, ..kind }), item);
        assert_eq!(output_name("a.b.vv", Some(".json"), &kind), "a.b.json");
    }
}
