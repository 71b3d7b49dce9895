//! Faults in the fields of start, frame, close, index and end records: found without a key.

use super::build::Build;
use super::cases::{Case, plain};
use super::material::certificate;
use super::specs::*;
use super::wire::*;

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    plain(name, "record", comment, build)
}

/// A whole epoch, then one whose start record has the fault.
fn start(b: &mut Build, change: fn(&mut Start)) {
    b.plain();
    b.faulty_start(change);
}

/// The first start record has the fault.
fn first_start(b: &mut Build, change: fn(&mut Start)) {
    b.plain();
    b.fault();
    b.start(change);
    b.frames(1);
    b.close_last();
    b.end(|_| ());
}

/// Video and audio; the third frame has the fault.
fn frame(b: &mut Build, change: fn(&mut Frame)) {
    b.preamble();
    b.stream(|s| s.tracks.push(audio()));
    b.start(|_| ());
    b.frames(2);
    b.fault();
    b.frame(change);
    b.frames(1);
    b.close_last();
    b.end(|_| ());
}

/// Video and audio; the last close record has the fault.
fn close(b: &mut Build, change: fn(&mut Close)) {
    b.preamble();
    b.stream(|s| s.tracks.push(audio()));
    b.start(|_| ());
    b.frames(3);
    b.frame(|f| f.track = 1);
    b.faulty_close(change);
}

/// The last close record has these bytes in place of its signature.
fn signature(b: &mut Build, bytes: Vec<u8>) {
    b.preamble();
    b.stream(|s| s.signer = certificate("ed25519"));
    b.start(|_| ());
    b.frames(2);
    b.fault();
    b.close(|c| (c.flags, c.reason, c.signature) = (1, 1, Some(bytes)));
    b.end(|_| ());
}

/// Two epochs, an index with the fault.
fn index(b: &mut Build, change: fn(&mut Vec<Entry>)) {
    b.plain();
    b.epoch(2);
    b.last_epoch(2);
    b.index(change);
    b.end(|_| ());
}

/// A whole stream, and an end record with the fault.
fn end(b: &mut Build, change: fn(&mut End)) {
    b.plain();
    b.epoch(2);
    b.last_epoch(2);
    b.end(change);
}

pub fn cases() -> Vec<Case> {
    let mut all = starts_and_frames();
    all.extend(closes());
    all.extend(index_and_end());
    all
}

fn starts_and_frames() -> Vec<Case> {
    vec![
        case("start_epoch_gap", "epoch 2 after epoch 0", |b| start(b, |s| s.epoch = 2)),
        case("start_epoch_repeat", "epoch 0 twice", |b| start(b, |s| s.epoch = 0)),
        case("start_chain", "wrong hash of the close record before", |b| start(b, |s| s.prev[31] ^= 1)),
        case("start_chain_first", "epoch 0 names a close record before it", |b| first_start(b, |s| s.prev[0] = 1)),
        case("start_session_plain", "a session in a plain stream", |b| first_start(b, |s| s.session = 1)),
        case("start_keys_plain", "a keys hash in a plain stream", |b| first_start(b, |s| s.keys[0] = 1)),
        case("start_commitment_plain", "a commitment in a plain stream", |b| first_start(b, |s| s.tail = vec![5; 32])),
        case("start_tail", "a byte too many in a start record", |b| start(b, |s| s.tail = vec![0])),
        case("frame_track", "a frame of track 2 in a stream of two tracks", |b| frame(b, |f| f.track = 2)),
        case("frame_counter_gap", "counter 3 after 1", |b| frame(b, |f| f.counter = 3)),
        case("frame_counter_repeat", "counter 1 twice", |b| frame(b, |f| f.counter = 1)),
        case("frame_counter_back", "counter 0 after 1", |b| frame(b, |f| f.counter = 0)),
        case("frame_counter_first", "the first counter of an epoch is 1", |b| {
            b.plain();
            b.epoch(2);
            b.start(|_| ());
            b.fault();
            b.frame(|f| f.counter = 1);
            b.close_last();
            b.end(|_| ());
        }),
        case("frame_counter_tracks", "each track counts for itself", |b| {
            b.preamble();
            b.stream(|s| s.tracks.push(audio()));
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.frame(|f| (f.track, f.counter) = (1, 0));
            b.close_last();
            b.end(|_| ());
        }),
        case("frame_removed", "a frame is missing in the middle", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.fault();
            let (kept, released) = (b.out.len(), b.counter);
            b.frames(1);
            b.out.truncate(kept);
            assert_eq!(b.counter, released + 1);
            b.frames(1);
            b.close_last();
            b.end(|_| ());
        }),
        case("frame_swapped", "two frames in the wrong order", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.frame(|f| f.counter = 2);
            b.frame(|f| f.counter = 1);
            b.counter = 3;
            b.frames(1);
            b.close_last();
            b.end(|_| ());
        }),
        case("frame_duration", "a duration of -1", |b| frame(b, |f| f.duration = -1)),
        case("frame_short", "a frame body of 27 bytes", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.raw(&record(FRAME, 0, 0, &[&[0, 0, 0, 1][..], &[0; 23]].concat()));
            b.close_last();
            b.end(|_| ());
        }),
    ]
}

