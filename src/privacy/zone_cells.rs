//! The cells of a scene's zones: those that are always hidden, and those that never are.

use super::Zone;
use super::cells::Cells;
use super::settings::Settings;
use super::zones;

/// The zones of a scene in pictures of one size.
#[derive(Default)]
pub(super) struct ZoneCells {
    always: Option<Cells>,
    never: Option<Cells>,
}

impl ZoneCells {
    /// The zones of `settings` in pictures of `width` by `height` pixels.
    pub fn of(settings: &Settings, width: usize, height: usize) -> Self {
        let zone = |zones: &[Zone], whole: bool| {
            if zones.is_empty() {
                return None;
            }
            let inside = zones::raster(zones, width, height);
            let mut cells = Cells::none(width, height, settings.block as usize);
            cells.each(|x, y| {
                let row = |y: usize| &inside[y * width..][x.clone()];
                let n: usize = y.clone().map(|y| row(y).iter().filter(|&&v| v > 0).count()).sum();
                (n > 0 && (!whole || n == x.len() * y.len())).then_some(1)
            });
            Some(cells)
        };
        // a cell is hidden for any part of it, and shown for the whole of it only
        ZoneCells { always: zone(&settings.always, false), never: zone(&settings.never, true) }
    }

    /// Shows what is never hidden, then hides what always is.
    pub fn apply(&self, cells: &mut Cells) {
        if let Some(never) = &self.never {
            cells.except(never);
        }
        if let Some(always) = &self.always {
            cells.join(always);
        }
    }
}
