//! Recipients changed inside a file: two writes of a few kilobytes for each session, at any moment one of them whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::format::{
    FormatError, HEADER_LEN, Keys, KeysPlace, RecordName, RecordType, SlotState, Start, find_keys, record_at,
};

use super::error::SealError;
use super::rewrap::Change;
use super::schedule::SessionSecret;

/// A file, or what stands for one in a test.
pub trait Disk: Read + Write + Seek {
    /// Waits until everything that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewrapped {
    /// Sessions with new recipients.
    pub changed: usize,
    /// Sessions that had them already, from a change that was interrupted.
    pub already: usize,
    /// The file has no end yet: sessions that begin later are not changed.
    pub open: bool,
}

/// A session, and what to do with it.
struct Step {
    place: KeysPlace,
    /// `None`: it is changed already.
    secret: Option<SessionSecret>,
    keys_hash: [u8; 32],
    /// Generation that counts in the end.
    generation: u64,
}

/// Changes the recipients of every session in the file. Nothing is written before every session has opened and found to have
/// room. Then the slots that do not count are written, and the file is synced; then the old ones are wiped, and it
/// is synced again. Stopped at any moment, each session opens with the old list or the new one, and the same call finishes.
///
/// Memory: some hundred bytes for each session. Only keys records are read, and what [`find_keys`] reads.
///
/// Errors: [`SealError::NotRecipient`], [`SealError::NoRoom`] and [`SealError::NotSealed`], with nothing changed; damage; what
/// [`Change::content`] says; write errors.
pub fn rewrap_in_place<D: Disk>(file: &mut D, change: &Change<'_>) -> Result<Rewrapped, SealError> {
    let found = find_keys(file)?;
    if found.places.is_empty() || found.plain > 0 {
        return Err(SealError::NotSealed);
    }
    let mut done = Rewrapped { open: found.open, ..Rewrapped::default() };
    let steps = found.places.iter().map(|p| plan(file, *p, change)).collect::<Result<Vec<_>, _>>()?;
    for step in &steps {
        let Some(secret) = &step.secret else {
            done.already += 1;
            continue;
        };
        let keys = read(file, step.place)?;
        let content = change.content(&keys, secret, &step.place.stream_hash, &step.keys_hash)?;
        let slot = content.to_slot(keys.slot_size()).map_err(|_| no_room(&keys, content.needs().unwrap_or(u32::MAX)))?;
        write(file, step.place.offset + keys.slot_offset(1 - keys.current_slot()), &slot)?;
        done.changed += 1;
    }
    file.sync().map_err(FormatError::Io)?;
    for step in &steps {
        let keys = read(file, step.place)?;
        if keys.current().generation != step.generation {
            return Err(SealError::NotKept);
        }
        let old = 1 - keys.current_slot();
        if *keys.slots()[old] != SlotState::Empty {
            write(file, step.place.offset + keys.slot_offset(old), &vec![0; keys.slot_size() as usize])?;
        }
    }
    file.sync().map_err(FormatError::Io)?;
    Ok(done)
}

fn plan<D: Disk>(file: &mut D, place: KeysPlace, change: &Change<'_>) -> Result<Step, SealError> {
    let keys = read(file, place)?;
    let secret = change.open(&keys, &place.stream_hash)?;
    let keys_hash = keys_hash(file, place, &keys)?;
    let mut generation = keys.current().generation;
    if let Some(secret) = &secret {
        let content = change.content(&keys, secret, &place.stream_hash, &keys_hash)?;
        let needs = content.needs().unwrap_or(u32::MAX);
        if needs > keys.slot_size() {
            return Err(no_room(&keys, needs));
        }
        generation = content.generation;
    }
    Ok(Step { place, secret, keys_hash, generation })
}

/// The hash of the keys record as first written, out of the start record behind it; where recording has not come so far
/// yet, nothing was changed either.
fn keys_hash<D: Disk>(file: &mut D, place: KeysPlace, keys: &Keys) -> Result<[u8; 32], SealError> {
    let record = keys.to_record().unwrap_or_default();
    match record_at(file, place.offset + record.len() as u64, RecordType::Start) {
        Ok(start) => {
            let fault = |fault| FormatError::Record {
                offset: place.offset + record.len() as u64,
                record: RecordName(RecordType::Start as u8),
                fault,
            };
            Ok(Start::parse(start.get(HEADER_LEN..).unwrap_or(&[])).map_err(fault)?.keys_hash)
        }
        Err(FormatError::Io(e)) => Err(FormatError::Io(e).into()),
        Err(_) => Ok(crate::format::sha256(&record)),
    }
}

fn read<D: Disk>(file: &mut D, place: KeysPlace) -> Result<Keys, SealError> {
    let record = record_at(file, place.offset, RecordType::Keys)?;
    let fault = |fault| FormatError::Record {
        offset: place.offset,
        record: RecordName(RecordType::Keys as u8),
        fault,
    };
    Ok(Keys::parse(record.get(HEADER_LEN..).unwrap_or(&[])).map_err(fault)?)
}

fn write<D: Disk>(file: &mut D, at: u64, bytes: &[u8]) -> Result<(), SealError> {
    file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes)).map_err(|e| FormatError::Io(e).into())
}

fn no_room(keys: &Keys, needs: u32) -> SealError {
    SealError::NoRoom { session: keys.session, room: keys.slot_size(), needs }
}
