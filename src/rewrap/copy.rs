//! Recipients changed in a copy: every record but keys passes as it is.

use std::io::{Seek, SeekFrom, Write};

use crate::base::Report;
use crate::format::{EndKind, Index, IndexEntry, Keys, KeysPlace, PREAMBLE, Reader, Record, sha256};
use crate::seal::{Bonds, Change, Opening, Plan, SealError, SeenLists, plan};
use crate::storage::{Input, StreamOutput};

use super::copy_file::copy_file;
use super::error::RewrapError;
use super::kept::KeptRecipients;
use super::keys_record::new_keys;

/// Copies the streams of `input` to `output` with other recipients. Gives the lists that are in the copy.
///
/// # Errors
///
/// A session that no identity opens, or a plain stream: in a file, nothing is written then. The input is damaged or
/// truncated: what comes before that is written. A list of recipients is forged, and the one before it opened the
/// session: all is written, and the copy is sound; where the old recipients are to stay, nothing. Input or output
/// cannot be read or written.
pub fn copy(
    mut input: Input,
    mut output: StreamOutput,
    change: &Change<'_>,
    report: &Report,
) -> Result<SeenLists, RewrapError> {
    let stop = input.is_seekable().then(|| report.stop());
    let mut kept = KeptRecipients::new(report);
    if let Some(file) = input.whole_file() {
        match plan(file, change, |step, keys| kept.add_step(change, step, keys)) {
            Ok(p) => {
                let p = only_opened(p)?;
                if p.no_room.is_none() && !p.open {
                    let lists = copy_file(&mut input, &mut output, change, &p, stop.as_ref())?;
                    output.finish()?;
                    return p.forged_list().map_or(Ok(lists), |e| Err(e.into()));
                }
            }
            // a copy finds damage and missing ends, too, and where they are
            Err(SealError::Format(_)) => {}
            Err(e) => return Err(e.into()),
        }
        input.seek(SeekFrom::Start(0))?;
    }
    let mut copier = Copier {
        reader: Reader::new(input),
        output,
        change,
        kept,
        stream_hash: [0; 32],
        bonds: Bonds::default(),
        grown: Vec::new(),
        cut: false,
        forged: None,
        lists: SeenLists::default(),
    };
    let copied = loop {
        if stop.as_ref().is_some_and(|s| s.is_set()) {
            return Err(RewrapError::Stopped);
        }
        match copier.next() {
            Ok(Some(())) => {}
            Ok(None) if copier.cut => break Err(RewrapError::CutStream),
            Ok(None) => break copier.forged.take().map_or(Ok(std::mem::take(&mut copier.lists)), |e| Err(e.into())),
            Err(e) => break Err(e),
        }
    };
    copier.output.finish()?;
    copied
}

struct Copier<'a> {
    reader: Reader<Input>,
    output: StreamOutput,
    change: &'a Change<'a>,
    kept: KeptRecipients<'a>,
    stream_hash: [u8; 32],
    bonds: Bonds,
    /// Keys records of this stream that became longer: where they were, and by how many bytes.
    grown: Vec<(u64, u64)>,
    /// Some stream has no end.
    cut: bool,
    /// The first list that is forged.
    forged: Option<SealError>,
    /// What was written.
    lists: SeenLists,
}

/// The plan, if some identity opens every session. To a copy a claim to have the wanted list is worth nothing.
fn only_opened(mut plan: Plan) -> Result<Plan, RewrapError> {
    match plan.steps.iter().position(|s| matches!(s.opening, Opening::Claimed(_))) {
        Some(n) => match plan.steps.swap_remove(n).opening {
            Opening::Claimed(e) => Err(e.into()),
            _ => Ok(plan),
        },
        None => Ok(plan),
    }
}

impl Copier<'_> {
    fn next(&mut self) -> Result<Option<()>, RewrapError> {
        let Some(record) = self.reader.next()? else { return Ok(None) };
        self.record(record)?;
        Ok(Some(()))
    }

    fn record(&mut self, record: Record) -> Result<(), RewrapError> {
        self.bonds.read_to(self.reader.offset());
        match record {
            Record::Stream(s) => {
                if !s.sealed() {
                    return Err(SealError::NotSealed.into());
                }
                self.stream_hash = sha256(self.reader.raw());
                self.grown.clear();
                self.output.write_all(&PREAMBLE)?;
            }
            Record::Grant(_) if self.reader.record_offset() == self.reader.stream_offset() + PREAMBLE.len() as u64 => {
                return Err(RewrapError::Sidecar);
            }
            Record::Keys(keys) => return self.keys(&keys),
            Record::Index(index) if !self.grown.is_empty() => {
                let index = moved(&index, &self.grown).to_record()?;
                return Ok(self.output.write_all(&index)?);
            }
            Record::Start(s) => self.bonds.pass_epoch(s.epoch, self.reader.record_offset())?,
            Record::End(e) if e.kind == EndKind::Complete => self.bonds.end(),
            // the stream before it has no end, and has none in the copy
            Record::Cut => self.cut = true,
            _ => {}
        }
        Ok(self.output.write_all(self.reader.raw())?)
    }

    /// Writes the new keys record, and the start record after it, which holds the hash of the old one as the recorder
    /// wrote it.
    fn keys(&mut self, keys: &Keys) -> Result<(), RewrapError> {
        let offset = self.reader.record_offset();
        let at = offset - self.reader.stream_offset();
        let old = self.reader.raw().to_vec();
        let next = self.reader.next();
        let keys_hash = match &next {
            Ok(Some(Record::Start(s))) => s.keys_hash,
            _ => sha256(&old),
        };
        let stream_hash = self.stream_hash;
        let place = KeysPlace { stream_hash, offset, begins_anew: false, is_first: false, last_epoch: None };
        let opening = match self.change.open(keys, &place, &keys_hash, &mut self.bonds)? {
            Opening::Claimed(e) => return Err(e.into()),
            opening => opening,
        };
        if let Opening::Forged(_) = opening {
            let (session, tied) = (keys.session, keys.is_tied());
            self.forged.get_or_insert(SealError::ForgedList { session, offset, tied });
        }
        self.kept.add(self.change, keys, &self.stream_hash, &keys_hash);
        self.kept.add_unproven(self.change, self.bonds.unproven());
        let new = new_keys(self.change, keys, &opening, &self.stream_hash, &keys_hash, &mut self.lists)?;
        if new.len() > old.len() {
            self.grown.push((at, (new.len() - old.len()) as u64));
        }
        self.output.write_all(&new)?;
        match next? {
            Some(record) => self.record(record),
            None => Ok(()),
        }
    }
}

/// The index of a stream some of whose keys records became longer.
fn moved(index: &Index, grown: &[(u64, u64)]) -> Index {
    let new = |offset: u64| {
        let before = grown.iter().filter(|(at, _)| *at < offset);
        before.fold(offset, |o, (_, by)| o.saturating_add(*by))
    };
    let entry = |e: &IndexEntry| IndexEntry { offset: new(e.offset), keys_offset: new(e.keys_offset), ..*e };
    Index { entries: index.entries.iter().map(entry).collect() }
}
