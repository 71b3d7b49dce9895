//! The video files that `view` makes: one, or numbered ones where the recording goes on with what one cannot hold.

use std::path::{Path, PathBuf};

use crate::base::Report;
use crate::base::text::quoted_path;
use crate::foreign::{Foreign, MuxTarget};
use crate::media::MuxFormat;
use crate::playback::{self, Footage};
use crate::storage::AtomicFile;

/// What is said where one video cannot hold all.
pub(super) const OTHERS: &str = "the recording goes on with pictures or sound of another kind";

/// Makes one video, or several where the tracks become others. Gives the number of packets.
pub(super) fn videos(
    footage: &mut Footage,
    (file, path): (AtomicFile, &Path),
    create: impl Fn(&Path) -> anyhow::Result<AtomicFile>,
    format: MuxFormat,
    foreign: &Foreign,
    report: &Report,
) -> anyhow::Result<u64> {
    let (mut file, mut number, mut all) = (Some(file), 1, 0);
    loop {
        let mut made = match file.take() {
            Some(file) => file,
            None => {
                number += 1;
                let next = numbered(path, number);
                report.warn(format!("{OTHERS}: that is in {}", quoted_path(&next)));
                create(&next)?
            }
        };
        let output = MuxTarget::File(Box::new(made.file().try_clone()?));
        match playback::remux(footage, output, format, foreign, report)? {
            // the name is for what comes next
            0 => file = Some(made),
            count => {
                made.commit()?;
                all += count;
            }
        }
        if !footage.next_part()? {
            return Ok(all);
        }
    }
}

/// The name of a further video: out-2.mp4 after out.mp4.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}