fn closes() -> Vec<Case> {
    vec![
        case("close_epoch", "closes epoch 1 in epoch 0", |b| close(b, |c| c.epoch = 1)),
        case("close_last_without_reason", "LAST without a reason, in the middle", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| c.flags = 1);
            b.finish();
        }),
        case("close_reason_without_last", "a reason without LAST, at the end", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| c.reason = 1);
            b.end(|_| ());
        }),
        case("close_reason", "reason 7", |b| close(b, |c| c.reason = 7)),
        case("close_reserved", "a reserved byte is not zero", |b| close(b, |c| c.reserved[2] = 1)),
        case("close_frames", "one frame too many in all", |b| close(b, |c| c.frames = 5)),
        case("close_track_frames", "frames counted for the wrong track; the sum is right", |b| {
            close(b, |c| (c.tracks[0].frames, c.tracks[1].frames) = (2, 2))
        }),
        case("close_lowest", "the lowest pts is one too low", |b| close(b, |c| c.tracks[0].low -= 1)),
        case("close_highest", "the highest pts is one too high", |b| close(b, |c| c.tracks[1].high += 1)),
        case("close_none", "no times stated for a track that has some", |b| {
            close(b, |c| (c.tracks[0].low, c.tracks[0].high) = (NONE, NONE))
        }),
        case("close_tracks", "three tracks in a stream of two", |b| {
            close(b, |c| c.tracks.push(Stat { frames: 0, low: NONE, high: NONE }))
        }),
        case("close_tracks_missing", "one track in a stream of two", |b| {
            b.preamble();
            b.stream(|s| s.tracks.push(audio()));
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| {
                (c.flags, c.reason) = (1, 1);
                c.tracks.truncate(1);
            });
            b.end(|_| ());
        }),
        case("close_signature_unasked", "signed, and the stream names no signer", |b| {
            close(b, |c| c.algorithm = Some(1))
        }),
        case("close_signature_missing", "not signed, and the stream names a signer", |b| {
            b.preamble();
            b.stream(|s| s.signer = certificate("ed25519"));
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| (c.flags, c.reason, c.algorithm) = (1, 1, Some(0)));
            b.end(|_| ());
        }),
        case("close_signature_algorithm", "signature algorithm 5", |b| {
            b.preamble();
            b.stream(|s| s.signer = certificate("ed25519"));
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| (c.flags, c.reason, c.algorithm) = (1, 1, Some(5)));
            b.end(|_| ());
        }),
        case("close_signature_empty", "a signature of no bytes", |b| signature(b, Vec::new())),
        case("close_signature_long", "a signature of 1025 bytes", |b| signature(b, vec![7; 1025])),
        case("close_tail", "a byte after the signature algorithm", |b| close(b, |c| c.tail = vec![0])),
    ]
}

fn index_and_end() -> Vec<Case> {
    vec![
        case("index_epochs", "the index lists epoch 1 before epoch 0", |b| index(b, |i| (i[0].0, i[1].0) = (1, 0))),
        case("index_epoch_twice", "the index lists an epoch twice", |b| index(b, |i| i[1].0 = 0)),
        case("index_offsets", "the offsets step back", |b| index(b, |i| i[1].2 = i[0].2 - 1)),
        case("index_keys_offset", "an epoch's keys record is said to stand behind its start record", |b| {
            index(b, |i| i[1].3 = i[1].2)
        }),
        case("index_count", "the index claims an entry more than it has", |b| {
            b.plain();
            b.last_epoch(2);
            b.raw(&record(INDEX, 0, 0, &[0, 0, 0, 1]));
            b.end(|e| e.index = 12);
        }),
        case("index_tail", "a byte after the index's entries", |b| {
            b.plain();
            b.last_epoch(2);
            b.raw(&record(INDEX, 0, 0, &[0; 5]));
            b.end(|e| e.index = 13);
        }),
        case("end_index_size", "the end states an index size one too large", |b| {
            b.plain();
            b.last_epoch(2);
            b.index(|_| ());
            b.end(|e| e.index += 1);
        }),
        case("end_index_missing", "the end states an index, and there is none", |b| end(b, |e| e.index = 44)),
        case("end_index_unsaid", "the end states no index, and there is one", |b| {
            b.plain();
            b.last_epoch(2);
            b.index(|_| ());
            b.end(|e| e.index = 0);
        }),
        case("end_kind_zero", "end kind 0", |b| end(b, |e| e.kind = 0)),
        case("end_kind", "end kind 5", |b| end(b, |e| e.kind = 5)),
        case("end_reserved", "a reserved byte is not zero", |b| end(b, |e| e.reserved[0] = 1)),
        case("end_complete_without_last", "complete, and the last close record lacks LAST", |b| {
            b.plain();
            b.epoch(2);
            b.end(|_| ());
        }),
        case("end_complete_excerpt", "complete, and the first epoch is 7", |b| {
            b.plain();
            b.excerpt(7);
            b.finish();
        }),
        case("end_complete_cut", "complete, and the reason is that the input was cut", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.close(|c| (c.flags, c.reason) = (1, 2));
            b.end(|_| ());
        }),
        case("end_complete_no_epoch", "complete, and there is no epoch", |b| {
            b.plain();
            b.end(|_| ());
        }),
        case("end_cut_reason", "cut, and the reason is the end of the input", |b| end(b, |e| e.kind = 4)),
        case("end_cut_excerpt", "cut, and the first epoch is 7", |b| {
            b.plain();
            b.excerpt(7);
            b.start(|_| ());
            b.frames(2);
            b.finish_cut();
        }),
    ]
}
