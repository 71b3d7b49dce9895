//! A scene's settings, as the privacy transform takes them.

use crate::privacy::{Method, Sensitivity, Settings, TimeBase};

use super::choices::MethodName;
use super::scene::Scene;
use super::values::{Absorb, Polygon, Time};

/// Learning time in ms where a detector says who is there from the first picture on.
const LEARN_WITH_DETECTOR: u32 = 2000;

impl Scene {
    /// The settings of the privacy transform for pictures with times in `time_base`.
    pub(super) fn privacy(&self, time_base: (u32, u32)) -> Settings {
        let usual = Settings::default();
        let learn_ms = if self.people_file().is_some() { LEARN_WITH_DETECTOR } else { usual.learn_ms };
        let byte = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
        Settings {
            time_base: TimeBase { num: time_base.0, den: time_base.1 },
            learn_ms: self.learn.map_or(learn_ms, Time::millis),
            method: match self.method.unwrap_or_default() {
                MethodName::Pixelate => Method::Pixelate,
                MethodName::Blur => Method::Blur,
                MethodName::Solid => Method::Solid,
                MethodName::Colourise => Method::Colourise { colour: self.colour.map_or([0x20, 0x60, 0xc0], |c| c.0) },
            },
            block: self.block.map_or(usual.block, |n| n.get().into()),
            highlight: self.highlight.map_or(usual.highlight, |n| byte(n.get())),
            illumination_states: self.illumination_states.map_or(usual.illumination_states, |n| n.get().into()),
            absorb_ms: self.absorb.and_then(Absorb::millis),
            hold: self.hold.map_or(usual.hold, |n| n.get().into()),
            lookahead: self.lookahead.map_or(usual.lookahead, |n| n.get().into()),
            detect_every: self.detect_every.map_or(usual.detect_every, |n| n.get().into()),
            sensitivity: Sensitivity::of(
                self.contrast_threshold.map_or(15, |n| byte(n.get())),
                self.sensitivity.map_or(50, |n| byte(n.get())),
                self.change_tolerance.map_or(80, |n| byte(n.get())),
            ),
            always: self.always_hide.iter().map(Polygon::zone).collect(),
            never: self.never_hide.iter().map(Polygon::zone).collect(),
        }
    }
}
