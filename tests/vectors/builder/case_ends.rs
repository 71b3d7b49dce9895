//! Containers whose only fault is where they stop.

use super::cases::{Case, plain, sealed};
use super::wire::PREAMBLE;

pub fn cases() -> Vec<Case> {
    vec![
        plain("cut_empty", "truncated", "no byte at all", |b| b.fault()),
        plain("cut_preamble", "truncated", "ends inside the preamble", |b| b.raw(&PREAMBLE[..5])),
        plain("cut_stream_record", "truncated", "ends inside the stream record", |b| {
            b.plain();
            b.cut(10);
        }),
        plain("cut_after_stream_record", "truncated", "ends before the first epoch", |b| b.plain()),
        plain("cut_header", "truncated", "ends inside the header of the third frame", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.raw(&[4, 0, 0]);
        }),
        plain("cut_body", "truncated", "ends one byte before the end of the third frame", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.frames(1);
            b.cut(1);
        }),
        plain("cut_after_frame", "truncated", "ends after a frame", |b| {
            b.plain();
            b.start(|_| ());
            b.frames(2);
        }),
        plain("cut_after_close", "truncated", "ends after a close record without LAST", |b| {
            b.plain();
            b.epoch(2);
        }),
        plain("cut_before_end", "truncated", "ends after LAST: only the end record is missing", |b| {
            b.plain();
            b.last_epoch(2);
        }),
        plain("cut_before_stream", "truncated", "a preamble where the end record is due", |b| {
            b.plain();
            b.epoch(2);
            b.fault();
            b.plain();
            b.finish();
        }),
        plain(
            "cut_end_says_cut",
            "truncated",
            "whole, but the writer's own input was cut: reason 2, end kind 4",
            |b| {
                b.plain();
                b.start(|_| ());
                b.frames(2);
                b.finish_cut();
            },
        ),
        plain("cut_end_says_recovered", "truncated", "recovered: the end stands inside an epoch", |b| {
            b.plain();
            b.epoch(2);
            b.start(|_| ());
            b.frames(1);
            b.end(|e| e.kind = 3);
        }),
        plain("cut_second_preamble", "truncated", "a second stream ends inside its preamble", |b| {
            b.plain();
            b.finish();
            b.raw(&PREAMBLE[..3]);
        }),
        sealed("cut_sealed_body", "truncated", "ends inside the tag of a sealed frame", |b| {
            b.sealed();
            b.start(|_| ());
            b.frames(2);
            b.fault();
            b.frames(1);
            b.cut(5);
        }),
        sealed("cut_sealed_after_close", "truncated", "sealed, ends after a close record without LAST", |b| {
            b.sealed();
            b.epoch(2);
        }),
        plain("trailing_byte", "trailing", "one zero byte after the end record", |b| {
            b.plain();
            b.finish();
            b.raw(&[0]);
        }),
        plain("trailing_record", "trailing", "a frame record after the end record", |b| {
            b.plain();
            b.finish();
            b.fault();
            b.frames(1);
        }),
        sealed("trailing_sealed", "trailing", "text after a sealed stream", |b| {
            b.sealed();
            b.finish();
            b.raw(b"more\n");
        }),
    ]
}
