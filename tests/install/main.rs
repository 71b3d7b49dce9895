//! What administrators run: the installation, services, cron, clusters, storage.

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod cron;
mod install;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod s3_reprocess;
mod slurm;
#[cfg(feature = "rtsp")]
mod systemd;
mod systemd_roles;
