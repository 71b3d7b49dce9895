//! `--two-pass`: the background is learned over everything before the first picture is given out.

use std::fs::File;
use std::io::BufReader;

use crate::format::{Reader, Record};
use crate::media::{Decoder, MediaError, Packet};
use crate::privacy::Protector;

use super::assets::Assets;
use super::beats::Beats;
use super::options::PictureOptions;
use super::video_track::video_track;

/// Number of streams that are studied; those after them are learned as without the first pass. Each model takes memory.
const STREAMS: usize = 8;

/// What was learned of each stream, by its id, in their order.
pub(super) type Studied = Vec<([u8; 16], Protector)>;

/// Learns from every picture. Damage is left to the second pass to report.
pub(super) fn study(input: File, options: &PictureOptions, assets: &Assets, beats: &mut Beats) -> Studied {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let mut reader = Reader::new(&mut input);
    let mut all: Studied = Vec::new();
    let mut current: Option<(u16, Decoder, Protector, [u8; 16])> = None;
    while let Ok(Some(record)) = reader.next() {
        match record {
            Record::Stream(s) => {
                finish(&mut all, current.take());
                let track =
                    video_track(&s, options.scene.track).ok().and_then(|n| Some((n, s.tracks.get(usize::from(n))?)));
                let Some((number, info)) = track.filter(|_| all.len() < STREAMS) else { continue };
                let Ok(decoder) = Decoder::limited(info, options.threads as usize, options.limits) else { continue };
                let mut protector = Protector::new(options.scene.privacy(info.time_base));
                assets.look_for_people(&mut protector, &options.scene);
                current = Some((number, decoder, protector, s.id));
            }
            Record::Frame(f) => {
                if let Some((_, decoder, protector, _)) = current.as_mut().filter(|(n, ..)| *n == f.track) {
                    let sent = decoder.send(&Packet::from_frame(&f, reader.payload()));
                    study_decoded(sent, decoder, protector);
                }
                // who does not read any more ends us
                let _ = beats.beat();
            }
            _ => {}
        }
    }
    finish(&mut all, current);
    // what stopped the reader stops the second pass, too; the parent must not wait for us
    let _ = std::io::copy(&mut input, &mut std::io::sink());
    all
}

fn study_decoded(sent: Result<(), MediaError>, decoder: &mut Decoder, protector: &mut Protector) {
    if sent.is_ok() || sent.is_err_and(|e| e.is_recoverable()) {
        while let Some(picture) = decoder.receive() {
            protector.study(&picture);
        }
    }
}

fn finish(all: &mut Studied, stream: Option<(u16, Decoder, Protector, [u8; 16])>) {
    if let Some((_, mut decoder, mut protector, id)) = stream {
        let sent = decoder.flush();
        study_decoded(sent, &mut decoder, &mut protector);
        protector.end_study();
        all.push((id, protector));
    }
}
