//! Faults that sealing is there to find: commitments, tags, HMACs.

use super::build::Build;
use super::cases::{Case, sealed};
use super::specs::*;
use super::wire::*;

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    sealed(name, "record", comment, build)
}

/// A whole epoch, then one whose start record has the fault. Two tracks.
fn start(b: &mut Build, change: fn(&mut Start)) {
    two_tracks(b);
    b.faulty_start(change);
}

/// Two tracks; the third frame has the fault.
fn frame(b: &mut Build, change: fn(&mut Frame)) {
    two_tracks(b);
    b.start(|_| ());
    b.frames(2);
    b.fault();
    b.frame(change);
    b.close_last();
    b.end(|_| ());
}

/// Two tracks; the last close record has the fault.
fn close(b: &mut Build, change: fn(&mut Close)) {
    two_tracks(b);
    b.start(|_| ());
    b.frames(2);
    b.faulty_close(change);
}

fn two_tracks(b: &mut Build) {
    b.preamble();
    b.stream(|s| (s.suite, s.tracks) = (1, vec![video(), audio()]));
    b.keys(|_| ());
}

pub fn cases() -> Vec<Case> {
    let mut all = epochs();
    all.extend(frames());
    all.extend(closes());
    all
}

fn epochs() -> Vec<Case> {
    vec![
        case("start_session", "session 1 under the keys of session 0", |b| start(b, |s| s.session = 1)),
        case("start_sealed_gap", "epoch 2 after epoch 0", |b| {
            two_tracks(b);
            b.epoch(2);
            b.fault();
            b.excerpt(2);
            b.start(|_| ());
            b.frames(1);
            b.close_last();
            b.end(|e| e.kind = 2);
        }),
        case("start_removed", "a whole epoch was taken out of the middle", |b| {
            b.sealed();
            b.epoch(2);
            b.fault();
            let kept = b.out.len();
            b.epoch(2);
            b.out.truncate(kept);
            b.finish();
        }),
        case("start_commitment", "the commitment of track 0 is wrong", |b| start(b, |s| s.flip_commitment = Some(0))),
        case("start_commitment_second", "the commitment of track 1 is wrong", |b| {
            start(b, |s| s.flip_commitment = Some(1))
        }),
        case("start_commitment_missing", "a start record without commitments", |b| {
            start(b, |s| {
                s.tamper = |record| {
                    record.truncate(100);
                    record[7] = 92;
                }
            })
        }),
        case("start_wall_clock", "the wall clock of a start record was changed afterwards", |b| {
            start(b, |s| s.tamper = |record| record[8 + 12 + 7] ^= 1)
        }),
        case("start_keys_hash", "the keys hash of a start record was changed afterwards", |b| {
            start(b, |s| s.tamper = |record| record[8 + 60] ^= 1)
        }),
        case("start_before_session", "an excerpt that begins before its session does", |b| {
            b.fault();
            b.sealed_stream();
            (b.session, b.epoch) = (3, 5);
            b.keys(|_| ());
            b.excerpt(4);
            b.epoch(2);
            b.end(|e| e.kind = 2);
        }),
        case("start_far", "an excerpt that begins 2^20 + 1 epochs after its session", |b| {
            b.fault();
            b.sealed();
            b.excerpt((1 << 20) + 1);
            b.epoch(2);
            b.end(|e| e.kind = 2);
        }),
        case("start_excerpt_key", "an excerpt whose key is not on the session's chain", |b| {
            b.fault();
            b.sealed();
            b.excerpt(9);
            b.epoch = 7;
            b.epoch(2);
            b.end(|e| e.kind = 2);
        }),
    ]
}

