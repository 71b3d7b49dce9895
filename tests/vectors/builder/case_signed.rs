//! Signed streams, and what nothing but the signature shows: each file passes a reader that checks all but signatures.
//! They have a folder of their own, because most readers do not ask who signed.
//!
//! `frames` are those before the close record whose signature is wrong.

use super::build::Build;
use super::cases::Case;
use super::material::certificate;

fn case(name: &'static str, expect: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    Case { name, expect, identity: "none", comment, build }
}

/// The same with a key that opens it.
fn sealed(name: &'static str, expect: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    Case { identity: "p256", ..case(name, expect, comment, build) }
}

/// A stream that names its signer, up to its first epoch.
fn begin(b: &mut Build, suite: u8) {
    b.preamble();
    b.stream(|s| (s.suite, s.signer) = (suite, certificate("ed25519")));
    if suite == 1 {
        b.keys(|_| ());
    }
}

/// One epoch as it should be, and a last one of two frames that is changed when it is signed: `at` is the byte in it,
/// counted from its start record, that gets another bit.
fn changed(b: &mut Build, suite: u8, at: usize, bit: u8) {
    begin(b, suite);
    b.epoch(2);
    let begun = b.out.len();
    b.last_epoch(2);
    b.out[begun + at] ^= bit;
    b.fault();
    b.end(|_| ());
}

/// A plain start record, header and body.
const START_LEN: usize = 8 + 92;

const P256_LOW: &str = concat!(
    "a49d0e92272f948ca38fe16190fc2c7368ba350ff7e4d9f204c37abd8d65841a",
    "5e40712540bd9571bd6efd8ff51cda126019087663af174192a598b518793380"
);
const P256_HIGH: &str = concat!(
    "a49d0e92272f948ca38fe16190fc2c7368ba350ff7e4d9f204c37abd8d65841a",
    "a1bf8ed9bf426a8f429102700ae325ed5ccdf237436887436114320de3e9f1d1"
);
const P384_LOW: &str = concat!(
    "824e0e7c88912e742f8b1cd4014a6bcdc04bfe04553c987a9121fcb06310f6071669d03f541f50a05f7eb67ec453f547",
    "6195c88f98a62414f141c9822a115ff24ebc1019970aca5981d58d82e017672b4f55107e45f5b2e2e0508b684c8d8dc7"
);
const P384_HIGH: &str = concat!(
    "824e0e7c88912e742f8b1cd4014a6bcdc04bfe04553c987a9121fcb06310f6071669d03f541f50a05f7eb67ec453f547",
    "9e6a37706759dbeb0ebe367dd5eea00db143efe668f535a6458dbfff141fc6b408c4fd3402baf4980c9b8e0280379bac"
);

/// One epoch of a plain stream, signed by ECDSA: signatures made once, since each one is another.
fn ecdsa(b: &mut Build, key: &str, algorithm: u8, signature: &str) {
    b.preamble();
    b.stream(|s| s.signer = certificate(key));
    b.start(|_| ());
    b.frames(2);
    let signature = (0..signature.len()).step_by(2).map(|i| u8::from_str_radix(&signature[i..i + 2], 16).unwrap());
    b.close(|c| (c.flags, c.reason, c.algorithm, c.signature) = (1, 1, Some(algorithm), Some(signature.collect())));
    b.end(|_| ());
}

