//! A part of a picture, scaled to what a network takes. Only its own samples are read.

use crate::media::{Picture, Plane};

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// Which samples along an edge make one of the new places: the first one, and the weight of each.
type Taps = Vec<(usize, Vec<f32>)>;

/// `area` as planes of blue, green and red, 0 to 255, each of `columns` by `rows`.
pub(super) fn scaled(picture: &Picture, area: Area, columns: usize, rows: usize) -> [Vec<f32>; 3] {
    let (width, height) = (picture.width().max(1) as f32, picture.height().max(1) as f32);
    let [mut first, mut second, mut third] = picture.planes.each_ref().map(|plane| {
        let (x, y) = (plane.width as f32 / width, plane.height as f32 / height);
        let across = taps(area.left as f32 * x, area.width as f32 * x, columns, plane.width);
        let down = taps(area.top as f32 * y, area.height as f32 * y, rows, plane.height);
        resample(plane, &across, &down)
    });
    // means of samples are samples of means: the colours are made where they are few
    let colours = picture.colours();
    for ((y, cb), cr) in first.iter_mut().zip(&mut second).zip(&mut third) {
        let [red, green, blue] = colours.rgb(*y, *cb, *cr).map(|v| v.clamp(0.0, 255.0));
        (*y, *cb, *cr) = (blue, green, red);
    }
    [first, second, third]
}

/// Where smaller, means of what a place covers; where larger, between the two next samples.
fn taps(start: f32, length: f32, places: usize, all: usize) -> Taps {
    let step = length / places.max(1) as f32;
    let last = all.saturating_sub(1);
    let place = |i: usize| {
        if step > 1.0 {
            let (from, to) = (start + i as f32 * step, start + (i + 1) as f32 * step);
            let first = (from.max(0.0) as usize).min(last);
            let end = (to.ceil().max(0.0) as usize).clamp(first + 1, all.max(first + 1));
            let weights = (first..end).map(|s| ((s + 1) as f32).min(to) - (s as f32).max(from));
            // the first one may lie a rounding error before `from`
            let weights: Vec<f32> = weights.map(|w| w.max(0.0)).collect();
            let sum: f32 = weights.iter().sum();
            (first, weights.iter().map(|w| if sum > 0.0 { w / sum } else { 1.0 / (end - first) as f32 }).collect())
        } else {
            let at = (start + (i as f32 + 0.5) * step - 0.5).max(start.floor()).max(0.0).min(last as f32);
            let (first, part) = (at as usize, at.fract());
            let next = if first < last { vec![1.0 - part, part] } else { vec![1.0] };
            (first, next)
        }
    };
    (0..places).map(place).collect()
}

fn resample(plane: &Plane, across: &Taps, down: &Taps) -> Vec<f32> {
    let start = across.iter().map(|(first, _)| *first).min().unwrap_or(0);
    let end = across.iter().map(|(first, weights)| first + weights.len()).max().unwrap_or(0).min(plane.width);
    let mut out = Vec::with_capacity(across.len() * down.len());
    let mut row = vec![0.0f32; end.saturating_sub(start)];
    for (first, weights) in down {
        row.fill(0.0);
        for (y, weight) in (*first..).zip(weights) {
            let samples = plane.data.get(y * plane.width + start..y * plane.width + end).unwrap_or_default();
            row.iter_mut().zip(samples).for_each(|(sum, &v)| *sum += f32::from(v) * weight);
        }
        out.extend(across.iter().map(|(first, weights)| {
            let samples = row.get(first - start..).unwrap_or_default();
            samples.iter().zip(weights).map(|(v, w)| v * w).sum::<f32>()
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grey, with a square of 64 pixels of another colour at 300, 100.
    fn picture(width: usize, height: usize) -> Picture {
        let rgb: Vec<u8> = (0..width * height)
            .flat_map(|i| {
                let inside = (300..364).contains(&(i % width)) && (100..164).contains(&(i / width));
                if inside { [200, 100, 50] } else { [90, 90, 90] }
            })
            .collect();
        let chroma = Plane::filled(width / 2, height / 2, 128);
        let planes = [Plane::filled(width, height, 0), chroma.clone(), chroma];
        Picture::from_rgb(&rgb, &Picture { planes, pts: 0, duration: 1, full_range: false, damaged: false })
    }

    #[test]
    fn the_colours_of_a_place_are_those_of_the_picture() {
        for (width, height) in [(1280, 720), (480, 270)] {
            for (columns, rows) in [(40, 40), (64, 64), (300, 200)] {
                let area = Area { left: 300, top: 100, width: 64, height: 64 };
                let planes = scaled(&picture(width, height), area, columns, rows);
                for (plane, value) in planes.iter().zip([50.0, 100.0, 200.0]) {
                    assert_eq!(plane.len(), columns * rows);
                    // chroma runs into what is next to it
                    let middle = plane[columns * (rows / 2) + columns / 2];
                    assert!((middle - value).abs() < 4.0, "{columns}: {middle} for {value}");
                }
            }
        }
    }

    #[test]
    fn each_place_shows_its_own_part() {
        let picture = picture(640, 360);
        let area = Area { left: 200, top: 40, width: 320, height: 320 };
        // twice as small: the square has 32 places, from 50 and 30 on
        let [blue, _, _] = scaled(&picture, area, 160, 160);
        let lit: Vec<usize> = (0..blue.len()).filter(|&i| blue[i] < 70.0).collect();
        assert_eq!((lit[0] / 160, lit[lit.len() - 1] / 160), (30, 61));
        let columns = |pick: fn(usize, usize) -> usize| lit.iter().map(|i| i % 160).reduce(pick).unwrap();
        assert_eq!((columns(usize::min), columns(usize::max)), (50, 81));
    }

    #[test]
    fn what_is_not_there_does_no_harm() {
        let picture = picture(640, 360);
        for area in [
            Area { left: 600, top: 300, width: 200, height: 200 },
            Area { left: 5000, top: 5000, width: 10, height: 10 },
            Area { left: 0, top: 0, width: 1, height: 1 },
            Area { left: 0, top: 0, width: 0, height: 0 },
        ] {
            assert!(scaled(&picture, area, 32, 32).iter().all(|p| p.len() == 1024 && p.iter().all(|v| v.is_finite())));
        }
        let planes = [Plane::filled(0, 0, 0), Plane::filled(0, 0, 0), Plane::filled(0, 0, 0)];
        let empty = Picture { planes, pts: 0, duration: 1, full_range: true, damaged: false };
        assert_eq!(scaled(&empty, Area { left: 0, top: 0, width: 4, height: 4 }, 4, 4)[0].len(), 16);
    }
}
