//! Keys records whose session opens: rewrapped, torn in one slot, shared, and with a forged slot next to a good one.

use super::build::Build;
use super::cases::{Case, sealed};
use super::material::{certificate, message, signing_key};
use super::specs::*;
use super::wire::*;

/// A keys record one of whose slots was written without its key, and the other one is right: everything is released,
/// and then it is damage.
fn forged(b: &mut Build, change: fn(&mut Keys)) {
    b.sealed_with(change);
    b.epoch(3);
    b.finish();
}

pub fn cases() -> Vec<Case> {
    vec![
        sealed("keys_left_out", "success", "all reasons why a certificate can be left out", |b| {
            b.sealed_with(|k| k.left_out = (1..=12).map(|reason| (reason, b"CN=somebody".to_vec())).collect());
            b.finish();
        }),
        sealed(
            "keys_rewrapped",
            "success",
            "slot 1 in generation 2, slot 0 wiped; start still has the first hash",
            |b| {
                b.sealed_stream();
                b.rewrapped_keys(4096);
                b.finish();
            },
        ),
        sealed(
            "keys_higher_generation",
            "success",
            "both slots valid: the higher generation counts, here slot 0",
            |b| {
                b.sealed_with(|k| {
                    k.slot().generation = 3;
                    let mut old = Slot::new(2);
                    old.messages = vec![message(&["p384"])];
                    k.slots[1] = Some(old);
                });
                b.finish();
            },
        ),
        sealed("keys_torn_slot", "success", "slot 1 was being written: its hash is wrong, slot 0 counts", |b| {
            b.sealed_with(|k| k.slots[1] = Some(Slot { torn: true, ..Slot::new(2) }));
            b.finish();
        }),
        sealed("keys_torn_filling", "success", "slot 1 has a right hash over a filling that is not zeros: torn", |b| {
            b.sealed_with(|k| k.slots[1] = Some(Slot { filling: 1, ..Slot::new(2) }));
            b.finish();
        }),
        sealed("keys_generation_zero", "success", "slot 1 has generation 0 and is not empty: torn", |b| {
            b.sealed_with(|k| k.slots[1] = Some(Slot::new(0)));
            b.finish();
        }),
        sealed("keys_changed_signed", "success", "slot 1 in generation 2, signed with Ed25519; slot 0 wiped", |b| {
            b.sealed_stream();
            let (stream, first) = (b.stream_hash, sha256(&b.first_keys().record()));
            b.keys(|k| {
                k.slots.swap(0, 1);
                let head = k.head();
                let slot = k.slots[1].as_mut().unwrap();
                (slot.generation, slot.algorithm) = (2, 1);
                let mut text = Vec::new();
                text.raw(b"vidveil1 slot signature\0").raw(&stream).raw(&first).raw(&head).u64(2).raw(&slot.list());
                let signature = signing_key().sign(&text);
                slot.changed_by.bytes32(&certificate("ed25519")).u16(64).raw(signature.as_ref());
            });
            b.keys_hash = first;
            b.finish();
        }),
        sealed("keys_lower_forged", "success", "the slot that does not count has a wrong MAC", |b| {
            b.sealed_with(|k| {
                k.slot().mac = Some(vec![0; 32]);
                k.slots[1] = Some(Slot::new(2));
            });
            b.finish();
        }),
        sealed("slot_forged_above", "record", "the higher slot is forged, for another key: the lower one opens", |b| {
            forged(b, |k| {
                let messages = vec![message(&["p384"])];
                k.slots[1] = Some(Slot { messages, mac: Some(vec![0; 32]), ..Slot::new(2) });
            })
        }),
        sealed("slot_forged_last", "record", "slot 0 is forged, with the last number that there is", |b| {
            forged(b, |k| {
                k.slots.swap(0, 1);
                let messages = vec![message(&["p384"])];
                k.slots[0] = Some(Slot { messages, mac: Some(vec![0; 32]), ..Slot::new(u64::MAX) });
            })
        }),
        sealed("slot_forged_copy", "record", "the higher slot is a copy of the lower one with another number", |b| {
            forged(b, |k| {
                let mac = k.mac(0);
                k.slots[1] = Some(Slot { mac: Some(mac), ..Slot::new(2) });
            })
        }),
        sealed(
            "keys_same_generation",
            "record",
            "both slots are valid and have generation 1: the first one opens",
            |b| {
                b.preamble();
                b.stream(|s| s.suite = 1);
                b.keys(|k| k.slots[1] = Some(Slot::new(1)));
                b.finish();
            },
        ),
        sealed("slot_tied_forged", "record", "both slots have generation 1, and the first one is forged", |b| {
            forged(b, |k| {
                let messages = vec![message(&["p384"])];
                k.slots[1] = Some(Slot::new(1));
                k.slots[0] = Some(Slot { messages, mac: Some(vec![0; 32]), ..Slot::new(1) });
            })
        }),
        sealed("slot_forged_message", "record", "the higher slot is forged, its message to the key broken", |b| {
            forged(b, |k| {
                let mut slot = Slot { mac: Some(vec![0; 32]), ..Slot::new(2) };
                *slot.messages[0].cms.last_mut().unwrap() ^= 1;
                k.slots[1] = Some(slot);
            })
        }),
        sealed(
            "slot_forged_second",
            "record",
            "the second session's higher slot is forged: it opens by the other",
            |b| {
                b.sealed();
                b.epoch(2);
                b.session = 1;
                b.keys(|k| k.slots[1] = Some(Slot { mac: Some(vec![0; 32]), ..Slot::new(2) }));
                b.finish();
            },
        ),
        sealed("keys_shares", "success", "a share group and its two shares beside the whole secret", |b| {
            b.sealed_with(|k| {
                k.slot().groups = vec![Group { k: 2, n: 3 }];
                for x in [1, 3] {
                    k.slot().messages.push(Message { kind: 1, x, ..message(&["p384"]) });
                }
            });
            b.finish();
        }),
    ]
}
