//! The flags that say how pictures are hidden and encoded. Parent and child parse the same ones.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::parse;
use crate::privacy::{Method, Settings, TimeBase};

/// How what must be hidden is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    /// Blocks of their mean colour; what is left tells the colours of clothes
    #[default]
    Pixelate,
    /// Blocks that run into each other; weaker against machines
    Blur,
    /// Grey; nothing is left
    Solid,
    /// A silhouette in one colour; nothing is left but the outline
    Colourise,
}

/// How pictures are hidden and encoded.
#[derive(Args, Clone, Debug)]
pub struct PictureFlags {
    /// Learn the background for so long, with the whole picture hidden; at least a dozen pictures
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse::duration)]
    pub learn: Duration,

    /// How to hide
    #[arg(long, value_name = "METHOD", value_enum, default_value_t)]
    pub method: MethodName,

    /// Colour of the silhouettes of colourise, as RRGGBB
    #[arg(long, value_name = "RRGGBB", default_value = "2060c0", value_parser = colour)]
    pub colour: [u8; 3],

    /// Least side of a block in pixels; blocks grow with what they hide
    #[arg(long, value_name = "PIXELS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(8..=256))]
    pub block: u32,

    /// Keep a block hidden for N pictures after its motion is over
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(..=250))]
    pub hold: u16,

    /// Hide a block N pictures before somebody comes; the output is as many pictures late
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(..=250))]
    pub lookahead: u16,

    /// Keep the audio tracks, which are left out otherwise: voices tell who speaks
    #[arg(long)]
    pub keep_audio: bool,

    /// Quality of the H.264 encoder: 0 to 51, lower is better and larger
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = crf)]
    pub crf: f32,

    /// Speed of the H.264 encoder, one of libx264's presets
    #[arg(long, value_name = "NAME", default_value = "veryfast", value_parser = PRESETS)]
    pub preset: String,

    /// A key frame at least every N pictures
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub keyint: u32,

    /// Threads of decoder and encoder; the bytes of the result depend on it, the hidden blocks do not
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub threads: u32,

    /// Give each picture out as soon as it can be; costs some size
    #[arg(long)]
    pub low_latency: bool,
}

const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

fn crf(s: &str) -> Result<f32, String> {
    s.parse().ok().filter(|n| (0.0..=51.0).contains(n)).ok_or_else(|| "not a number from 0 to 51".into())
}

fn colour(s: &str) -> Result<[u8; 3], String> {
    let bytes = u32::from_str_radix(s, 16).ok().filter(|_| s.len() == 6).map(u32::to_be_bytes);
    bytes.map(|[_, r, g, b]| [r, g, b]).ok_or_else(|| "not a colour as 2060c0".into())
}

impl PictureFlags {
    /// The same flags as arguments for the child.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let [r, g, b] = self.colour;
        let method = self.method.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
        let mut args = vec![
            format!("--learn={}ms", self.learn.as_millis()),
            format!("--method={method}"),
            format!("--colour={r:02x}{g:02x}{b:02x}"),
            format!("--block={}", self.block),
            format!("--hold={}", self.hold),
            format!("--lookahead={}", self.lookahead),
            format!("--crf={}", self.crf),
            format!("--preset={}", self.preset),
            format!("--keyint={}", self.keyint),
            format!("--threads={}", self.threads),
        ];
        args.extend(self.keep_audio.then(|| "--keep-audio".to_owned()));
        args.extend(self.low_latency.then(|| "--low-latency".to_owned()));
        args.into_iter().map(OsString::from).collect()
    }

    /// The settings of the privacy transform for pictures with times in `time_base`.
    pub(super) fn privacy(&self, time_base: (u32, u32)) -> Settings {
        Settings {
            time_base: TimeBase { num: time_base.0, den: time_base.1 },
            learn_ms: u32::try_from(self.learn.as_millis()).unwrap_or(u32::MAX),
            method: match self.method {
                MethodName::Pixelate => Method::Pixelate,
                MethodName::Blur => Method::Blur,
                MethodName::Solid => Method::Solid,
                MethodName::Colourise => Method::Colourise { colour: self.colour },
            },
            block: self.block,
            hold: usize::from(self.hold),
            lookahead: usize::from(self.lookahead),
            ..Settings::default()
        }
    }
}
