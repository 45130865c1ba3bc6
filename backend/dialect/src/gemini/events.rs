//! A Gemini stream, read and written: whole answers in pieces, as events or as elements of an array.

mod read;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;
