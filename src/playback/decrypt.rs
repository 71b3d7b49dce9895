//! A source written out again as plain streams: what `decrypt-stream` gives, and what `protect` hands to its decoder.

use std::io::Write;

use crate::format::{Clock, PlainWriter, Reason, StreamRecord, Suite};
use crate::seal::Opened;

use super::{PlaybackError, Source};

/// Writes everything that is authentic in `source`, epoch by epoch, as plain streams with the same ids.
///
/// Where epochs are skipped because no key opens them, the plain stream ends as an excerpt, and another one of the same
/// id follows. A stream that stops before its end is closed with "the input was cut"; [`Source::verdict`] then reports
/// why.
///
/// # Errors
///
/// As [`Source::next`], and write errors.
pub fn write_plain(source: &mut Source, output: &mut impl Write) -> Result<(), PlaybackError> {
    write_plain_noting(source, output, |_| ())
}

/// As [`write_plain`]; `note` sees everything before it is written.
///
/// # Errors
///
/// As [`write_plain`].
pub fn write_plain_noting(
    source: &mut Source,
    output: &mut impl Write,
    mut note: impl FnMut(&Opened),
) -> Result<(), PlaybackError> {
    let mut writer: Option<PlainWriter<&mut dyn Write>> = None;
    // the stream that is being read, where its plain one has been ended
    let mut record: Option<StreamRecord> = None;
    // an epoch of it was written
    let mut begun = false;
    let mut clock = Clock { wall_ns: 0, mono_ns: 0 };
    loop {
        let opened = match source.next() {
            Ok(Some(opened)) => opened,
            Ok(None) => break,
            Err(e) => {
                truncate(writer.take(), clock)?;
                return Err(e);
            }
        };
        note(&opened);
        match (opened, &mut writer) {
            (Opened::Stream(s), _) => {
                truncate(writer.take(), clock)?;
                // the same id: opening twice gives the same bytes
                let plain = StreamRecord { suite: Suite::Plain, signer: Vec::new(), ..s };
                writer = Some(PlainWriter::begin(&mut *output as &mut dyn Write, &plain, i64::MAX)?);
                record = Some(plain);
                begun = false;
            }
            (Opened::Start(s), _) => {
                if let (None, Some(plain)) = (&writer, &record) {
                    writer = Some(PlainWriter::begin(&mut *output as &mut dyn Write, plain, i64::MAX)?);
                }
                if let Some(w) = &mut writer {
                    clock = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
                    w.open_epoch(s.epoch, clock)?;
                    begun = true;
                }
            }
            (Opened::Skipped(_), Some(w)) if begun => {
                w.finish_as_is()?;
                (writer, begun) = (None, false);
            }
            (Opened::Frame(f), Some(w)) => w.frame_here(&f, source.packet())?,
            (Opened::Close(c), Some(w)) => w.close_epoch(c.reason)?,
            (Opened::End(_), Some(w)) => {
                // a recovered stream may end inside an epoch
                if w.in_epoch() {
                    w.finish(Reason::InputCut, clock)?;
                } else {
                    w.finish_as_is()?;
                }
                (writer, record) = (None, None);
            }
            (Opened::End(_) | Opened::Cut, None) => record = None,
            _ => {}
        }
    }
    truncate(writer, clock)
}

/// Closes a plain stream whose source stops before its end.
fn truncate(writer: Option<PlainWriter<&mut dyn Write>>, clock: Clock) -> Result<(), PlaybackError> {
    if let Some(mut w) = writer {
        w.finish(Reason::InputCut, clock)?;
    }
    Ok(())
}
