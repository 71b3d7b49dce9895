//! Records that are unknown, too long, or not where the grammar allows them.

use super::build::Build;
use super::cases::{Case, plain, sealed};

/// One epoch of two frames, then a record header alone: so only the header can be the fault.
fn header(b: &mut Build, header: [u8; 8]) {
    b.plain();
    b.epoch(2);
    b.raw(&header);
}

/// As [`header`], inside an epoch.
fn header_in_epoch(b: &mut Build, header: [u8; 8]) {
    b.plain();
    b.start(|_| ());
    b.frames(2);
    b.raw(&header);
}

fn case(name: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    plain(name, "record", comment, build)
}

pub fn cases() -> Vec<Case> {
    let mut all = headers();
    all.extend(order());
    all.extend(sealed_order());
    all
}

fn headers() -> Vec<Case> {
    vec![
        case("record_type_zero", "a record of type 0", |b| header(b, [0; 8])),
        case("record_type_unknown", "a record of type 9", |b| header(b, [9, 0, 0, 0, 0, 0, 0, 0])),
        case("record_type_high", "a record of type 255", |b| header(b, [255, 0, 0, 0, 0, 0, 0, 0])),
        case("record_almost_preamble", "0x89 in the place of a type, and no preamble", |b| {
            header(b, [0x89, 0x56, 0x56, 0x45, 0x49, 0x4C, 0x0D, 0x01])
        }),
        case("record_start_length", "a start record claims 8 KiB and a byte", |b| {
            header(b, [3, 0, 0, 0, 0, 0, 0x20, 1])
        }),
        case("record_frame_length", "a frame claims 64 MiB and a byte", |b| {
            header_in_epoch(b, [4, 0, 0, 0, 4, 0, 0, 1])
        }),
        case("record_close_length", "a close record claims 16 KiB and a byte", |b| {
            header_in_epoch(b, [5, 0, 0, 0, 0, 0, 0x40, 1])
        }),
        case("record_grant_length", "a grant claims 16 MiB and a byte", |b| {
            b.sealed_stream();
            b.raw(&[6, 0, 0, 0, 1, 0, 0, 1]);
        }),
        case("record_index_length", "an index claims 2 MiB and a byte", |b| header(b, [7, 0, 0, 0, 0, 0x20, 0, 1])),
        case("record_end_long", "an end record of 9 bytes", |b| {
            b.plain();
            b.last_epoch(2);
            b.end(|e| e.tail = vec![0]);
        }),
        case("record_end_short", "an end record of 7 bytes", |b| {
            b.plain();
            b.last_epoch(2);
            b.raw(&[8, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0]);
        }),
        case("record_start_flags", "a flag on a start record", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.start(|s| s.flags = 1);
            b.close_last();
            b.end(|_| ());
        }),
        case("record_start_track", "a track on a start record", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.start(|s| s.track = 1);
            b.close_last();
            b.end(|_| ());
        }),
        case("record_frame_flags", "an unknown flag, 0x08, on a frame", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.frame(|f| f.flags = 8);
            b.close_last();
            b.end(|_| ());
        }),
        case("record_close_flags", "an unknown flag, 0x02, on a close record", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.close(|c| (c.flags, c.reason) = (3, 1));
            b.end(|_| ());
        }),
        case("record_close_track", "a track on a close record", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(1);
            b.fault();
            b.close(|c| (c.flags, c.reason, c.track) = (1, 1, 1));
            b.end(|_| ());
        }),
        case("record_end_flags", "a flag on the end record", |b| {
            b.plain();
            b.last_epoch(2);
            b.end(|e| e.flags = 1);
        }),
    ]
}

