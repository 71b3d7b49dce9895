//! The golden vectors, and a reader made from the manual page alone.

#[path = "../support/mod.rs"]
mod support;

mod builder;
mod golden;
mod python_reader;
