//! Keys records with a fault: not for the reader's key, malformed, or with a secret that is not the right one.

use super::build::Build;
use super::cases::{Case, sealed};
use super::material::{certificate, message};
use super::schedule;
use super::specs::*;
use super::wire::*;

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    sealed(name, "record", comment, build)
}

/// A sealed stream whose keys record has the fault.
fn keys(b: &mut Build, change: fn(&mut Keys)) {
    b.fault();
    b.sealed_with(change);
    b.finish();
}

pub fn cases() -> Vec<Case> {
    let mut all = no_match();
    all.extend(keys_records());
    all.extend(slot_contents());
    all.extend(secrets());
    all.extend(macs());
    all
}

fn no_match() -> Vec<Case> {
    vec![
        sealed("no_match", "no-match", "sealed to a P-384 key, opened with a P-256 key", |b| {
            keys(b, |k| k.slot().messages = vec![message(&["p384"])])
        }),
        Case {
            identity: "rsa2048",
            ..sealed("no_match_rsa", "no-match", "sealed to another RSA key", |b| {
                keys(b, |k| k.slot().messages = vec![message(&["rsa3072"])])
            })
        },
        sealed("no_match_rewrapped", "no-match", "the key was a recipient in the older slot only", |b| {
            keys(b, |k| {
                let newer = Slot { messages: vec![message(&["p384"])], ..Slot::new(2) };
                k.slots[1] = Some(newer);
            })
        }),
        sealed("no_match_session", "no-match", "the second session is for somebody else", |b| {
            b.sealed();
            b.epoch(2);
            b.fault();
            b.session = 1;
            b.keys(|k| k.slot().messages = vec![message(&["p384"])]);
            b.finish();
        }),
    ]
}

fn keys_records() -> Vec<Case> {
    vec![
        case("keys_length", "a keys record claims 4 MiB and a byte", |b| {
            b.sealed_stream();
            b.raw(&[KEYS, 0, 0, 0, 0, 0x40, 0, 1]);
        }),
        case("keys_tail", "a byte after slot 1", |b| keys(b, |k| k.tail = vec![0])),
        case("keys_first_session", "session 1 before epoch 0", |b| {
            b.fault();
            b.sealed_stream();
            b.session = 1;
            b.keys(|_| ());
            b.finish();
        }),
        case("keys_session_gap", "session 2 after session 0", |b| {
            b.sealed();
            b.epoch(2);
            b.fault();
            b.session = 2;
            b.keys(|_| ());
            b.finish();
        }),
        case("keys_session_repeat", "session 0 twice", |b| {
            b.sealed();
            b.epoch(2);
            b.fault();
            b.keys(|_| ());
            b.finish();
        }),
        case("keys_first_epoch", "session 0 says that it begins with epoch 5", |b| {
            b.fault();
            b.sealed_stream();
            b.epoch = 5;
            b.keys(|_| ());
            b.excerpt(7);
            b.epoch(2);
            b.end(|e| e.kind = 2);
        }),
        case(
            "keys_first_epoch_next",
            "the second session says that it begins with epoch 0, and epoch 1 is next",
            |b| {
                b.sealed();
                b.epoch(2);
                b.fault();
                b.session = 1;
                b.keys(|k| k.first_epoch = 0);
                b.walk(1);
                b.finish();
            },
        ),
        case("keys_left_out_name", "a certificate left out whose subject has 1025 bytes", |b| {
            keys(b, |k| k.left_out = vec![(1, vec![b'a'; 1025])])
        }),
        case("keys_left_out_control", "a certificate left out with an escape in its subject", |b| {
            keys(b, |k| k.left_out = vec![(1, b"CN=\x1b[2J".to_vec())])
        }),
        case("keys_left_out_many", "1025 certificates left out", |b| {
            keys(b, |k| k.left_out = vec![(1, Vec::new()); 1025])
        }),
        case("keys_reason_zero", "a certificate left out for reason 0", |b| {
            keys(b, |k| k.left_out = vec![(0, Vec::new())])
        }),
        case("keys_reason", "a certificate left out for reason 13", |b| {
            keys(b, |k| k.left_out = vec![(13, Vec::new())])
        }),
        case("keys_slot_small", "slots of 4095 bytes", |b| keys(b, |k| k.slot_size = 4095)),
        case("keys_no_slot", "both slots are empty", |b| keys(b, |k| k.slots[0] = None)),
        case("keys_both_torn", "both slots are torn", |b| {
            keys(b, |k| {
                k.slot().torn = true;
                k.slots[1] = Some(Slot { torn: true, ..Slot::new(2) });
            })
        }),
        case("keys_only_filling", "the only slot has a filling that is not zeros", |b| {
            keys(b, |k| k.slot().filling = 1)
        }),
        case("keys_only_generation_zero", "the only slot has generation 0", |b| keys(b, |k| k.slot().generation = 0)),
        case("keys_old_slot_malformed", "the valid slot that does not count has a byte too many", |b| {
            keys(b, |k| {
                k.slot().tail = vec![0];
                k.slots[1] = Some(Slot::new(2));
            })
        }),
    ]
}

