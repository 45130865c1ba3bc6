//! OpenAI Chat Completions and what stands around it (legacy completions, embeddings, pictures): what its requests ask
//! for, what its answers report, and the bodies we write in its shape.

pub mod error;
pub(crate) mod request;
pub(crate) mod stream_options;
pub(crate) mod usage;
