//! OpenAI Chat Completions and what stands around it (legacy completions, embeddings, pictures): what its requests ask
//! for, what its answers report, and the bodies we write in its shape.

pub(crate) mod answer;
pub mod error;
pub(crate) mod events;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod stream_options;
pub(crate) mod usage;
pub(crate) mod write;
