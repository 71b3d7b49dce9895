//! `--two-pass`: the background is learned over everything before the first picture is given out.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::cli::{Failure, secrets::Keyring};
use crate::format::{Reader, Record};
use crate::keys::Identity;
use crate::media::{Decoder, MediaError, Packet};
use crate::privacy::Protector;
use crate::storage::Input;

use super::PictureFlags;

/// Streams that are studied; those behind them are learned as without the flag. Each model takes memory.
const STREAMS: usize = 8;

/// What was learned of each stream, by its id, in their order.
pub(super) type Studied = Vec<([u8; 16], Protector)>;

/// Learns from every picture. What is damaged is left to the second pass to tell.
pub(super) fn study(input: File, flags: &PictureFlags) -> Studied {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let mut reader = Reader::new(&mut input);
    let mut all: Studied = Vec::new();
    let mut current: Option<(u16, Decoder, Protector, [u8; 16])> = None;
    while let Ok(Some(record)) = reader.next() {
        match record {
            Record::Stream(s) => {
                finish(&mut all, current.take());
                let track = s.first_video().and_then(|n| Some((n, s.tracks.get(usize::from(n))?)));
                let Some((number, info)) = track.filter(|_| all.len() < STREAMS) else { continue };
                let Ok(decoder) = Decoder::new(info, flags.threads as usize) else { continue };
                current = Some((number, decoder, Protector::new(flags.scene.privacy(info.time_base)), s.id));
            }
            Record::Frame(f) => {
                if let Some((_, decoder, protector, _)) = current.as_mut().filter(|(n, ..)| *n == f.track) {
                    let sent = decoder.send(&Packet::from_frame(&f, reader.payload()));
                    take(sent, decoder, protector);
                }
            }
            _ => {}
        }
    }
    finish(&mut all, current);
    // what stopped the reader stops the second pass, too; the parent must not wait for us
    let _ = std::io::copy(&mut input, &mut std::io::sink());
    all
}

fn take(sent: Result<(), MediaError>, decoder: &mut Decoder, protector: &mut Protector) {
    if sent.is_ok() || sent.is_err_and(|e| e.is_recoverable()) {
        while let Some(picture) = decoder.receive() {
            protector.study(&picture);
        }
    }
}

fn finish(all: &mut Studied, stream: Option<(u16, Decoder, Protector, [u8; 16])>) {
    if let Some((_, mut decoder, mut protector, id)) = stream {
        let sent = decoder.flush();
        take(sent, &mut decoder, &mut protector);
        protector.end_study();
        all.push((id, protector));
    }
}

/// Whether the input can be read once more, for the first pass.
///
/// # Errors
///
/// A [`Failure`] (2): it is no file.
pub fn readable_twice(input: &Input, files: &[PathBuf]) -> anyhow::Result<()> {
    if input.is_seekable() && !files.is_empty() && files.iter().all(|f| f != Path::new("-")) {
        return Ok(());
    }
    Err(Failure::usage("--two-pass reads its input twice, and this one can be read once only")
        .hint("give a file as the argument, or leave --two-pass out")
        .into())
}

/// Two keyrings with the same keys, whose pass phrases were asked for once.
pub fn twice(keyring: Keyring) -> (Keyring, Keyring) {
    let keys: Vec<Rc<dyn Identity>> = keyring.identities.into_iter().map(Rc::from).collect();
    let both = || keys.iter().map(|k| Box::new(Rc::clone(k)) as Box<dyn Identity>).collect();
    (
        Keyring { identities: both(), grants: keyring.grants.clone(), shared: keyring.shared },
        Keyring { identities: both(), grants: keyring.grants, shared: keyring.shared },
    )
}
