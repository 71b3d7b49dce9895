//! Faults that take megabytes: built when the test runs, not stored.

use super::cases::{Case, plain, sealed};
use super::wire::NONE;

pub fn cases() -> Vec<Case> {
    vec![
        plain("large_index", "record", "an index of 32,769 entries", |b| {
            b.plain();
            b.last_epoch(2);
            b.index(|i| *i = (0..32_769).map(|n| (n, NONE, n + 100, 0)).collect());
            b.end(|_| ());
        }),
        sealed("large_slots", "record", "slots of 1 MiB and a byte", |b| {
            b.fault();
            b.sealed_with(|k| k.slot_size = (1 << 20) + 1);
            b.finish();
        }),
        plain("large_packet", "record", "a plain packet of 64 MiB - 4,095 bytes", |b| {
            b.plain();
            b.start(|_| ());
            b.fault();
            b.frame(|f| f.packet = vec![0; (64 << 20) - 4095]);
            b.close_last();
            b.end(|_| ());
        }),
        sealed("large_sealed_packet", "record", "a sealed packet of 64 MiB - 4,095 bytes", |b| {
            b.sealed();
            b.start(|_| ());
            b.fault();
            b.frame(|f| f.packet = vec![0; (64 << 20) - 4095]);
            b.close_last();
            b.end(|_| ());
        }),
        sealed("large_packet_largest", "success", "a sealed packet of 64 MiB - 4,096 bytes", |b| {
            b.sealed();
            b.start(|_| ());
            b.frame(|f| f.packet = vec![0; (64 << 20) - 4096]);
            b.close_last();
            b.end(|_| ());
        }),
    ]
}
