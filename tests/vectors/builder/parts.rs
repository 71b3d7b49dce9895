//! What most cases are made of: heads, epochs and ends, with the one fault in its place.

use super::build::Build;
use super::material::message;
use super::specs::*;
use super::wire::*;

impl Build {
    pub fn plain(&mut self) {
        self.preamble();
        self.stream(|_| ());
    }

    /// The head of a sealed stream, before its first keys record.
    pub fn sealed_stream(&mut self) {
        self.preamble();
        self.stream(|s| s.suite = 1);
    }

    pub fn sealed_with(&mut self, change: impl FnOnce(&mut Keys)) {
        self.sealed_stream();
        self.keys(change);
    }

    pub fn sealed(&mut self) {
        self.sealed_with(|_| ());
    }

    /// A keys record that was written to the P-384 key; then slot 1 got a list of its own, and slot 0 was wiped.
    pub fn rewrapped_keys(&mut self, slot_size: u32) {
        let mut first = self.first_keys();
        first.slot().messages = vec![message(&["p384"])];
        self.keys(|k| {
            k.slot_size = slot_size;
            k.slot().generation = 2;
            k.slots.swap(0, 1);
        });
        self.keys_hash = sha256(&first.record());
    }

    pub fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.frame(|_| ());
        }
    }

    pub fn epoch(&mut self, frames: usize) {
        self.start(|_| ());
        self.frames(frames);
        self.close(|_| ());
    }

    pub fn close_last(&mut self) {
        self.close(|c| (c.flags, c.reason) = (1, 1));
    }

    pub fn last_epoch(&mut self, frames: usize) {
        self.start(|_| ());
        self.frames(frames);
        self.close_last();
    }

    /// A whole epoch, then one whose start record has the fault.
    pub fn faulty_start(&mut self, change: impl FnOnce(&mut Start)) {
        self.epoch(2);
        self.fault();
        self.start(change);
        self.frames(1);
        self.close_last();
        self.end(|_| ());
    }

    /// The last close record, which has the fault, and the end.
    pub fn faulty_close(&mut self, change: impl FnOnce(&mut Close)) {
        self.fault();
        self.close(|c| {
            (c.flags, c.reason) = (1, 1);
            change(c);
        });
        self.end(|_| ());
    }

    /// The end of a stream whose writer's own input was cut.
    pub fn finish_cut(&mut self) {
        self.close(|c| (c.flags, c.reason) = (1, 2));
        self.end(|e| e.kind = 4);
    }

    /// A last epoch of two frames, and the end of a complete stream.
    pub fn finish(&mut self) {
        self.last_epoch(2);
        self.end(|_| ());
    }
}
