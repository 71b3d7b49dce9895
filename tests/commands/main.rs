//! What the commands do, run as their users run them: one module a command, or what commands have in common.

#[path = "../support/mod.rs"]
mod support;

mod as_people_have_them;
mod bad_input;
mod clock;
mod decrypt_stream;
mod encrypt_stream;
mod enroll_cert;
mod enroll_signers;
mod enroll_take;
mod export;
mod hostile_folders;
mod hostile_video;
mod inspect;
mod live;
mod manners;
mod memory;
mod pieces;
mod pipelines;
mod prompts;
mod protect;
mod protect_detect;
mod protect_manifest;
mod protect_review;
mod protect_scene;
mod record;
mod record_stops;
mod reprocess;
mod reprocess_kills;
mod reprocess_shares;
mod reprocess_streams;
mod revocation;
mod revocation_matrix;
mod rewrap;
mod rewrap_crash;
mod rewrap_grants;
mod rewrap_lists;
mod signer_acceptance;
mod signer_end;
mod signing;
mod verify;
mod vidveil_command;
mod view;
mod view_seek;
