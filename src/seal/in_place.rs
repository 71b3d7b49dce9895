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

/// A session in a file, opened.
pub struct Step {
    /// Where its keys record is.
    pub place: KeysPlace,
    /// As the start record after it has it.
    pub keys_hash: [u8; 32],
    /// `None`: its recipients are changed already.
    pub secret: Option<SessionSecret>,
}

/// What a change will do to a file.
pub struct Plan {
    /// Every session.
    pub steps: Vec<Step>,
    /// The file has no end yet.
    pub open: bool,
    /// The first session whose slots are too small, as [`SealError::NoRoom`].
    pub no_room: Option<SealError>,
}

/// Opens every session of the file, so that it is known before anything is written whether the change can be made, and
/// gives each to `see`. Each takes one operation of a private key.
///
/// Errors: [`SealError::NotRecipient`], [`SealError::NotSealed`]; damage; what [`Change::content`] says.
pub fn plan<F: Read + Seek>(
    file: &mut F,
    change: &Change<'_>,
    mut see: impl FnMut(&Step, &Keys),
) -> Result<Plan, SealError> {
    let found = find_keys(file)?;
    if found.places.is_empty() || found.plain > 0 {
        return Err(SealError::NotSealed);
    }
    let mut plan = Plan { steps: Vec::with_capacity(found.places.len()), open: found.open, no_room: None };
    for place in found.places {
        let keys = keys_in_file(file, place)?;
        let secret = change.open(&keys, &place.stream_hash)?;
        let step = Step { place, keys_hash: keys_hash(file, place, &keys)?, secret };
        if let (Some(secret), None) = (&step.secret, &plan.no_room) {
            let content = change.content(&keys, secret, &place.stream_hash, &step.keys_hash)?;
            let (needs, room) = (content.needs().unwrap_or(u32::MAX), keys.slot_size());
            plan.no_room = (needs > room).then_some(SealError::NoRoom { session: keys.session, room, needs });
        }
        see(&step, &keys);
        plan.steps.push(step);
    }
    Ok(plan)
}

/// Changes the recipients of every session in the file. Nothing is written before every session has opened and is found
/// to have room. Then the slots that do not count are written, and the file is synced; then the old ones are wiped, and
/// it is synced again. Stopped at any moment, each session opens with the old list or the new one, and the same call
/// finishes.
///
/// Memory: two hundred bytes for each session. Only keys records are read, and what [`find_keys`] reads.
///
/// Errors: those of [`plan`] and [`SealError::NoRoom`], with nothing changed; write errors.
pub fn rewrap_in_place<D: Disk>(
    file: &mut D,
    change: &Change<'_>,
    see: impl FnMut(&Step, &Keys),
) -> Result<Rewrapped, SealError> {
    let Plan { steps, open, no_room } = plan(file, change, see)?;
    if let Some(e) = no_room {
        return Err(e);
    }
    let mut done = Rewrapped { open, ..Rewrapped::default() };
    let mut generations = Vec::with_capacity(steps.len());
    for Step { place, keys_hash, secret } in &steps {
        let keys = keys_in_file(file, *place)?;
        let Some(secret) = secret else {
            done.already += 1;
            generations.push(keys.current().generation);
            continue;
        };
        let content = change.content(&keys, secret, &place.stream_hash, keys_hash)?;
        let slot = content.to_slot(keys.slot_size()).map_err(|_| SealError::TooManyRecipients)?;
        write(file, place.offset + keys.slot_offset(1 - keys.current_slot()), &slot)?;
        generations.push(content.generation);
        done.changed += 1;
    }
    file.sync().map_err(FormatError::Io)?;
    for (Step { place, .. }, generation) in steps.iter().zip(generations) {
        let keys = keys_in_file(file, *place)?;
        // the old list goes only when the new one is there to be read
        if keys.current().generation != generation {
            return Err(SealError::NotKept);
        }
        let old = 1 - keys.current_slot();
        if *keys.slots()[old] != SlotState::Empty {
            write(file, place.offset + keys.slot_offset(old), &vec![0; keys.slot_size() as usize])?;
        }
    }
    file.sync().map_err(FormatError::Io)?;
    Ok(done)
}

/// The hash of the keys record as first written, out of the start record after it; where recording has not come so far
/// yet, nothing was changed either.
fn keys_hash<F: Read + Seek>(file: &mut F, place: KeysPlace, keys: &Keys) -> Result<[u8; 32], SealError> {
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

/// The keys record at `place`. Errors: it is not there, or malformed.
pub fn keys_in_file<F: Read + Seek>(file: &mut F, place: KeysPlace) -> Result<Keys, SealError> {
    let record = record_at(file, place.offset, RecordType::Keys)?;
    let fault = |fault| FormatError::Record { offset: place.offset, record: RecordName(RecordType::Keys as u8), fault };
    Ok(Keys::parse(record.get(HEADER_LEN..).unwrap_or(&[])).map_err(fault)?)
}

fn write<D: Disk>(file: &mut D, at: u64, bytes: &[u8]) -> Result<(), SealError> {
    file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes)).map_err(|e| FormatError::Io(e).into())
}
