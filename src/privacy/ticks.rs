//! Time in ticks of a sixteenth of a second, as evidence counts it.

/// Microseconds of a tick.
const TICK: i64 = 62_500;
/// Ticks of evidence that one picture gives, at most: one look proves nothing, however long the time to the next one.
const MOST: i64 = 2;

/// Media time, and the ticks that are not used up yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ticks {
    fine: i64,
    coarse: i64,
    all: i64,
}

/// What has gone by since the picture before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    /// Ticks.
    pub ticks: u8,
    /// Evidence that the picture gives: ticks, and eighths of them.
    pub worth: [u8; 2],
    /// Ticks since the start.
    pub all: i64,
}

impl Ticks {
    /// A picture `step` microseconds after the one before.
    pub fn pass(&mut self, step: i64) -> Gone {
        self.fine += step.max(0);
        let ticks = self.fine / TICK;
        self.fine %= TICK;
        self.all += ticks;
        let worth = ticks.min(MOST);
        self.coarse += ticks;
        let coarse = (self.coarse / 8).min(1);
        self.coarse -= coarse * 8;
        self.coarse = self.coarse.min(16);
        Gone { ticks: ticks.min(255) as u8, worth: [worth as u8, coarse as u8], all: self.all }
    }

    /// Whether a time that comes every `every` ticks has come with the ticks that went by.
    pub fn comes(gone: &Gone, every: i64) -> bool {
        gone.all / every != (gone.all - i64::from(gone.ticks)) / every
    }
}