pub fn cases() -> Vec<Case> {
    vec![
        case("right_plain", "success", "a plain stream of two epochs, signed with Ed25519", |b| {
            begin(b, 0);
            b.epoch(3);
            b.finish();
        }),
        sealed("right_sealed", "success", "a sealed stream of two epochs, signed with Ed25519", |b| {
            begin(b, 1);
            b.epoch(3);
            b.finish();
        }),
        sealed("right_empty_epoch", "success", "an epoch without frames", |b| {
            begin(b, 1);
            b.epoch(0);
            b.finish();
        }),
        sealed("right_excerpt", "success", "epoch 7 of a longer stream", |b| {
            begin(b, 1);
            b.excerpt(7);
            b.epoch(2);
            b.end(|e| e.kind = 2);
        }),
        case("wrong_clock", "signature", "the wall clock in a start record was changed", |b| changed(b, 0, 8 + 19, 1)),
        case("wrong_monotonic", "signature", "the monotonic clock in a start record was changed", |b| {
            changed(b, 0, 8 + 27, 1)
        }),
        case("wrong_keys_hash", "signature", "the hash of the keys record in a start record was changed", |b| {
            changed(b, 1, 8 + 60, 1)
        }),
        case("wrong_dts", "signature", "a frame's decoding time was changed", |b| {
            changed(b, 0, START_LEN + 8 + 4 + 8 + 7, 1)
        }),
        case("wrong_flag", "signature", "a frame's key flag was taken away", |b| changed(b, 0, START_LEN + 1, 1)),
        case("wrong_packet", "signature", "a byte of a packet was changed", |b| changed(b, 0, START_LEN + 8 + 28, 1)),
        case("wrong_reason", "signature", "stopped by the operator, and not at the end of the input", |b| {
            let frame = 8 + 28 + "packet 0 of epoch 1".len();
            changed(b, 0, START_LEN + 2 * frame + 8 + 8, 2)
        }),
        case("wrong_signature", "signature", "a bit of the signature was changed", |b| {
            begin(b, 0);
            b.epoch(2);
            b.last_epoch(2);
            let end = b.out.len();
            b.out[end - 1] ^= 1;
            b.fault();
            b.end(|_| ());
        }),
        case("wrong_length", "signature", "a signature of 63 bytes", |b| {
            begin(b, 0);
            b.epoch(2);
            b.start(|_| ());
            b.frames(2);
            b.close(|c| (c.flags, c.reason, c.signature) = (1, 1, Some(vec![7; 63])));
            b.fault();
            b.end(|_| ());
        }),
        case("wrong_stream", "signature", "the epoch of another stream of the same signer", |b| {
            let mut other = Build::default();
            other.preamble();
            other.stream(|s| (s.id, s.signer) = ([9; 16], certificate("ed25519")));
            other.excerpt(3);
            let begun = other.out.len();
            other.epoch(2);
            begin(b, 0);
            b.released = 2;
            b.raw(&other.out[begun..]);
            b.payload = other.payload;
            b.fault();
            b.end(|e| (e.kind, e.index) = (2, 0));
        }),
        case("wrong_commitment", "signature", "the session commitment in the keys record was changed", |b| {
            b.preamble();
            b.stream(|s| (s.suite, s.signer) = (1, certificate("ed25519")));
            let begun = b.out.len();
            b.keys(|_| ());
            b.start(|_| ());
            b.frames(2);
            b.close_last();
            b.out[begun + 8 + 12] ^= 1;
            b.fault();
            b.end(|_| ());
        }),
        case("wrong_algorithm", "signature", "an Ed25519 signature that says it is ECDSA P-256", |b| {
            begin(b, 0);
            b.epoch(2);
            b.start(|_| ());
            b.frames(2);
            b.close(|c| (c.flags, c.reason, c.algorithm) = (1, 1, Some(2)));
            b.fault();
            b.end(|_| ());
        }),
        case("right_p256", "success", "a signature with P-256", |b| ecdsa(b, "p256", 2, P256_LOW)),
        case("right_p384", "success", "a signature with P-384", |b| ecdsa(b, "p384", 3, P384_LOW)),
        case("wrong_p256_high", "signature", "the form of that of right_p256 with the larger s", |b| {
            ecdsa(b, "p256", 2, P256_HIGH);
            b.fault();
        }),
        case("wrong_p384_high", "signature", "the form of that of right_p384 with the larger s", |b| {
            ecdsa(b, "p384", 3, P384_HIGH);
            b.fault();
        }),
        case("wrong_key", "signature", "signed with Ed25519, under the certificate of another key", |b| {
            b.preamble();
            b.stream(|s| s.signer = certificate("p256"));
            b.last_epoch(2);
            b.fault();
            b.end(|_| ());
        }),
    ]
}