fn share(group: u8, x: u8) -> Message {
    Message { kind: 1, group, x, ..message(&["p384"]) }
}

fn slot_contents() -> Vec<Case> {
    vec![
        case("slot_tail", "a byte after the slot's last field", |b| keys(b, |k| k.slot().tail = vec![0])),
        case("slot_no_messages", "no message", |b| keys(b, |k| k.slot().messages.clear())),
        case("slot_no_recipients", "a message without recipients", |b| {
            keys(b, |k| k.slot().messages.push(Message { recipients: vec![], ..message(&["p384"]) }))
        }),
        case("slot_message_kind", "a message of kind 2", |b| {
            keys(b, |k| k.slot().messages.push(Message { kind: 2, ..message(&["p384"]) }))
        }),
        case("slot_secret_group", "a whole secret that names a share group", |b| {
            keys(b, |k| {
                k.slot().groups = vec![Group { k: 1, n: 1 }, Group { k: 1, n: 1 }];
                k.slot().messages[0].group = 1;
            })
        }),
        case("slot_secret_x", "a whole secret with x = 1", |b| keys(b, |k| k.slot().messages[0].x = 1)),
        case("slot_groups", "17 share groups", |b| {
            keys(b, |k| k.slot().groups = (0..17).map(|_| Group { k: 1, n: 1 }).collect())
        }),
        case("slot_k_zero", "a share group with k = 0", |b| keys(b, |k| k.slot().groups = vec![Group { k: 0, n: 2 }])),
        case("slot_k_over_n", "a share group with k = 3, n = 2", |b| {
            keys(b, |k| k.slot().groups = vec![Group { k: 3, n: 2 }])
        }),
        case("slot_share_group", "a share of a group that is not there", |b| {
            keys(b, |k| {
                k.slot().groups = vec![Group { k: 2, n: 3 }];
                k.slot().messages.push(share(1, 1));
            })
        }),
        case("slot_share_x_zero", "a share with x = 0", |b| {
            keys(b, |k| {
                k.slot().groups = vec![Group { k: 2, n: 3 }];
                k.slot().messages.push(share(0, 0));
            })
        }),
        case("slot_share_x", "a share with x = 4 of n = 3", |b| {
            keys(b, |k| {
                k.slot().groups = vec![Group { k: 2, n: 3 }];
                k.slot().messages.push(share(0, 4));
            })
        }),
        case("slot_algorithm", "signature algorithm 5, with certificate and signature", |b| {
            keys(b, |k| {
                k.slot().algorithm = 5;
                k.slot().changed_by.bytes32(&certificate("ed25519")).u16(64).raw(&[0; 64]);
            })
        }),
    ]
}

fn secrets() -> Vec<Case> {
    vec![
        case("cms_tag", "the last byte of the CMS message, in its tag, is changed", |b| {
            keys(b, |k| *k.slot().messages[0].cms.last_mut().unwrap() ^= 1)
        }),
        case("cms_tail", "a byte after the CMS message", |b| keys(b, |k| k.slot().messages[0].cms.push(0))),
        case("cms_recipient_unlisted", "the message has a recipient whose certificate is not listed", |b| {
            keys(b, |k| {
                k.slot().messages = vec![message(&["p256", "rsa3072"])];
                k.slot().messages[0].recipients.truncate(1);
            })
        }),
        case("cms_recipient_missing", "a certificate is listed that the message has no part for", |b| {
            keys(b, |k| k.slot().messages[0].recipients.push(certificate("p384")))
        }),
        case("commitment_session", "the session commitment is wrong", |b| keys(b, |k| k.commitment[31] ^= 1)),
        case("stream_changed", "one byte of the stream record was changed afterwards: gate, gaze", |b| {
            b.fault();
            b.sealed();
            b.epoch(2);
            b.finish();
            let at = b.out.windows(4).position(|four| four == b"gate").unwrap();
            b.out[at + 2] = b'z';
        }),
    ]
}

