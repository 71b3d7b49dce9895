//! What is true of the source tree and its documents: rooms, manual pages, README, golden files, examples, scale.

#[path = "../support/mod.rs"]
mod support;

mod circles;
mod examples;
mod fuzzing;
mod golden;
mod man_pages;
mod readme;
mod rooms;
mod scale;
mod security;
mod spec;
