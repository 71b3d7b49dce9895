//! How many steps along key chains an input may cost: whoever writes it says how far into its sessions its epochs lie,
//! and each step takes about a microsecond.

/// Steps that any input may cost: two whole sessions, about two seconds.
const FREE: u64 = 1 << 21;
/// Bytes of it that allow one step more. A recorder's epochs take one step each, and have some hundred bytes at
/// least.
const BYTES: u64 = 32;

/// Steps that were taken, and what was read for them.
#[derive(Debug, Default)]
pub(super) struct StepBudget {
    taken: u64,
    read: u64,
    /// How far the present container was read.
    offset: u64,
}

impl StepBudget {
    /// The present container was read up to this byte.
    pub fn read_to(&mut self, offset: u64) {
        self.read = self.read.saturating_add(offset.saturating_sub(self.offset));
        self.offset = self.offset.max(offset);
    }

    /// This many bytes were passed over.
    pub fn pass_over(&mut self, bytes: u64) {
        self.read = self.read.saturating_add(bytes);
    }

    /// Another container begins.
    pub fn next_container(&mut self) {
        self.offset = 0;
    }

    /// Takes steps; false, and takes none, where there are too many.
    pub fn take(&mut self, steps: u64) -> bool {
        let taken = self.taken.saturating_add(steps);
        let can = taken <= FREE.saturating_add(self.read / BYTES);
        if can {
            self.taken = taken;
        }
        can
    }

    /// Steps that were taken.
    pub fn taken(&self) -> u64 {
        self.taken
    }
}