fn order() -> Vec<Case> {
    vec![
        case("order_second_stream_record", "a second stream record without a preamble", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.stream(|_| ());
            b.finish();
        }),
        case("order_frame_outside", "a frame between two epochs", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.frame(|f| f.counter = 0);
            b.finish();
        }),
        case("order_close_twice", "a close record stands twice", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            let at = b.out.len();
            b.close(|_| ());
            b.fault();
            let close = b.out[at..].to_vec();
            b.raw(&close);
            b.finish();
        }),
        case("order_start_inside", "a start record in an epoch that is not closed", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.start(|s| s.epoch = 1);
            b.close_last();
            b.end(|_| ());
        }),
        case("order_frame_after_last", "a frame after LAST", |b| {
            b.plain();
            b.last_epoch(2);
            b.fault();
            b.frames(1);
            b.end(|_| ());
        }),
        case("order_start_after_last", "an epoch after LAST", |b| {
            b.plain();
            b.last_epoch(2);
            b.fault();
            b.finish();
        }),
        case("order_index_inside", "an index in an epoch that is not closed", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.index(|_| ());
            b.end(|e| e.kind = 3);
        }),
        case("order_two_indexes", "two indexes", |b| {
            b.plain();
            b.last_epoch(2);
            b.index(|_| ());
            b.index(|_| ());
            b.end(|_| ());
        }),
        case("order_start_after_index", "an epoch after the index", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.index(|_| ());
            b.last_epoch(2);
            b.end(|e| (e.kind, e.index) = (1, 0));
        }),
        case("order_end_inside", "an excerpt that ends inside an epoch", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.end(|e| e.kind = 2);
        }),
        case("order_keys_in_plain", "a keys record in a plain stream", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.keys(|_| ());
            b.keys_hash = [0; 32];
            b.finish();
        }),
        case("order_grant_in_plain", "a grant in a plain stream", |b| {
            b.plain();
            b.fault();
            b.grant(|_| ());
            b.finish();
        }),
        case("order_sidecar_start", "a sidecar with an epoch", |b| {
            b.preamble();
            b.grant(|_| ());
            b.fault();
            b.start(|_| ());
            b.end(|e| e.kind = 2);
        }),
        case("order_sidecar_recovered", "a sidecar that ends as recovered", |b| {
            b.preamble();
            b.grant(|_| ());
            b.end(|e| e.kind = 3);
        }),
    ]
}

fn sealed_order() -> Vec<Case> {
    let case = |name, comment, build| sealed(name, "record", comment, build);
    vec![
        case("order_start_without_keys", "a sealed stream without a keys record", |b| {
            b.fault();
            b.sealed_stream();
            b.finish();
        }),
        case("order_keys_inside", "a keys record in an epoch that is not closed", |b| {
            b.sealed();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.session = 1;
            b.keys(|_| ());
            b.close_last();
            b.end(|_| ());
        }),
        case("order_two_keys", "two keys records without an epoch between them", |b| {
            b.sealed();
            b.epoch(2);
            b.session = 1;
            b.keys(|_| ());
            b.fault();
            b.session = 2;
            b.keys(|_| ());
            b.finish();
        }),
        case("order_keys_at_end", "a keys record and no epoch after it", |b| {
            b.sealed();
            b.epoch(2);
            b.session = 1;
            b.keys(|_| ());
            b.end(|e| e.kind = 2);
        }),
        case("order_keys_after_last", "a keys record after LAST", |b| {
            b.sealed();
            b.last_epoch(2);
            b.fault();
            b.session = 1;
            b.keys(|_| ());
            b.finish();
        }),
        case("order_grant_after_keys", "a grant after the keys record", |b| {
            b.sealed();
            b.fault();
            b.grant(|_| ());
            b.finish();
        }),
        case("grant_stream", "a grant for another stream", |b| {
            b.fault();
            b.sealed_stream();
            b.grant(|g| g.stream[0] ^= 1);
            b.keys(|_| ());
            b.finish();
        }),
        case("grant_range", "a grant from epoch 2 to epoch 1", |b| {
            b.fault();
            b.sealed_stream();
            b.grant(|g| g.first = 2);
            b.keys(|_| ());
            b.finish();
        }),
        case("grant_tail", "a byte after the grant's message", |b| {
            b.fault();
            b.sealed_stream();
            b.grant(|g| g.tail = vec![0]);
            b.keys(|_| ());
            b.finish();
        }),
    ]
}
