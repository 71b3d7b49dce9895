//! Whole streams without a fault.

use super::build::Build;
use super::cases::{Case, plain, sealed};
use super::material::{certificate, message};
use super::specs::{Track, audio, data, video};
use super::wire::*;

pub fn cases() -> Vec<Case> {
    let mut all = plain_streams();
    all.extend(sealed_streams());
    all
}

fn plain_streams() -> Vec<Case> {
    vec![
        plain("plain_one_track", "success", "one video track, two epochs", |b| {
            b.plain();
            b.epoch(3);
            b.finish();
        }),
        plain("plain_two_tracks", "success", "video and audio share the counter of their epoch", |b| {
            b.preamble();
            b.stream(|s| s.tracks.push(audio()));
            b.start(|_| ());
            b.frames(1);
            b.frame(|f| f.track = 1);
            b.frames(1);
            b.close(|_| ());
            b.finish();
        }),
        plain("plain_data_track", "success", "a data track beside the video", |b| {
            b.preamble();
            b.stream(|s| s.tracks.push(data()));
            b.start(|_| ());
            b.frames(2);
            b.frame(|f| (f.track, f.duration) = (1, 0));
            b.close_last();
            b.end(|_| ());
        }),
        plain("plain_sixteen_tracks", "success", "as many tracks as there may be", |b| {
            b.preamble();
            b.stream(|s| s.tracks.extend((0..15).map(|_| audio())));
            b.start(|_| ());
            b.frame(|f| f.track = 15);
            b.close_last();
            b.end(|_| ());
        }),
        plain("plain_public", "success", "role public, no camera name, continues a stream", |b| {
            b.preamble();
            b.stream(|s| {
                (s.role, s.camera, s.continues) = (2, Vec::new(), 1);
                s.before = Some(([9; 16], sha256(b"its last close record")));
            });
            b.finish();
        }),
        plain("plain_manifest", "success", "a public stream with a manifest before its last close record", |b| {
            public_with_manifest(b);
            b.start(|_| ());
            b.frames(3);
            b.frame(|f| {
                (f.track, f.pts, f.dts, f.duration) = (1, NONE, NONE, 0);
                f.packet = manifest();
            });
            b.close_last();
            b.end(|_| ());
        }),
        plain(
            "plain_manifest_cut",
            "truncated",
            "a public stream that was cut, and has a track for a manifest and none",
            |b| {
                public_with_manifest(b);
                b.start(|_| ());
                b.frames(3);
                b.finish_cut();
            },
        ),
        plain("plain_no_times", "success", "pts, dts unknown and no duration", |b| {
            b.plain();
            b.start(|_| ());
            b.frame(|f| (f.pts, f.dts, f.duration) = (NONE, NONE, 0));
            b.frame(|f| (f.pts, f.dts) = (NONE, -7));
            b.close_last();
            b.end(|_| ());
        }),
        plain(
            "plain_reordered",
            "success",
            "pts go up and down as with B-frames; the close record has lowest and highest",
            |b| {
                b.plain();
                b.start(|_| ());
                for pts in [40, 160, -80, 120] {
                    b.frame(|f| f.pts = pts);
                }
                b.close_last();
                b.end(|_| ());
            },
        ),
        plain("plain_flags", "success", "all three frame flags, and a packet of no bytes", |b| {
            b.plain();
            b.start(|_| ());
            b.frame(|f| f.flags = 7);
            b.frame(|f| f.packet.clear());
            b.close_last();
            b.end(|_| ());
        }),
        plain("plain_hidden", "success", "frames that are decoded and not shown, one of them a key frame", |b| {
            b.plain();
            b.start(|_| ());
            b.frame(|f| f.flags = 0x11);
            b.frame(|f| f.flags = 0x10);
            b.frame(|f| f.flags = 0);
            b.frame(|f| f.flags = 0x17);
            b.close_last();
            b.end(|_| ());
        }),
        plain(
            "plain_mirrored",
            "success",
            "two video tracks, one mirrored, one turned by 270 degrees and mirrored",
            |b| {
                b.preamble();
                b.stream(|s| {
                    s.tracks[0].rotation = 0x8000;
                    s.tracks.push(Track { rotation: 0x8000 | 270, ..video() });
                });
                b.finish();
            },
        ),
        plain("plain_empty_epoch", "success", "an epoch without frames", |b| {
            b.plain();
            b.epoch(0);
            b.finish();
        }),
        plain("plain_no_frames", "success", "a complete stream may hold no frame at all", |b| {
            b.plain();
            b.last_epoch(0);
            b.end(|_| ());
        }),
        plain("plain_cat", "success", "two streams, one after the other", |b| {
            b.plain();
            b.finish();
            b.preamble();
            b.stream(|s| s.id = [7; 16]);
            b.finish();
        }),
        plain("plain_index", "success", "an index before the end", |b| {
            b.plain();
            b.epoch(2);
            b.last_epoch(2);
            b.index(|_| ());
            b.end(|_| ());
        }),
        plain(
            "plain_excerpt",
            "success",
            "begins with epoch 7, ends without LAST, and says that it is an excerpt",
            |b| {
                b.plain();
                b.excerpt(7);
                b.epoch(2);
                b.epoch(2);
                b.end(|e| e.kind = 2);
            },
        ),
        plain("plain_signed", "success", "each epoch signed with Ed25519", |b| {
            b.preamble();
            b.stream(|s| s.signer = certificate("ed25519"));
            b.epoch(2);
            b.finish();
        }),
    ]
}

