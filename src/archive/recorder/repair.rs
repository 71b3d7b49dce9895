//! A damaged file copied, as much of it as is whole. The old one stays.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::archive::{Lost, TailFrame, copy_whole};
use crate::base::Report;
use crate::base::text;
use crate::base::text::count;
use crate::cli::Failure;
use crate::storage::{AtomicFile, Existing, Input};

use super::segment_files::is_being_written;

/// Copies `file` to `output`, or beside it as `NAME.recovered.vv`, and writes the list of the frames that no close record covers to stdout.
///
/// # Errors
///
/// It is being written, or is no stream; the new name is taken.
pub fn repair(file: &Path, output: Option<&Path>, report: &Report) -> anyhow::Result<()> {
    let shown = text::quoted_path(file);
    if File::open(file).is_ok_and(|f| is_being_written(&f)) {
        return Err(Failure::failed(format!("{shown} is being written"))
            .hint("its recorder ends it; repair is for what a recorder left")
            .into());
    }
    let output = output.map_or_else(|| beside(file), Path::to_owned);
    let input = Input::open(Some(file), report)?;
    let mut new = AtomicFile::create(&output, 0o666, Existing::Refuse, Some(&input))?;
    let mut writer = BufWriter::with_capacity(1 << 20, new.file());
    let copied = copy_whole(input, &mut writer)?;
    writer.flush().context("cannot write the copy")?;
    drop(writer);
    if copied.lost.is_empty() && !copied.recovered {
        report.note(format!("{shown} is whole: nothing was written"));
        return Ok(());
    }
    new.commit()?;
    let why = copied.lost.first().map_or_else(|| "it had no end".to_owned(), |lost| lost.fault.to_string());
    let tail = copied.tail.len() as u64 + copied.more;
    let tail =
        if tail == 0 { String::new() } else { format!(", and {} that no close record covers", count(tail, "frame")) };
    let epochs = count(copied.epochs, "whole epoch");
    report.note(format!("{shown}: {why}; copied to {}: {epochs}{tail}", text::quoted_path(&output)));
    copied.lost.iter().for_each(|lost| report.warn(told(lost)));
    if copied.more_lost > 0 {
        report.warn(format!("and {} more where something is lost", count(copied.more_lost, "place")));
    }
    let mut stdout = std::io::stdout().lock();
    let listed = copied.tail.iter().try_for_each(|f| stdout.write_all(line(f).as_bytes()));
    listed.and_then(|()| stdout.flush()).context("cannot write to stdout")?;
    if copied.more > 0 {
        report.warn(format!("{} more are not listed", count(copied.more, "frame")));
    }
    Ok(())
}

/// `lost: epoch 3 from its frame 12 on, up to epoch 5, 2027-01-15T08:00:03Z to 2027-01-15T08:00:05Z: damaged at byte 4711 ...`.
fn told(lost: &Lost) -> String {
    let first = match (lost.epoch, lost.frames) {
        (Some(epoch), Some(frames)) => format!("epoch {epoch} from its frame {frames} on"),
        (Some(epoch), None) => format!("everything from epoch {epoch} on"),
        (None, _) => "everything from the beginning on".to_owned(),
    };
    let until = match lost.next {
        Some((next, _)) => format!(", up to epoch {next}"),
        None => ", up to the end".to_owned(),
    };
    let when = match (lost.from_ns, lost.next) {
        (Some(from), Some((_, to))) => format!(", {} to {}", text::rfc3339(from), text::rfc3339(to)),
        (Some(from), None) => format!(", from {} on", text::rfc3339(from)),
        _ => String::new(),
    };
    format!("lost: {first}{until}{when}: {}", lost.fault)
}

/// `unsigned tail: epoch 3, frame 12, track 0, 2027-01-15T08:00:01.2Z, 4711 bytes, key`.
fn line(f: &TailFrame) -> String {
    let at = f.utc_ns.map_or_else(|| "time unknown".to_owned(), text::rfc3339);
    let key = if f.flags.key { ", key" } else { "" };
    format!("unsigned tail: epoch {}, frame {}, track {}, {at}, {} bytes{key}\n", f.epoch, f.counter, f.track, f.bytes)
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.strip_suffix(".part").unwrap_or(&name);
    let name = name.strip_suffix(".vv").unwrap_or(name);
    file.with_file_name(format!("{name}.recovered.vv"))
}
