//! The card's side of vpcd's protocol: a connection is a card in the slot, its end is a card pulled out.
//!
//! A message is its length (2 bytes, big endian) and as many bytes: one byte of control, or a command. Commands, and
//! the request of the ATR, are answered in the same form.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::linux::net::TcpStreamExt;

/// T=1, no name in the historical bytes: a card as many.
const ATR: [u8; 11] = [0x3b, 0x95, 0x13, 0x81, 0x01, 0x80, 0x73, 0xff, 0x01, 0x00, 0x0b];

/// What the reader wants of the card.
pub enum Message {
    PowerOff,
    PowerOn,
    Reset,
    Atr,
    Command(Vec<u8>),
}

pub struct Slot(TcpStream);

/// Puts a card into the slot of the reader at a port of this machine.
pub fn insert(port: u16) -> io::Result<Slot> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    Ok(Slot(stream))
}

impl Slot {
    pub fn next(&mut self) -> io::Result<Message> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length)?;
        // Debian's vpcd sends length and bytes apart and waits for the acknowledgement: 40 ms a command without this
        self.0.set_quickack(true)?;
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut bytes)?;
        Ok(match bytes[..] {
            [0] => Message::PowerOff,
            [1] => Message::PowerOn,
            [2] => Message::Reset,
            [4] => Message::Atr,
            _ => Message::Command(bytes),
        })
    }

    pub fn answer(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
        self.0.write_all(&[&length.to_be_bytes()[..], bytes].concat())
    }

    pub fn answer_atr(&mut self) -> io::Result<()> {
        self.answer(&ATR)
    }
}
