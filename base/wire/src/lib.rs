//! Bytes to model and back: remote write, exposition text.
