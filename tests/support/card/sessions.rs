//! A recording over a long time, in a moment: sealed by the library with a clock of its own.

use std::fs;
use std::path::PathBuf;

use vidveil::format::{Clock, Reader, Reason, Record, Suite};
use vidveil::keys::RecipientSet;
use vidveil::seal::{RecipientSource, SealSettings, Sealer};

/// 2027-01-15T08:00:00Z: after the certificates here begin, and before they end.
const BEGIN: i64 = 1_800_000_000 * SECOND;
const SECOND: i64 = 1_000_000_000;

struct Always(Vec<PathBuf>);

impl RecipientSource for Always {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let files = self.0.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
        Ok(RecipientSet::new(files, now_ns))
    }
}

/// Seals a plain stream to certificates, as if there were `step_s` seconds between its frames.
pub fn sealed_slowly(plain: &[u8], certificates: Vec<PathBuf>, step_s: i64, session_s: i64) -> Vec<u8> {
    let settings = SealSettings { rekey_ns: 1, session_ns: session_s * SECOND, ..SealSettings::default() };
    let mut reader = Reader::new(plain);
    let (mut sealer, mut source, mut passed) = (None, Some(Always(certificates)), 0);
    while let Some(record) = reader.next().unwrap() {
        let now = Clock { wall_ns: BEGIN + passed, mono_ns: passed };
        match record {
            Record::Stream(record) => {
                let record = vidveil::format::StreamRecord { suite: Suite::Sealed, start_ns: BEGIN, ..record };
                let source = Box::new(source.take().unwrap());
                sealer = Some(Sealer::begin(Vec::new(), &record, settings, source, now).unwrap());
            }
            Record::Frame(frame) => {
                sealer.as_mut().unwrap().frame(&frame, reader.payload(), now).unwrap();
                passed += step_s * SECOND;
            }
            _ => {}
        }
    }
    let mut sealer = sealer.unwrap();
    sealer.finish(Reason::EndOfInput).unwrap();
    sealer.into_output()
}
