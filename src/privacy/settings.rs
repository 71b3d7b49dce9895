//! What a user can choose.

/// How a hidden cell is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Each cell becomes its mean colour, quantised.
    #[default]
    Pixelate,
    /// The mean colours of the cells run into each other; weaker than [`Method::Pixelate`] against machines.
    Blur,
    /// Mid grey: nothing of the cell is left.
    Solid,
    /// One colour: nothing of the cell is left.
    Colourise {
        /// Red, green, blue.
        colour: [u8; 3],
    },
}

/// Seconds of one tick of the pictures' times, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBase {
    /// Numerator.
    pub num: u32,
    /// Denominator, not 0.
    pub den: u32,
}

impl TimeBase {
    /// Ticks as microseconds; saturates.
    pub(crate) fn micros(self, ticks: i64) -> i64 {
        let us = i128::from(ticks) * i128::from(self.num) * 1_000_000 / i128::from(self.den.max(1));
        us.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

/// A polygon in pixels of the picture; its corners in order, closed by itself.
pub type Zone = Vec<(i32, i32)>;

/// Thresholds of the background model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity {
    /// Grey levels (chroma counts double) beyond the noise of the background at which a pixel continues a blob that is already there.
    pub low: u8,
    /// Grey levels from which a pixel starts a blob.
    pub high: u8,
    /// Smallest blob, in pixels of the picture.
    pub least_area: u32,
    /// Share of the picture in per cent which, when it changes, hides the whole picture.
    pub large_change: u8,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self { low: 7, high: 20, least_area: 48, large_change: 20 }
    }
}

/// How a scene is watched and how it is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The pictures' time base.
    pub time_base: TimeBase,
    /// Time in milliseconds in which the background is learned and the whole picture hidden.
    pub learn_ms: u32,
    /// How cells are replaced.
    pub method: Method,
    /// Side of the smallest cell in pixels; rounded up to a multiple of 8. Cells grow with the blob that they hide.
    pub block: u32,
    /// Time in milliseconds after which what has stayed is part of the background; `None`: never.
    pub absorb_ms: Option<u32>,
    /// Pictures for which a cell stays hidden after its blob has gone.
    pub hold: usize,
    /// Pictures by which a cell is hidden before its blob comes; also the delay of the output.
    pub lookahead: usize,
    /// Thresholds.
    pub sensitivity: Sensitivity,
    /// Hidden in every picture.
    pub always: Vec<Zone>,
    /// Cells that lie wholly inside are shown even where something moves, but never while the whole picture is hidden.
    pub never: Vec<Zone>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_base: TimeBase { num: 1, den: 1000 },
            learn_ms: 60_000,
            method: Method::Pixelate,
            block: 16,
            absorb_ms: None,
            hold: 1,
            lookahead: 2,
            sensitivity: Sensitivity::default(),
            always: Vec::new(),
            never: Vec::new(),
        }
    }
}