/// Slots that read well, and that somebody wrote who had no key.
fn macs() -> Vec<Case> {
    vec![
        case("slot_mac", "a bit of the slot's MAC is changed", |b| {
            keys(b, |k| {
                let mut mac = k.mac(0);
                mac[31] ^= 1;
                k.slot().mac = Some(mac);
            })
        }),
        case("slot_mac_missing", "no MAC at the end of the content", |b| keys(b, |k| k.slot().mac = Some(vec![]))),
        case("slot_mac_short", "a MAC of 31 bytes", |b| {
            keys(b, |k| {
                let mut mac = k.mac(0);
                mac.truncate(31);
                k.slot().mac = Some(mac);
            })
        }),
        case("slot_mac_generation", "the MAC of a list of generation 1, in generation 2", |b| {
            keys(b, |k| {
                let mac = k.mac(0);
                (k.slot().generation, k.slot().mac) = (2, Some(mac));
            })
        }),
        case("slot_mac_session", "a slot of session 1 in session 0", |b| {
            keys(b, |k| {
                k.session = 1;
                let mac = k.mac(0);
                (k.session, k.slot().mac) = (0, Some(mac));
            })
        }),
        case("slot_mac_stream", "a slot of another stream with the same secret", |b| {
            keys(b, |k| {
                let p = std::mem::replace(&mut k.p, schedule::extract(&sha256(b"another stream record")));
                let mac = k.mac(0);
                (k.p, k.slot().mac) = (p, Some(mac));
            })
        }),
        case("slot_mac_recipient", "a recipient more than the MAC covers: the message is for him, too", |b| {
            keys(b, |k| {
                let mac = k.mac(0);
                (k.slot().messages, k.slot().mac) = (vec![message(&["p256", "rsa3072"])], Some(mac));
            })
        }),
        case("slot_mac_signature", "a signature of whoever changed it, and the MAC is of the slot without one", |b| {
            keys(b, |k| {
                let mac = k.mac(0);
                let slot = k.slot();
                (slot.algorithm, slot.mac) = (1, Some(mac));
                slot.changed_by.bytes32(&certificate("ed25519")).u16(64).raw(&[0; 64]);
            })
        }),
        case("slot_mac_left_out", "a certificate left out that the MAC does not cover", |b| {
            keys(b, |k| {
                let mac = k.mac(0);
                (k.left_out, k.slot().mac) = (vec![(1, b"CN=somebody".to_vec())], Some(mac));
            })
        }),
        case("slot_mac_size", "the MAC is of a slot of another size", |b| {
            keys(b, |k| {
                let mac = k.mac(0);
                (k.slot_size, k.slot().mac) = (8192, Some(mac));
            })
        }),
        case("slot_mac_both", "both slots are valid, and neither MAC is right", |b| {
            keys(b, |k| {
                k.slot().mac = Some(vec![0; 32]);
                k.slots[1] = Some(Slot { mac: Some(vec![0; 32]), ..Slot::new(2) });
            })
        }),
        case("slot_mac_proven_and_broken", "the higher slot's MAC is right, and its message is not", |b| {
            keys(b, |k| {
                let mut newer = Slot::new(2);
                *newer.messages[0].cms.last_mut().unwrap() ^= 1;
                k.slots[1] = Some(newer);
            })
        }),
        sealed("slot_forged_no_match", "no-match", "a forged slot above a good one, and the key is for neither", |b| {
            keys(b, |k| {
                k.slot().messages = vec![message(&["p384"])];
                k.slots[1] =
                    Some(Slot { messages: vec![message(&["rsa3072"])], mac: Some(vec![0; 32]), ..Slot::new(2) });
            })
        }),
    ]
}
