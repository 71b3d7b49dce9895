//! Segments kept in a storage of one's own: here in memory, by name. A database or an object store looks alike.
//!
//!     cargo run --example custom_storage -- SEALED-STREAM

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Cursor, Write};
use std::rc::Rc;
use std::time::Instant;

use vidveil::archive::{Entry, Form, SegmentFile, SegmentName, SegmentStore, Segmenter, recordings, segments};
use vidveil::format::Reader;

/// Finished segments by name; the unfinished one is with the segmenter.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

struct Unfinished(Vec<u8>);

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SegmentFile for Unfinished {
    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }
}

impl SegmentStore for Memory {
    type File = Unfinished;

    fn create(&mut self, _name: &SegmentName) -> io::Result<Unfinished> {
        Ok(Unfinished(Vec::new()))
    }

    fn keep(&mut self, file: Unfinished, name: &SegmentName) -> io::Result<()> {
        self.0.borrow_mut().insert(name.to_string(), file.0);
        Ok(())
    }

    fn discard(&mut self, _file: Unfinished, _name: &SegmentName) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("give a sealed stream")?;
    let storage = Memory::default();
    let began = Instant::now();
    let mut segmenter = Segmenter::new(storage.clone(), 10_000_000_000);
    let mut reader = Reader::new(File::open(path)?);
    while let Some(record) = reader.next()? {
        segmenter.add(record, reader.raw(), i64::try_from(began.elapsed().as_nanos())?)?;
    }
    segmenter.stop()?;

    // and back: what the segments hold, without a key
    let mut entries = Vec::new();
    for (name, bytes) in &*storage.0.borrow() {
        for segment in segments(&mut Cursor::new(bytes))? {
            entries.push(Entry { place: name.clone(), form: Form::Finished, bytes: bytes.len() as u64, segment });
        }
    }
    for recording in recordings(entries) {
        println!("{} ({}): {} segments", recording.camera, recording.role.name(), recording.entries.len());
        for entry in &recording.entries {
            println!("  {}: {} bytes", entry.place, entry.bytes);
        }
    }
    Ok(())
}
