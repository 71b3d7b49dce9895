//! Recipients changed inside a file: two writes of a few kilobytes for each session, at any moment one of them whole.
//!
//! A slot is wiped only when the one that stays is known to be good: this run has written it, a given key has opened
//! it, or what a given key opened in the other one has proven it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::format::{
    Fault, FormatError, HEADER_LEN, Keys, KeysPlace, RecordName, RecordType, SlotState, Start, find_keys, record_at,
    sha256,
};

use super::bonds::Bonds;
use super::error::SealError;
use super::rewrap::{Change, Opening};
use super::seen_lists::SeenLists;

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewrapped {
    /// Sessions with new recipients.
    pub changed: usize,
    /// Sessions that had them already, from a change that was interrupted, and a given key has proven it.
    pub already: usize,
    /// Sessions whose list claims to be the wanted one, and that none of the given keys opens. Nothing of them was
    /// changed.
    pub claimed: usize,
    /// The file has no end yet: sessions that begin later are not changed.
    pub open: bool,
    /// The lists that are there now, of the sessions that were opened.
    pub lists: SeenLists,
}

/// A session in a file, opened.
pub struct Step {
    /// Where its keys record is.
    pub place: KeysPlace,
    /// Number of the session.
    pub session: u32,
    /// As the start record after it has it.
    pub keys_hash: [u8; 32],
    /// Hash of the slot that counts.
    pub slot_hash: [u8; 32],
    /// Its two lists have one number.
    pub tied: bool,
    /// How it opened.
    pub opening: Opening,
    /// The first session so far that opened and is not shown to go on from the one before it.
    pub unproven: Option<u32>,
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

impl Plan {
    /// The first session whose list is forged, as [`SealError::ForgedList`].
    pub fn forged_list(&self) -> Option<SealError> {
        let step = self.steps.iter().find(|s| matches!(s.opening, Opening::Forged(_)))?;
        Some(SealError::ForgedList { session: step.session, offset: step.place.offset, tied: step.tied })
    }
}

/// Opens every session of the file, so that it is known before anything is written whether the change can be made, and
/// gives each to `see`. Each takes one operation of a private key.
///
/// Errors: [`SealError::NotRecipient`], [`SealError::NotSealed`], [`SealError::Unbound`]; damage; what
/// [`Change::content`] says.
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
    let (mut bonds, mut before) = (Bonds::default(), None);
    for place in found.places {
        bonds.read_to(place.offset);
        if place.begins_anew {
            bonds.end();
        }
        let keys = keys_in_file(file, place)?;
        follows(&keys, place, before)?;
        before = Some((keys.session, place.last_epoch));
        let keys_hash = keys_hash(file, place, &keys)?;
        let opening = change.open(&keys, &place, &keys_hash, &mut bonds)?;
        if let Some(epoch) = place.last_epoch {
            bonds.see_epoch(epoch, place.offset)?;
        }
        let (session, slot_hash, unproven) = (keys.session, current_hash(&keys), bonds.unproven());
        let tied = keys.is_tied();
        let step = Step { place, session, keys_hash, slot_hash, tied, opening, unproven };
        if plan.no_room.is_none()
            && let Some(needs) = change.needs(&keys, &step.opening, &place.stream_hash, &step.keys_hash)?
        {
            let room = keys.slot_size();
            plan.no_room = (needs > room).then_some(SealError::NoRoom { session: keys.session, room, needs });
        }
        see(&step, &keys);
        plan.steps.push(step);
    }
    Ok(plan)
}

/// Checks what a reader of all of it would: that a session follows the one before it in its stream. `before` is that
/// one's number, and the last of its epochs that was found.
///
/// Errors: it does not.
fn follows(keys: &Keys, place: KeysPlace, before: Option<(u32, Option<u64>)>) -> Result<(), SealError> {
    let Some((session, last_epoch)) = before.filter(|_| !place.is_first) else { return Ok(()) };
    let fault = if keys.session.checked_sub(1) != Some(session) {
        Fault::Session
    } else if last_epoch.is_some_and(|last| keys.first_epoch <= last) {
        Fault::Epoch
    } else {
        return Ok(());
    };
    let record = RecordName(RecordType::Keys as u8);
    Err(FormatError::Record { offset: place.offset, record, fault }.into())
}

/// Changes the recipients of every session in the file. Nothing is written before every session has opened and is found
/// to have room. Then the slots that do not count are written, and the file is synced; then the old ones are wiped, and
/// it is synced again. Stopped at any moment, each session opens with the old list or the new one, and the same call
/// with a key of each list finishes. A session that only claims to have the wanted list stays as it is.
///
/// Memory: two hundred bytes for each session. Only keys records are read, and what [`find_keys`] reads.
///
/// Errors: those of [`plan`], [`SealError::ForgedList`] and [`SealError::NoRoom`], with nothing changed; write errors.
pub fn rewrap_in_place<D: Disk>(
    file: &mut D,
    change: &Change<'_>,
    see: impl FnMut(&Step, &Keys),
) -> Result<Rewrapped, SealError> {
    let plan = plan(file, change, see)?;
    if let Some(e) = plan.forged_list() {
        return Err(e);
    }
    let Plan { steps, open, no_room } = plan;
    if let Some(e) = no_room {
        return Err(e);
    }
    let mut done = Rewrapped { open, ..Rewrapped::default() };
    // the hash of the slot that stays, of each session whose other slot may go
    let mut stays = Vec::with_capacity(steps.len());
    for Step { place, session, keys_hash, slot_hash, opening, .. } in &steps {
        let keys = keys_in_file(file, *place)?;
        // what was proven then is what is there now
        if current_hash(&keys) != *slot_hash {
            return Err(SealError::NotKept);
        }
        let new = match opening {
            Opening::Claimed(_) => {
                done.claimed += 1;
                continue;
            }
            Opening::Made => {
                done.already += 1;
                keys
            }
            Opening::Open(_) | Opening::Forged(_) => {
                done.changed += 1;
                let new = change.keys(&keys, opening, &place.stream_hash, keys_hash)?;
                write(file, place.offset + keys.slot_offset(new.current_slot()), new.raw_slot(new.current_slot()))?;
                new
            }
        };
        stays.push((*place, current_hash(&new)));
        done.lists.add(place.stream_hash, *session, new.current().generation);
    }
    file.sync().map_err(FormatError::Io)?;
    for (place, kept) in stays {
        let keys = keys_in_file(file, place)?;
        // the old list goes only when the other one is there to be read, bit for bit
        if current_hash(&keys) != kept {
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

/// The hash of the slot that counts.
fn current_hash(keys: &Keys) -> [u8; 32] {
    sha256(keys.raw_slot(keys.current_slot()))
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
        Err(_) => Ok(sha256(&record)),
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
