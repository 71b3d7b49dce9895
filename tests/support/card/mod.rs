//! A PIV card in a virtual reader, for one test: a PC/SC daemon of its own, cards with keys, and judges.
//!
//! | file | idea |
//! |---|---|
//! | [`reader`] | the daemon with its two slots, and cards put into them |
//! | [`issue`] | cards with keys and certificates, made with Yubico's tool and OpenSSL |
//! | [`desk`] | a folder with recordings for these cards, where commands are run |
//! | [`sessions`] | a recording over a long time, in a moment |
//! | [`terminal`] | a command on a terminal of its own |
//! | [`limit`] | a time limit around every command |

mod desk;
mod issue;
mod limit;
mod reader;
mod sessions;
mod terminal;

pub use desk::Desk;
pub use issue::{ADMIN_KEY, Model, PIN, PUK};
pub use limit::{Limited, assert_says, told};
pub use reader::{Card, Reader, tools};
pub use sessions::sealed_slowly;
pub use terminal::on_a_terminal;
