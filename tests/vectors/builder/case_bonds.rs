//! Key sessions and what binds each to the one before it.

use super::build::Build;
use super::cases::{Case, sealed};
use super::material::message;
use super::schedule;
use super::specs::*;
use super::wire::*;

/// Two sessions, the second one with the fault: nothing of it is released.
fn second(b: &mut Build, change: impl FnOnce(&mut Keys)) {
    b.sealed();
    b.epoch(2);
    b.epoch(1);
    b.fault();
    b.session = 1;
    b.keys(change);
    b.epoch(2);
    b.finish();
}

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    sealed(name, "record", comment, build)
}

/// The stream record and the keys record of session 0, once more, for another excerpt; an epoch of it comes next.
fn excerpt_again(b: &mut Build) {
    let (epoch, prev_close) = (b.epoch, b.prev_close);
    b.sealed();
    b.walk(epoch);
    (b.epoch, b.prev_close) = (epoch, prev_close);
}

/// An excerpt that begins with session 1, after one that ended in session 0.
fn excerpt_with_next_session(b: &mut Build, change: impl FnOnce(&mut Keys)) {
    excerpt_with_session(b, 1, change);
}

/// The same with session 2, which stands by itself: the one before it is not there.
fn excerpt_with_session_2(b: &mut Build) {
    excerpt_with_session(b, 2, |k| k.bond = Some([7; 32]));
}

fn excerpt_with_session(b: &mut Build, session: u32, change: impl FnOnce(&mut Keys)) {
    let (epoch, prev_close) = (b.epoch, b.prev_close);
    b.sealed_stream();
    let mut chain = schedule::first_chain(&schedule::extract(&b.stream_hash), 0);
    for _ in 0..epoch {
        chain = schedule::next_chain(&chain);
    }
    (b.session, b.epoch) = (session, epoch);
    b.keys(|k| {
        k.before = chain;
        change(k);
    });
    b.prev_close = prev_close;
    b.epoch(2);
    b.end(|e| e.kind = 2);
}

pub fn cases() -> Vec<Case> {
    vec![
        sealed("bond_three_sessions", "success", "three key sessions, one of a single epoch", |b| {
            b.sealed();
            b.epoch(1);
            b.session = 1;
            b.keys(|k| k.left_out = vec![(1, b"CN=somebody".to_vec())]);
            b.epoch(1);
            b.epoch(1);
            b.session = 2;
            b.keys(|_| ());
            b.finish();
        }),
        sealed("bond_rewrapped", "success", "the second session rewrapped, with larger slots: its bond stays", |b| {
            b.sealed();
            b.epoch(2);
            b.session = 1;
            b.rewrapped_keys(8192);
            b.finish();
        }),
        sealed(
            "bond_excerpts",
            "success",
            "two excerpts: the second goes on in session 0, and then in session 1",
            |b| {
                b.sealed();
                b.epoch(2);
                b.end(|e| e.kind = 2);
                excerpt_again(b);
                b.epoch(1);
                b.session = 1;
                b.keys(|_| ());
                b.epoch(2);
                b.end(|e| e.kind = 2);
            },
        ),
        sealed("bond_excerpt_begins", "success", "an excerpt that ends in session 0, and one with session 1", |b| {
            b.sealed();
            b.epoch(2);
            b.end(|e| e.kind = 2);
            excerpt_with_next_session(b, |_| ());
        }),
        case("bond_session_zero", "a bond in session 0", |b| {
            b.fault();
            b.sealed_with(|k| k.bond = Some([1; 32]));
            b.finish();
        }),
        case("bond_missing", "somebody's own session after a recorder's: zeros for a bond", |b| {
            second(b, |k| k.bond = Some([0; 32]))
        }),
        case("bond_bit", "a bit of the bond is changed", |b| {
            second(b, |k| {
                let mut bond = k.right_bond();
                bond[31] ^= 1;
                k.bond = Some(bond);
            })
        }),
        case("bond_earlier", "a bond made with the chain key of an epoch before", |b| {
            b.sealed();
            b.epoch(2);
            let before = b.first_keys().before;
            b.epoch(1);
            b.fault();
            b.session = 1;
            b.keys(|k| k.before = before);
            b.finish();
        }),
        case("bond_later", "a bond made with the chain key of an epoch after", |b| {
            second(b, |k| k.before = schedule::next_chain(&k.before))
        }),
        case("bond_stream", "a bond of another stream with the same secret", |b| {
            second(b, |k| {
                let p = schedule::extract(&sha256(b"another stream record"));
                k.before = schedule::next_chain(&schedule::next_chain(&schedule::first_chain(&p, 0)));
            })
        }),
        case("bond_left_out", "a certificate left out that the bond does not cover, under a right MAC", |b| {
            second(b, |k| {
                let bond = k.right_bond();
                (k.left_out, k.bond) = (vec![(1, b"CN=somebody".to_vec())], Some(bond));
            })
        }),
        case("bond_reason", "the reason of a certificate left out is not the one that the bond covers", |b| {
            second(b, |k| {
                k.left_out = vec![(1, b"CN=somebody".to_vec())];
                let bond = k.right_bond();
                (k.left_out[0].0, k.bond) = (3, Some(bond));
            })
        }),
        case(
            "bond_others",
            "somebody's own session for others: the key is no recipient's, and the bond is wrong",
            |b| {
                second(b, |k| {
                    k.slot().messages = vec![message(&["p384"])];
                    k.bond = Some([7; 32]);
                })
            },
        ),
        case("bond_third", "the third session's bond is wrong", |b| {
            b.sealed();
            b.epoch(1);
            b.session = 1;
            b.keys(|_| ());
            b.epoch(2);
            b.fault();
            b.session = 2;
            b.keys(|k| k.bond = Some([0; 32]));
            b.finish();
        }),
        case("bond_excerpt_forged", "an excerpt of session 0, and somebody's own with session 1", |b| {
            b.sealed();
            b.epoch(2);
            b.end(|e| e.kind = 2);
            b.fault();
            excerpt_with_next_session(b, |k| k.bond = Some([0; 32]));
        }),
        case("bond_excerpt_no_room", "session 2 where session 0 has just ended: session 1 has no epoch", |b| {
            b.sealed();
            b.epoch(2);
            b.epoch(1);
            b.end(|e| e.kind = 2);
            b.fault();
            excerpt_with_session_2(b);
        }),
        sealed(
            "bond_excerpt_room",
            "success",
            "session 2 after a gap of one epoch, which may be all of session 1",
            |b| {
                b.sealed();
                b.epoch(2);
                b.epoch(1);
                b.end(|e| e.kind = 2);
                b.epoch += 1;
                excerpt_with_session_2(b);
            },
        ),
        case("bond_excerpt_back", "session 1 begins with epoch 1, and epoch 1 came in session 0", |b| {
            b.sealed();
            b.epoch(2);
            b.epoch(1);
            b.end(|e| e.kind = 2);
            b.fault();
            b.epoch = 1;
            excerpt_with_next_session(b, |_| ());
        }),
    ]
}
