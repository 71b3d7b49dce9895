//! What moves without anybody: leaves, water, steps of an escalator come back to the looks they had, again and again.

use super::looks::Looks;

/// Returns a second are counted in parts of this many.
const UNIT: u16 = 16;
/// Pixels on either side of a pixel whose returns count with its own.
const REACH: usize = 2;
/// Returns a second, in units, from which a place sways.
const SWAYS: u8 = 24;
/// Returns a second, in units, from which tolerance is wider; and how many of them widen it by a level.
const WIDER: [u8; 2] = [12, 4];
/// Levels by which tolerance is wider, at most.
const WIDEST: u8 = 12;

/// How often pixels come back.
#[derive(Debug)]
pub(super) struct Sway {
    /// Mean of returns a second over some seconds, in units.
    rate: Vec<u16>,
    /// 255 where the scene sways.
    pub sways: Vec<u8>,
    /// Levels by which the luma of a pixel may differ besides.
    pub wider: Vec<u8>,
    columns: Vec<u32>,
}

impl Sway {
    pub fn new(width: usize, height: usize) -> Self {
        let n = width * height;
        Self { rate: vec![0; n], sways: vec![0; n], wider: vec![0; n], columns: vec![0; width] }
    }

    /// Takes the returns of one second more.
    pub fn second(&mut self, looks: &mut Looks, width: usize) {
        for (rate, returns) in self.rate.iter_mut().zip(&mut looks.returns) {
            // a quarter of what is new, so over four seconds
            *rate = *rate - *rate / 4 + u16::from(*returns) * (UNIT / 4);
            *returns = 0;
        }
        let height = self.rate.len() / width.max(1);
        for y in 0..height {
            let rows = y.saturating_sub(REACH)..(y + REACH + 1).min(height);
            for (x, column) in self.columns.iter_mut().enumerate() {
                *column = rows.clone().map(|y| u32::from(self.rate[y * width + x])).sum();
            }
            for x in 0..width {
                let span = x.saturating_sub(REACH)..(x + REACH + 1).min(width);
                let n = (span.len() * rows.len()) as u32;
                let mean = (self.columns[span].iter().sum::<u32>() / n.max(1)).min(255) as u8;
                let i = y * width + x;
                self.sways[i] = if mean > SWAYS { 255 } else { 0 };
                self.wider[i] = (mean.saturating_sub(WIDER[0]) / WIDER[1]).min(WIDEST);
            }
        }
    }
}

/// Fits the tolerances of some rows to the noise of their pixels, to how bright they are, and to what sways there
/// where nobody was found for some seconds (`boxed`: ticks since). `low` is the usual tolerance in levels.
pub(super) fn fit_tolerance(
    looks: &mut Looks,
    luma: &[u8],
    sway: &Sway,
    boxed: &[u8],
    at: std::ops::Range<usize>,
    low: u8,
) {
    let least = (u16::from(low) * 5 / 7).max(1) as u8;
    for i in at {
        let wider = if boxed[i] >= 48 { sway.wider[i] } else { 0 };
        let bright = (luma[i] / 16 + 2).min(low);
        let y = (looks.noise[0][i] + 2).max(bright).clamp(least, 30) + wider;
        let c = (looks.noise[1][i] + 2).max(bright.saturating_sub(1).min(6)).clamp(least.min(4), 20) + wider / 2;
        for (p, t) in [y, c].into_iter().enumerate() {
            looks.tolerance[p][i] = t;
            looks.inverse[p][i] = (1024 / u16::from(t).max(1)).min(255) as u8;
        }
    }
}

/// The looks that the scene has there most, of some pixels; where nothing was seen yet, what is there stays.
pub(super) fn usual(looks: &Looks, at: std::ops::Range<usize>, out: &mut [Vec<u8>; 3]) {
    for i in at {
        let look = &looks.looks[looks.strongest(i)];
        if look.seen[i] == 0 {
            continue;
        }
        out.iter_mut().zip(&look.colour).for_each(|(to, from)| to[i] = from[i]);
    }
}