/// The head of a public stream with a track for its manifest.
fn public_with_manifest(b: &mut Build) {
    b.preamble();
    b.stream(|s| {
        s.role = 2;
        s.tracks.push(Track { codec: b"vidveil.manifest".to_vec(), time_base: (1, 1000), ..data() });
    });
}

/// The manifest of a public stream with pictures at 0, 40 and 80.
fn manifest() -> Vec<u8> {
    let mut b = Vec::new();
    b.raw(&[0x5a; 16]).raw(&sha256(b"the original's stream record")).u64(2).u64(7);
    b.raw(&sha256(b"its close record")).u64(3).i64(0).i64(80);
    b.str16(b"vidveil 0.1.0").bytes32(b"block = 16\nmethod = \"solid\"\n");
    b
}

fn sealed_streams() -> Vec<Case> {
    let to = |name, identity, comment, build| Case { name, expect: "success", identity, comment, build };
    vec![
        to("sealed_p256", "p256", "to a P-256 key, two epochs", |b| {
            b.sealed();
            b.epoch(3);
            b.finish();
        }),
        to("sealed_p384", "p384", "to a P-384 key", |b| {
            b.sealed_with(|k| k.slot().messages = vec![message(&["p384"])]);
            b.finish();
        }),
        to("sealed_rsa3072", "rsa3072", "to an RSA key of 3072 bits", |b| {
            b.sealed_with(|k| k.slot().messages = vec![message(&["rsa3072"])]);
            b.finish();
        }),
        to("sealed_two_recipients", "rsa3072", "one message to two recipients; this is the second", |b| {
            b.sealed_with(|k| k.slot().messages = vec![message(&["p256", "rsa3072"])]);
            b.finish();
        }),
        to("sealed_two_messages", "p384", "a message for each recipient; this is the second", |b| {
            b.sealed_with(|k| k.slot().messages.push(message(&["p384"])));
            b.finish();
        }),
        sealed("sealed_two_tracks", "success", "each track has keys of its own", |b| {
            b.preamble();
            b.stream(|s| (s.suite, s.tracks) = (1, vec![video(), audio()]));
            b.keys(|_| ());
            b.start(|_| ());
            b.frames(2);
            b.frame(|f| f.track = 1);
            b.close(|_| ());
            b.finish();
        }),
        sealed("sealed_public", "success", "a public stream may be sealed", |b| {
            b.preamble();
            b.stream(|s| (s.suite, s.role) = (1, 2));
            b.keys(|_| ());
            b.finish();
        }),
        sealed("sealed_sessions", "success", "two key sessions; epochs and chain of close records go on", |b| {
            b.sealed();
            b.epoch(2);
            b.epoch(1);
            b.session = 1;
            b.keys(|_| ());
            b.epoch(2);
            b.finish();
        }),
        sealed(
            "sealed_excerpt",
            "success",
            "begins with epoch 7 of a session that began with epoch 5; the next session follows",
            |b| {
                b.sealed_stream();
                (b.session, b.epoch) = (3, 5);
                b.keys(|_| ());
                b.excerpt(7);
                b.epoch(2);
                b.session = 4;
                b.keys(|_| ());
                b.epoch(1);
                b.end(|e| e.kind = 2);
            },
        ),
        sealed("sealed_padding", "success", "zeros after the packets, inside the sealed plaintext", |b| {
            b.sealed();
            b.start(|_| ());
            b.frame(|f| f.padding = vec![0; 100]);
            b.frame(|f| (f.packet, f.padding) = (Vec::new(), vec![0; 1]));
            b.close_last();
            b.end(|_| ());
        }),
        sealed("sealed_empty_epoch", "success", "an epoch without frames still has its HMAC", |b| {
            b.sealed();
            b.epoch(0);
            b.finish();
        }),
        sealed("sealed_cat", "success", "two sealed streams of one secret and different ids", |b| {
            b.sealed();
            b.finish();
            b.preamble();
            b.stream(|s| (s.suite, s.id) = (1, [7; 16]));
            b.keys(|_| ());
            b.finish();
        }),
        sealed("sealed_grant", "success", "a grant to somebody else stands before the keys", |b| {
            b.sealed_stream();
            b.grant(|_| ());
            b.keys(|_| ());
            b.finish();
        }),
        sealed("sealed_index", "success", "an index of a sealed stream", |b| {
            b.sealed();
            b.epoch(2);
            b.last_epoch(2);
            b.index(|_| ());
            b.end(|_| ());
        }),
        sealed("sealed_signed", "success", "HMACs and an Ed25519 signature in each close record", |b| {
            b.preamble();
            b.stream(|s| (s.suite, s.signer) = (1, certificate("ed25519")));
            b.keys(|_| ());
            b.epoch(2);
            b.finish();
        }),
        plain("grant_sidecar", "success", "a sidecar: grants and an end, no stream record", |b| {
            b.preamble();
            b.grant(|g| g.stream = sha256(b"a stream elsewhere"));
            b.grant(|g| g.stream = sha256(b"another stream"));
            b.end(|e| e.kind = 2);
        }),
    ]
}
