//! A camera that sends a container, as MPEG-TS: a child in jail reads it, as it reads a pipe.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use crate::base::Report;
use crate::capture::{CaptureError, FeedOptions, FileOptions, VideoFile, capture_file};
use crate::storage::StreamOutput;

use super::super::address::Address;
use super::super::disconnect::Disconnect;

/// Records what `next` gives until it ends, or the caller's [`Report::stop`] asks for an end; why it ended otherwise.
///
/// # Errors
///
/// As of [`capture_file`].
pub(in super::super) fn capture_container(
    address: &Address,
    options: &FileOptions,
    feed: &FeedOptions,
    output: StreamOutput,
    report: &Report,
    mut next: impl FnMut() -> Result<Option<Vec<u8>>, Disconnect>,
) -> Result<Option<Disconnect>, CaptureError> {
    let broken = |e| CaptureError::read(&address.quoted(), e);
    let (reader, mut writer) = std::io::pipe().map_err(broken)?;
    let mut video = VideoFile::from_pipe(File::from(OwnedFd::from(reader)), &address.quoted());
    std::thread::scope(|scope| {
        let captured = scope.spawn(move || capture_file(&mut video, options, feed, output, report));
        let ended = loop {
            match next() {
                Ok(Some(bytes)) => {
                    // it wants no more: it says why
                    if writer.write_all(&bytes).is_err() {
                        break None;
                    }
                }
                Ok(None) => break Some(Disconnect::Lost("the camera ended the connection".to_owned())),
                Err(Disconnect::Stopped) => break None,
                Err(e) => break Some(e),
            }
        };
        drop(writer);
        let captured = captured.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        captured.map(|()| ended)
    })
}
