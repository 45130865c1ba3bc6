//! A Chat stream, read and written.

mod read;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;
