//! Moments of a stream as people name them.

use crate::base::parse;

const SECOND: i64 = 1_000_000_000;

/// A moment of a stream, named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nanoseconds since the first picture of the input, whether a key opens it or not.
    SinceBeginning(i64),
    /// UTC, nanoseconds since 1970: meant by the clock of the recorder.
    Utc(i64),
}

/// `12.5` (seconds) or `00:00:12.5`, both from the first picture on, or `2026-05-01T14:00:00Z`. For clap.
pub fn moment(text: &str) -> Result<Moment, String> {
    if text.contains(['T', 't']) {
        return parse::rfc3339(text).map(Moment::Utc);
    }
    let wrong =
        || "give seconds, hh:mm:ss, or a time with its zone, as in 12.5, 00:00:12.5, 2026-05-01T14:00:00Z".to_owned();
    let parts: Vec<&str> = text.split(':').collect();
    let (minutes, seconds) = match parts[..] {
        [seconds] => (0, seconds),
        [hours, minutes, seconds] => {
            let hours = whole(hours).filter(|h| *h < 100_000).ok_or_else(wrong)?;
            let minutes = whole(minutes).ok_or_else(wrong)?;
            if minutes > 59 || whole(seconds.split('.').next().unwrap_or("")).is_none_or(|s| s > 59) {
                return Err("minutes and seconds go to 59".into());
            }
            (hours * 60 + minutes, seconds)
        }
        _ => return Err(wrong()),
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let ns =
        whole(seconds).ok_or_else(wrong)? * SECOND + minutes * 60 * SECOND + nanoseconds(fraction).ok_or_else(wrong)?;
    Ok(Moment::SinceBeginning(ns))
}

/// Up to eight digits: three years of seconds, and nothing that is computed from them overflows.
fn whole(digits: &str) -> Option<i64> {
    let fits = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

/// The digits after the point; those after the ninth are too small to count.
fn nanoseconds(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9}").get(..9)?.parse().ok()
}

/// Nanoseconds as `hh:mm:ss`, rounded down; negative ones with a minus.
pub fn hh_mm_ss(ns: i64) -> String {
    let seconds = ns.unsigned_abs() / SECOND.unsigned_abs();
    let sign = if ns < 0 && seconds > 0 { "-" } else { "" };
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let second = |s: f64| Ok(Moment::SinceBeginning((s * 1e9) as i64));
        assert_eq!(moment("12.5"), second(12.5));
        assert_eq!(moment("90"), second(90.0));
        assert_eq!(moment("01:02:03.25"), second(3723.25));
        assert_eq!(moment("0.1234567891"), Ok(Moment::SinceBeginning(123_456_789)));
        assert_eq!(moment("1970-01-01T00:00:01Z"), Ok(Moment::Utc(SECOND)));
        // 14:00 may be minutes or a time of day: not guessed
        for bad in ["", "-1", "14:00", "1:60:00", "0:0:60", "1.", ".5", "1e3", "99999999:00:00", "1:2:3:4", "1,5"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_of_pictures() {
        assert_eq!(hh_mm_ss(3_723_900_000_000), "01:02:03");
        assert_eq!(hh_mm_ss(-1_000_000_000), "-00:00:01");
        assert_eq!(hh_mm_ss(360_000 * SECOND), "100:00:00");
    }
}
