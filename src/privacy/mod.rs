//! What to hide.
