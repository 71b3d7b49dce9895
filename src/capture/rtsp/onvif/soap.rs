//! Questions to a camera (SOAP 1.2), with proof of the password (WS-Security UsernameToken, digest): the password
//! itself is not sent.

use std::time::Instant;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use crate::base::{random_id, text, wall_ns};

use super::super::address::{Address, Credentials};
use super::super::disconnect::{Disconnect, Refusal};
use super::super::http::{Content, post};
use super::super::seen::Shared;
use super::xml::{self, Element};

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// A service of a camera.
pub(super) struct Service<'a> {
    pub address: Address,
    pub credentials: Option<&'a Credentials>,
    /// The camera's clock less ours, in ns: proof is good for a few minutes by that clock.
    pub clock_off: i64,
}

impl Service<'_> {
    /// Asks, and gives the elements of the answer.
    ///
    /// # Errors
    ///
    /// There is no answer, or one that refuses.
    pub async fn ask(&self, question: &str) -> Result<Vec<Element>, Disconnect> {
        let head = self.credentials.map(|credentials| self.proof(credentials)).transpose()?.unwrap_or_default();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:d=\"http://www.onvif.org/ver10/device/wsdl\" xmlns:m=\"http://www.onvif.org/ver10/media/wsdl\" \
             xmlns:c=\"http://www.onvif.org/ver10/schema\"><s:Header>{head}</s:Header><s:Body>{question}</s:Body></s:Envelope>"
        );
        let content = Content { kind: "application/soap+xml; charset=utf-8", bytes: body.into_bytes() };
        let mut answer = post(&self.address, self.credentials, content, &Shared::default()).await?;
        let mut bytes = Vec::new();
        while let Some(more) = answer.body.next().await? {
            bytes.extend(more);
            if bytes.len() > MAX_ANSWER {
                return Err(Disconnect::Lost("the camera's answer does not end".to_owned()));
            }
        }
        let all = xml::parse(&bytes).ok_or_else(|| Disconnect::Lost("the camera's answer is no XML".to_owned()))?;
        if xml::all_of(&all, "Fault").next().is_some() {
            let is_refused =
                all.iter().any(|e| e.text.contains("NotAuthorized") || e.text.contains("FailedAuthentication"));
            return Err(match (is_refused, self.credentials.is_some()) {
                (true, true) => Refusal::WrongPassword.into(),
                (true, false) => Refusal::NoPassword.into(),
                (false, _) => Disconnect::lost(&xml::text(&all, "Text").unwrap_or("the camera refuses")),
            });
        }
        Ok(all)
    }

    /// Has the proof computed by the camera's clock, if it says what that shows.
    pub async fn learn_clock(&mut self) {
        let credentials = self.credentials.take();
        let asked = Instant::now();
        let answer = self.ask("<d:GetSystemDateAndTime/>").await;
        self.credentials = credentials;
        let theirs = answer.ok().and_then(|all| clock(&all));
        if let Some(theirs) = theirs.filter(|_| asked.elapsed().as_secs() < 10) {
            self.clock_off = theirs.saturating_sub(wall_ns());
        }
    }

    fn proof(&self, credentials: &Credentials) -> Result<String, Disconnect> {
        let nonce = random_id().map_err(|e| Disconnect::lost(&e))?;
        let created = text::rfc3339_seconds(wall_ns().saturating_add(self.clock_off) / 1_000_000_000);
        let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        [&nonce[..], created.as_bytes(), credentials.password.as_bytes()].iter().for_each(|part| digest.update(part));
        let (digest, nonce, name) = (base64(digest.finish().as_ref()), base64(&nonce), escaped(&credentials.name));
        let (security, utility, token) = (
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest",
        );
        Ok(format!(
            "<w:Security xmlns:w=\"{security}\" xmlns:u=\"{utility}\"><w:UsernameToken><w:Username>{name}</w:Username>\
             <w:Password Type=\"{token}\">{digest}</w:Password><w:Nonce>{nonce}</w:Nonce>\
             <u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
        ))
    }
}

/// UTC ns since 1970 of the answer to GetSystemDateAndTime.
fn clock(all: &[Element]) -> Option<i64> {
    let utc = xml::all_of(all, "UTCDateTime").next()?;
    let number = |name: &str| xml::text(utc, name)?.parse::<u32>().ok();
    let (year, month, day) = (number("Year")?, number("Month")?, number("Day")?);
    let (hour, minute, second) = (number("Hour")?, number("Minute")?, number("Second")?);
    crate::base::parse::rfc3339(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")).ok()
}

/// Text as XML has it.
pub(super) fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|i| u32::from(chunk.get(i).copied().unwrap_or(0)));
        let all = a << 16 | b << 8 | c;
        for i in 0..4_u32 {
            let digit = DIGITS.get((all >> (18 - 6 * i) & 63) as usize).copied().unwrap_or(b'A');
            text.push(if i as usize <= chunk.len() { digit as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text() {
        for (bytes, is) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), is);
        }
    }

    #[test]
    fn a_cameras_clock_is_read() {
        let answer = b"<a><LocalDateTime><Time><Hour>9</Hour></Time></LocalDateTime><UTCDateTime><Time><Hour>8</Hour><Minute>5</Minute>\
                       <Second>9</Second></Time><Date><Year>2026</Year><Month>3</Month><Day>1</Day></Date></UTCDateTime></a>";
        let ns = clock(&xml::parse(answer).unwrap()).unwrap();
        assert_eq!(text::rfc3339(ns), "2026-03-01T08:05:09Z");
    }
}
