//! A camera is connected to: at first for a while, and again when it went away.

use std::time::{Duration, Instant};

use crate::base::Report;
use crate::capture::CaptureError;

use super::RtspError;
use super::address::Address;
use super::backoff::Backoff;
use super::client::{Client, ConnectOptions};
use super::disconnect::Disconnect;
use super::live_options::LiveOptions;
use super::seen::{Seen, Shared};
use super::source::Source;
use super::tls::Tls;

/// Connects, and leaves alone for a while a camera that gave nothing.
pub(super) struct Connector<'a> {
    client: &'a Client,
    address: &'a Address,
    options: &'a LiveOptions,
    tls: Option<Tls>,
    backoff: Backoff,
    /// When the connection began to play.
    connected: Option<Instant>,
    /// Whether it gave pictures.
    is_fruitful: bool,
}

impl<'a> Connector<'a> {
    pub fn new(client: &'a Client, address: &'a Address, options: &'a LiveOptions, tls: Option<Tls>) -> Self {
        Connector { client, address, options, tls, backoff: Backoff::default(), connected: None, is_fruitful: false }
    }

    /// The connection gave pictures: it is not left alone for longer and longer.
    pub fn gave_pictures(&mut self) {
        self.is_fruitful = true;
    }

    /// How long silence may be.
    pub fn stall(&self) -> Duration {
        self.options.stall
    }

    /// Ends a connection that is lost, and connects again; `None` when the caller asked to stop.
    pub fn connect_again(
        &mut self,
        lost: Source,
        reason: &str,
        report: &Report,
    ) -> Result<Option<Source>, CaptureError> {
        let address = self.address.quoted();
        report.warn(format!("lost {address}: {reason}; trying again"));
        let since = Instant::now();
        self.client.disconnect(lost);
        let connected = self.connect(self.options.give_up.unwrap_or(Duration::MAX), false)?;
        if connected.is_some() {
            report.warn(format!("{address} is back after {:.1} s", since.elapsed().as_secs_f64()));
        }
        Ok(connected)
    }

    /// A connection; `None` when the caller asked to stop. A camera that was there before may answer what it will: it
    /// is tried again.
    pub fn connect(&mut self, patience: Duration, first: bool) -> Result<Option<Source>, CaptureError> {
        let since = Instant::now();
        if let Some(connected) = self.connected.take() {
            let pause = match std::mem::take(&mut self.is_fruitful) {
                true => self.backoff.fruitful(connected.elapsed()),
                false => self.backoff.failed(),
            };
            if self.client.pause(pause).is_err() {
                return Ok(None);
            }
        }
        let mut seen = Seen::default();
        loop {
            let o = self.options;
            let options = ConnectOptions {
                address: self.address,
                credentials: o.credentials.as_ref(),
                allow_basic: o.allow_basic,
                tls: self.tls.as_ref(),
                transport: o.transport,
                audio: o.audio,
                limit: o.stall,
            };
            let shared = Shared::default();
            let connected = self.client.connect(&options, &shared);
            seen = seen.max(shared.seen());
            let reason = match connected {
                Ok(connection) => {
                    self.connected = Some(Instant::now());
                    return Ok(Some(connection));
                }
                Err(Disconnect::Stopped) => return Ok(None),
                Err(Disconnect::Refused(why)) if first => {
                    return Err(RtspError::Refused { address: self.address.quoted(), why }.into());
                }
                Err(Disconnect::Refused(why)) => why.to_string(),
                Err(Disconnect::Lost(reason)) => reason,
            };
            if since.elapsed().saturating_add(self.backoff.next()) > patience {
                return Err(RtspError::Unreachable { address: self.address.quoted(), why: reason, seen }.into());
            }
            if self.client.pause(self.backoff.failed()).is_err() {
                return Ok(None);
            }
        }
    }
}
