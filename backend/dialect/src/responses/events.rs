//! A Responses stream, read and written.

mod block;
mod read;
mod write;

pub(crate) use read::Reader;
pub(crate) use write::Writer;
