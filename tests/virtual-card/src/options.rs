//! The options of the card.

use std::path::PathBuf;
use std::time::Duration;

use crate::Failure;
use crate::faults::{Faults, Pull};

/// Options, each with a value unless said otherwise. INS is the instruction of a command in hexadecimal: a4 SELECT,
/// 20 VERIFY, 87 GENERAL AUTHENTICATE, cb GET DATA, 47 GENERATE ASYMMETRIC KEY PAIR, db PUT DATA.
///
/// | option | |
/// |---|---|
/// | `--port N` | of vpcd on 127.0.0.1 |
/// | `--reader NAME` | as the daemon's clients know it |
/// | `--seed N` | other keys for another seed |
/// | `--state DIR` | the card's memory; without it a new card each time |
/// | `--log FILE` | a line a command is added: INS P1 P2 LC SW |
/// | `--plain` | no value: a card without Yubico's commands F0 to FF |
/// | `--strict-le` | no value: without Le in the command no data comes but 61xx, as with T=0 |
/// | `--not-piv` | no value: the applet is not found |
/// | `--pull-before INS[:N]` | the card is pulled when the Nth such command arrives, before it is done |
/// | `--pull-after INS[:N]` | ... after it is answered |
/// | `--silent INS` | such a command is never answered |
/// | `--delay INS:MS` | it is answered later, as when a touch is awaited |
/// | `--answer INS:HEX` | it is answered with these bytes, not done |
/// | `--object TAG:FILE` | the data object 5FC1 TAG is what is in FILE |
#[derive(Default)]
pub struct Options {
    pub port: u16,
    pub reader: String,
    pub seed: u64,
    pub state: Option<PathBuf>,
    pub log: Option<PathBuf>,
    pub plain: bool,
    pub strict_le: bool,
    pub faults: Faults,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Options { reader: "Virtual PCD 00 00".to_owned(), ..Options::default() };
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
            match option.as_str() {
                "--port" => options.port = value()?.parse()?,
                "--reader" => options.reader = value()?,
                "--seed" => options.seed = value()?.parse()?,
                "--state" => options.state = Some(value()?.into()),
                "--log" => options.log = Some(value()?.into()),
                "--plain" => options.plain = true,
                "--strict-le" => options.strict_le = true,
                "--not-piv" => options.faults.not_piv = true,
                "--pull-before" => options.faults.pull_before = Some(pull(&value()?)?),
                "--pull-after" => options.faults.pull_after = Some(pull(&value()?)?),
                "--silent" => options.faults.silent = Some(byte(&value()?)?),
                "--delay" => {
                    let (ins, ms) = pair(&value()?)?;
                    options.faults.delays.push((ins, Duration::from_millis(ms.parse()?)));
                }
                "--answer" => {
                    let (ins, hex) = pair(&value()?)?;
                    options.faults.answers.push((ins, bytes(&hex)?));
                }
                "--object" => {
                    let (tag, file) = pair(&value()?)?;
                    options.faults.objects.push((tag, std::fs::read(file)?));
                }
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        match options.port {
            0 => Err("--port is missing".into()),
            _ => Ok(options),
        }
    }
}

fn byte(hex: &str) -> Result<u8, Failure> {
    Ok(u8::from_str_radix(hex, 16)?)
}

fn bytes(hex: &str) -> Result<Vec<u8>, Failure> {
    let digits: Vec<char> = hex.chars().collect();
    digits.chunks(2).map(|two| byte(&two.iter().collect::<String>())).collect()
}

/// A byte in hexadecimal, a colon, and the rest.
fn pair(value: &str) -> Result<(u8, String), Failure> {
    let (first, rest) = value.split_once(':').ok_or_else(|| format!("{value}: there is no colon"))?;
    Ok((byte(first)?, rest.to_owned()))
}

fn pull(value: &str) -> Result<Pull, Failure> {
    let (ins, at) = value.split_once(':').unwrap_or((value, "1"));
    Ok(Pull { ins: byte(ins)?, at: at.parse()?, seen: 0 })
}
