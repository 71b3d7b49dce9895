//! What the crate's API does, without the commands: one module a topic, named after its room.
#![allow(clippy::duplicate_mod, reason = "what the fuzz targets share with the other tests is in both of them")]

#[path = "../support/mod.rs"]
mod support;

mod format_canonical;
mod format_writers;
mod fuzz_smoke;
mod keys_certificates;
mod keys_cms;
mod keys_files;
mod keys_oaep;
mod keys_signatures;
mod keys_wycheproof;
mod media_decode;
mod media_demux;
mod media_encode;
mod media_fields;
mod media_hostile;
mod media_mux;
mod media_refusals;
mod media_unneeded;
mod privacy_failsafe;
mod privacy_methods;
mod privacy_people;
mod privacy_scenes;
mod privacy_standing;
mod recipients_roster;
mod recipients_trust;
mod seal_budgets;
mod seal_epochs;
mod seal_io;
mod seal_splice;
mod seal_steps;
mod seal_tamper;
mod seal_wycheproof;
mod verify_tamper;
