//! Polygons on the picture.

use super::Zone;

/// 1 for each pixel of a picture that is inside any of the zones (even-odd rule), else 0.
pub(crate) fn raster(zones: &[Zone], width: usize, height: usize) -> Vec<u8> {
    let mut inside = vec![0; width * height];
    let mut ends = Vec::new();
    for zone in zones {
        for (y, row) in inside.chunks_exact_mut(width.max(1)).enumerate() {
            ends.clear();
            ends.extend(edges(zone).filter_map(|edge| crossing(edge, y as i64)));
            ends.sort_unstable();
            for pair in ends.chunks_exact(2) {
                let at = |x: i64| x.clamp(0, row.len() as i64) as usize;
                let (from, to) = (at(pair[0]), at(pair[1]));
                row[from..to].fill(1);
            }
        }
    }
    inside
}

fn edges(zone: &Zone) -> impl Iterator<Item = [(i64, i64); 2]> {
    let wide = |&(x, y): &(i32, i32)| (i64::from(x), i64::from(y));
    (0..zone.len()).map(move |i| [wide(&zone[(i + zone.len() - 1) % zone.len()]), wide(&zone[i])])
}

/// The first pixel of row `y` that does not lie left of an edge that crosses the row.
fn crossing([(ax, ay), (bx, by)]: [(i64, i64); 2], y: i64) -> Option<i64> {
    ((ay > y) != (by > y)).then(|| {
        let sign = (by - ay).signum();
        let (along, down) = (sign * (y - ay) * (bx - ax), sign * (by - ay));
        // rounded up
        ax + along.div_euclid(down) + i64::from(along.rem_euclid(down) != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_holds_its_pixels_whichever_way_it_is_drawn() {
        let square = vec![(2, 2), (10, 2), (10, 6), (2, 6)];
        let back: Vec<_> = square.iter().rev().copied().collect();
        for zone in [square, back] {
            let inside = raster(&[zone], 12, 9);
            let expected = |i: usize| u8::from((2..10).contains(&(i % 12)) && (2..6).contains(&(i / 12)));
            assert!((0..12 * 9).all(|i| inside[i] == expected(i)), "{inside:?}");
        }
    }

    #[test]
    fn slopes_holes_and_what_lies_outside_the_picture() {
        // a triangle with its right angle at the lower left
        let triangle = vec![(0, 0), (8, 8), (0, 8)];
        let inside = raster(&[triangle], 8, 8);
        assert!((0..64).all(|i| inside[i] == u8::from(i % 8 < i / 8)), "{inside:?}");
        // a polygon that runs around its middle twice leaves the middle out
        let twice = vec![(-9, -9), (20, -9), (20, 20), (-9, 20), (-9, -9), (3, 3), (3, 5), (5, 5), (5, 3), (3, 3)];
        let inside = raster(&[twice], 8, 8);
        assert!((0..64).all(|i| (inside[i] == 0) == ((3..5).contains(&(i % 8)) && (3..5).contains(&(i / 8)))));
    }
}