fn frames() -> Vec<Case> {
    vec![
        case("seal_ciphertext", "a bit of the ciphertext is flipped", |b| {
            frame(b, |f| f.tamper = |record| record[8 + 28 + 4] ^= 0x10)
        }),
        case("seal_tag", "a bit of the tag is flipped", |b| {
            frame(b, |f| f.tamper = |record| *record.last_mut().unwrap() ^= 1)
        }),
        case("seal_key_flag", "the keyframe flag was set afterwards", |b| {
            frame(b, |f| f.tamper = |record| record[1] ^= 1)
        }),
        case("seal_hidden_flag", "the hidden flag was set afterwards", |b| {
            frame(b, |f| f.tamper = |record| record[1] ^= 0x10)
        }),
        case("seal_hidden_flag_taken", "the hidden flag was taken off afterwards", |b| {
            frame(b, |f| {
                f.flags = 0x10;
                f.tamper = |record| record[1] ^= 0x10;
            })
        }),
        case("seal_gap_flag", "the gap flag was set afterwards", |b| frame(b, |f| f.tamper = |record| record[1] ^= 2)),
        case("seal_pts", "the pts was changed afterwards", |b| frame(b, |f| f.tamper = |record| record[8 + 11] ^= 1)),
        case("seal_dts", "the dts was changed afterwards", |b| frame(b, |f| f.tamper = |record| record[8 + 19] ^= 1)),
        case("seal_duration", "the duration was changed afterwards", |b| {
            frame(b, |f| f.tamper = |record| record[8 + 27] ^= 1)
        }),
        case("seal_track", "a frame was moved to the other track", |b| {
            frame(b, |f| f.tamper = |record| record[3] ^= 1)
        }),
        case("seal_counter", "a frame was repeated under the next counter", |b| {
            two_tracks(b);
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.frame(|f| {
                f.counter = 0;
                f.tamper = |record| record[8 + 3] = 1;
            });
            b.counter = 2;
            b.close_last();
            b.end(|_| ());
        }),
        case("seal_swapped", "two sealed frames in the wrong order", |b| {
            two_tracks(b);
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.frame(|f| f.counter = 2);
            b.frame(|f| f.counter = 1);
            b.counter = 3;
            b.close_last();
            b.end(|_| ());
        }),
        case("seal_plain_body", "a packet that is not sealed, in a sealed stream", |b| {
            frame(b, |f| {
                f.tamper = |record| {
                    record.truncate(36);
                    record.raw(b"a packet in the clear, long enough for a tag");
                    record[7] = (record.len() - 8) as u8;
                }
            })
        }),
        case("seal_short", "a sealed plaintext of 3 bytes", |b| frame(b, |f| f.plaintext = Some(vec![0; 3]))),
        case("seal_length", "the packet's length is larger than the rest", |b| {
            frame(b, |f| f.stated = Some(f.packet.len() as u32 + 1))
        }),
        case("seal_padding", "the padding is not zeros", |b| frame(b, |f| f.padding = vec![0, 0, 1, 0])),
        case("seal_other_epoch", "a frame of the epoch before, with the right counter", |b| {
            b.sealed();
            b.start(|_| ());
            b.frames(1);
            let at = b.out.len();
            b.frames(1);
            let frame = b.out[at..].to_vec();
            b.close(|_| ());
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.raw(&frame);
            b.counter = 2;
            b.close_last();
            b.end(|_| ());
        }),
    ]
}

fn closes() -> Vec<Case> {
    vec![
        case("close_hmac", "the HMAC of track 0 is wrong", |b| {
            close(b, |c| c.tamper = |record| record[8 + 18 + 40] ^= 1)
        }),
        case("close_hmac_second", "the HMAC of track 1 is wrong", |b| {
            close(b, |c| c.tamper = |record| record[8 + 18 + 40 + 63] ^= 1)
        }),
        case("close_reason_changed", "the reason was changed afterwards", |b| {
            close(b, |c| c.tamper = |record| record[8 + 8] = 3)
        }),
        case("close_last_changed", "LAST and its reason were added afterwards", |b| {
            two_tracks(b);
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.close(|c| c.tamper = |record| (record[1], record[8 + 8]) = (1, 1));
            b.end(|_| ());
        }),
        case("close_hmac_missing", "a close record without HMACs", |b| {
            close(b, |c| {
                c.tamper = |record| {
                    record.drain(8 + 18 + 40..8 + 18 + 40 + 64);
                    record[7] = (record.len() - 8) as u8;
                }
            })
        }),
        case("close_hmac_empty_epoch", "the HMAC of an epoch without frames is wrong", |b| {
            b.sealed();
            b.epoch(2);
            b.fault();
            b.start(|_| ());
            b.close(|c| {
                (c.flags, c.reason) = (1, 1);
                c.tamper = |record| record[8 + 18 + 20] ^= 1;
            });
            b.end(|_| ());
        }),
    ]
}
