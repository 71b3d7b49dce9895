//! Smart cards, tokens, the key agent and cameras: what needs a daemon or a device, here a virtual one.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "card")]
mod card_enroll;
#[cfg(feature = "card")]
mod card_errors;
#[cfg(feature = "card")]
mod card_generate;
#[cfg(feature = "card")]
mod card_open;
#[cfg(feature = "card")]
mod card_virtual;
#[cfg(feature = "rtsp")]
mod discover;
#[cfg(feature = "rtsp")]
mod http;
#[cfg(feature = "card")]
mod key_agent;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(feature = "card")]
mod reprocess_card;
mod reprocess_keys;
#[cfg(feature = "rtsp")]
mod rtsp;
#[cfg(feature = "rtsp")]
mod rtsp_authentication;
#[cfg(feature = "rtsp")]
mod rtsp_hostile;
#[cfg(feature = "rtsp")]
mod rtsp_quirks;
#[cfg(feature = "rtsp")]
mod rtsp_tls;
