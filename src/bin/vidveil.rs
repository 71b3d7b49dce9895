//! `vidveil COMMAND ...` runs the command of that name.
fn main() {}
