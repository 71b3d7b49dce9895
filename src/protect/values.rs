//! Values of a scene's settings, read from flags and from scene files by the same rules.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::base::parse;
use crate::privacy::Zone;

/// Least and largest number of a polygon's corners.
const CORNERS: std::ops::RangeInclusive<usize> = 3..=64;
/// Least and largest coordinate of a corner, in pixels.
const COORDINATES: std::ops::RangeInclusive<i32> = -16_384..=16_384;

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<const LOW: u16, const HIGH: u16>(u16);

impl<const LOW: u16, const HIGH: u16> Number<LOW, HIGH> {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    fn new(number: Option<i64>) -> Result<Self, String> {
        let fits = number.and_then(|n| u16::try_from(n).ok()).filter(|n| (LOW..=HIGH).contains(n));
        fits.map(Self).ok_or_else(|| format!("not a whole number from {LOW} to {HIGH}"))
    }
}

impl<const LOW: u16, const HIGH: u16> FromStr for Number<LOW, HIGH> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::new(text.parse().ok())
    }
}

impl<'de, const LOW: u16, const HIGH: u16> Deserialize<'de> for Number<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(Some(i64::deserialize(from)?)).map_err(D::Error::custom)
    }
}

impl<const LOW: u16, const HIGH: u16> fmt::Display for Number<LOW, HIGH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads a value that is a string in a scene file by the rules of the flag.
macro_rules! from_text {
    ($name:ident, $expected:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                from.deserialize_str(Text)
            }
        }
    };
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(Duration);

impl Time {
    /// In milliseconds; `u32::MAX` for more than that.
    pub fn millis(self) -> u32 {
        u32::try_from(self.0.as_millis()).unwrap_or(u32::MAX)
    }

    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Time {
    fn from(time: Duration) -> Self {
        Time(time)
    }
}

impl FromStr for Time {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse::duration(text).map(Time)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0.as_millis())
    }
}

from_text!(Time, "a time in quotes, as in \"60s\"");

/// After how long what stands still becomes background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absorb(Option<Time>);

impl Absorb {
    /// In milliseconds; `None` is never.
    pub fn millis(self) -> Option<u32> {
        self.0.map(Time::millis)
    }
}

impl FromStr for Absorb {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Absorb(None)),
            _ => parse::positive_duration(text).map(|time| Absorb(Some(Time(time)))),
        }
    }
}

impl fmt::Display for Absorb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("never"),
            Some(time) => time.fmt(f),
        }
    }
}

from_text!(Absorb, "\"never\" or a time in quotes, as in \"10m\"");

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl FromStr for Colour {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = text.len() == 6 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let bytes = u32::from_str_radix(text, 16).ok().filter(|_| is_hex).map(u32::to_be_bytes);
        bytes.map(|[_, r, g, b]| Colour([r, g, b])).ok_or_else(|| "not a colour as 2060c0".into())
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "{r:02x}{g:02x}{b:02x}")
    }
}

from_text!(Colour, "a colour in quotes, as in \"2060c0\"");

/// A polygon: `x,y x,y x,y` on the command line, `[[x, y], [x, y], [x, y]]` in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polygon(Zone);

impl Polygon {
    /// The corners, in pixels of the picture.
    pub fn zone(&self) -> Zone {
        self.0.clone()
    }

    fn new(corners: Zone) -> Result<Self, String> {
        if !CORNERS.contains(&corners.len()) {
            return Err(format!("a polygon has {} to {} corners", CORNERS.start(), CORNERS.end()));
        }
        if corners.iter().all(|(x, y)| COORDINATES.contains(x) && COORDINATES.contains(y)) {
            Ok(Polygon(corners))
        } else {
            Err(format!("corners lie within {} to {} pixels", COORDINATES.start(), COORDINATES.end()))
        }
    }
}

impl FromStr for Polygon {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let corner = |c: &str| {
            let (x, y) = c.split_once(',')?;
            Some((x.parse().ok()?, y.parse().ok()?))
        };
        let corners: Option<Zone> = text.split_ascii_whitespace().map(corner).collect();
        Polygon::new(corners.ok_or("give the corners as \"0,0 100,0 100,80\"")?)
    }
}

impl<'de> Deserialize<'de> for Polygon {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Polygon::new(Zone::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for Polygon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corners: Vec<String> = self.0.iter().map(|(x, y)| format!("{x},{y}")).collect();
        f.write_str(&corners.join(" "))
    }
}
