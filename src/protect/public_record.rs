//! The record of a public stream.

use crate::format::{Manifest, Role, StreamRecord, Suite, Track, TrackKind, sha256};

use super::options::PictureOptions;

/// The public stream's record. Its id follows from the original and the settings, so that the same input gives the same
/// bytes. `first_epoch` is the number of the original's first epoch, `numbers` the public number of each of the
/// original's tracks, `video` the encoder's track.
pub(super) fn public_record(
    original: &StreamRecord,
    options: &PictureOptions,
    first_epoch: Option<u64>,
    numbers: &[Option<u16>],
    video: &Track,
) -> StreamRecord {
    let mut seed = b"vidveil1 public\0".to_vec();
    seed.extend_from_slice(&original.id);
    for argument in options.to_arguments() {
        seed.extend_from_slice(argument.as_encoded_bytes());
        seed.push(0);
    }
    seed.extend_from_slice(format!("{}x{}", video.width, video.height).as_bytes());
    // several excerpts of one stream are several public streams
    match first_epoch {
        None | Some(0) => {}
        Some(n) => seed.extend_from_slice(format!(" epoch {n}").as_bytes()),
    }
    let mut id = [0; 16];
    id.copy_from_slice(&sha256(&seed)[..16]);
    let mut tracks = vec![video.clone()];
    let kept = original.tracks.iter().zip(numbers);
    tracks.extend(kept.filter(|(t, to)| to.is_some() && t.kind == TrackKind::Audio).map(|(t, _)| t.clone()));
    tracks.push(Manifest::track());
    StreamRecord {
        id,
        role: Role::Public,
        suite: Suite::Plain,
        continues: None,
        signer: Vec::new(),
        tracks,
        ..original.clone()
    }
}
