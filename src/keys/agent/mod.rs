//! Private keys that one process holds and others use: two operations go over, and neither a key nor a PIN does.
//!
//! | file | idea |
//! |---|---|
//! | [`wire`] | requests and answers as bytes |
//! | [`server`] | what the process with the keys answers |
//! | [`memory`] | what it answered before |
//! | [`shared_key`] | an identity whose key another process holds |
//!
//! Whoever may ask gets what the private key gives, so it can open what it was sealed to: the one who carries the bytes
//! says who may. The results that are remembered are in that process's memory as long as its keys are, which give the
//! same to whoever may ask. What is asked is from outside for the server, and so is the answer for the other side.

pub mod memory;
pub mod server;
pub mod shared_key;
pub mod wire;

pub use memory::{MAX_RESULTS, Memory};
pub use server::{answer, can_share};
pub use shared_key::{Exchange, SharedKey, shared_keys};
pub use wire::{Answer, Listed, MAX_ANSWER, MAX_KEYS, MAX_REQUEST, Request, read_message, write_message};
