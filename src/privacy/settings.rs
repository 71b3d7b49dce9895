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
    pub fn micros(self, ticks: i64) -> i64 {
        let us = i128::from(ticks) * i128::from(self.num) * 1_000_000 / i128::from(self.den.max(1));
        us.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

/// A polygon in pixels of the picture; its corners in order, closed by itself.
pub type Zone = Vec<(i32, i32)>;

/// Thresholds of the background model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity {
    /// Grey levels (chroma counts double) beyond the noise of the background at which a pixel continues a blob that is
    /// already there.
    pub low: u8,
    /// Grey levels from which a pixel starts a blob.
    pub high: u8,
    /// Smallest blob, in pixels of the picture.
    pub least_area: u32,
    /// Share in per cent: three and a half times as much of what is known of the picture, when it changes, hides the
    /// whole picture.
    pub large_change: u8,
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self { low: 7, high: 20, least_area: 48, large_change: 20 }
    }
}

impl Sensitivity {
    /// The thresholds for what people set: contrast in grey levels (0 to 255, usually 15), sensitivity to small things
    /// (1 to 100, usually 50) and tolerance of change (1 to 100 per cent, usually 80). The usual values give the
    /// defaults.
    ///
    /// Contrast is in proportion to `low` and `high`. Ten steps of sensitivity halve the least area. A fifth of the
    /// picture may change at a tolerance of 80, and in proportion below; from 80 to 100 it grows to the whole picture.
    pub fn of(contrast: u8, sensitivity: u8, tolerance: u8) -> Self {
        let usual = Self::default();
        let scale = |level: u8| ((u32::from(level) * u32::from(contrast) + 7) / 15).min(255) as u8;
        let steps = 50 - i32::from(sensitivity.clamp(1, 100));
        let area = usual.least_area * (10 + steps.rem_euclid(10) as u32);
        let area = if steps < 0 { area >> -steps.div_euclid(10) } else { area << steps.div_euclid(10) };
        let (tolerance, large) = (u32::from(tolerance.clamp(1, 100)), u32::from(usual.large_change));
        let large_change = match tolerance {
            0..=80 => (large * tolerance).div_ceil(80),
            _ => large + (100 - large) * (tolerance - 80) / 20,
        };
        Self {
            low: scale(usual.low),
            high: scale(usual.high),
            least_area: (area / 10).max(4),
            large_change: large_change as u8,
        }
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
    /// Levels of luma by which hidden cells differ from their neighbours, half of it up and half of it down, as on a
    /// chequer board, so that they are recognised as hidden; of [`Method::Pixelate`] and [`Method::Blur`].
    pub highlight: u8,
    /// Looks of the scene in different lights that are remembered, this one included: one that comes back is not
    /// learned again.
    pub illumination_states: usize,
    /// Time in milliseconds after which what has stayed is part of the background; `None`: never.
    pub absorb_ms: Option<u32>,
    /// Pictures for which a cell stays hidden after its blob has gone.
    pub hold: usize,
    /// Pictures by which a cell is hidden before its blob comes; also the delay of the output.
    pub lookahead: usize,
    /// The detector, if there is one, examines one of this many pictures. Up to `lookahead` + 1, whoever comes
    /// into view between two looks is hidden from the picture after the first of them.
    pub detect_every: usize,
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
            highlight: 5,
            illumination_states: 1,
            absorb_ms: None,
            hold: 1,
            lookahead: 2,
            detect_every: 3,
            sensitivity: Sensitivity::default(),
            always: Vec::new(),
            never: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_settings_are_the_defaults_and_the_others_go_their_way() {
        assert_eq!(Sensitivity::of(15, 50, 80), Sensitivity::default());
        let steps: Vec<_> = (1..=100).map(|s| Sensitivity::of(15, s, 80).least_area).collect();
        assert!(steps.windows(2).all(|p| p[0] >= p[1]) && steps[0] > 1000 && steps[99] == 4, "{steps:?}");
        let shares: Vec<_> = (1..=100).map(|t| Sensitivity::of(15, 50, t).large_change).collect();
        assert!(shares.windows(2).all(|p| p[0] <= p[1]) && shares[0] == 1 && shares[99] == 100, "{shares:?}");
        let (least, most) = (Sensitivity::of(0, 50, 80), Sensitivity::of(255, 50, 80));
        assert_eq!((least.low, least.high, most.high), (0, 0, 255));
    }
}
