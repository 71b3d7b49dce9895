//! Keys records without a fault: rewrapped, torn in one slot, shared.

use super::cases::{Case, sealed};
use super::material::message;
use super::specs::*;
use super::wire::sha256;

pub fn cases() -> Vec<Case> {
    vec![
        sealed("keys_left_out", "success", "all reasons why a certificate can be left out", |b| {
            b.preamble();
            b.stream(|s| s.suite = 1);
            b.keys(|k| k.left_out = (1..=12).map(|reason| (reason, b"CN=somebody".to_vec())).collect());
            b.finish();
        }),
        sealed(
            "keys_rewrapped",
            "success",
            "slot 1 in generation 2, slot 0 wiped; start still has the first hash",
            |b| {
                b.preamble();
                b.stream(|s| s.suite = 1);
                let mut first = b.first_keys();
                first.slot().messages = vec![message(&["p384"])];
                b.keys(|k| {
                    k.slot().generation = 2;
                    k.slots.swap(0, 1);
                });
                b.keys_hash = sha256(&first.record());
                b.finish();
            },
        ),
        sealed(
            "keys_higher_generation",
            "success",
            "both slots valid: the higher generation counts, here slot 0",
            |b| {
                b.preamble();
                b.stream(|s| s.suite = 1);
                b.keys(|k| {
                    k.slot().generation = 3;
                    let mut old = slot(2);
                    old.messages = vec![message(&["p384"])];
                    k.slots[1] = Some(old);
                });
                b.finish();
            },
        ),
        sealed("keys_torn_slot", "success", "slot 1 was being written: its hash is wrong, slot 0 counts", |b| {
            b.preamble();
            b.stream(|s| s.suite = 1);
            b.keys(|k| k.slots[1] = Some(Slot { torn: true, ..slot(2) }));
            b.finish();
        }),
        sealed("keys_torn_filling", "success", "slot 1 has a right hash over a filling that is not zeros: torn", |b| {
            b.preamble();
            b.stream(|s| s.suite = 1);
            b.keys(|k| k.slots[1] = Some(Slot { filling: 1, ..slot(2) }));
            b.finish();
        }),
        sealed("keys_generation_zero", "success", "slot 1 has generation 0 and is not empty: torn", |b| {
            b.preamble();
            b.stream(|s| s.suite = 1);
            b.keys(|k| k.slots[1] = Some(slot(0)));
            b.finish();
        }),
        sealed("keys_shares", "success", "a share group and its two shares beside the whole secret", |b| {
            b.preamble();
            b.stream(|s| s.suite = 1);
            b.keys(|k| {
                k.slot().groups = vec![Group { k: 2, n: 3 }];
                for x in [1, 3] {
                    k.slot().messages.push(Message { kind: 1, x, ..message(&["p384"]) });
                }
            });
            b.finish();
        }),
    ]
}

fn slot(generation: u64) -> Slot {
    let messages = vec![message(&["p256"])];
    Slot { generation, groups: vec![], messages, algorithm: 0, tail: vec![], filling: 0, torn: false }
}
