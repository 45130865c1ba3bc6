//! Gemini (`generateContent`, its stream in both framings, `countTokens`, embeddings): what its requests ask for, what
//! its answers report, and the bodies and events we write in its shape.
//!
//! Its bodies are protocol buffers written as JSON. Every name may be written in two ways (`generationConfig`,
//! `generation_config`), and what is zero is left out.

pub(crate) mod answer;
pub mod error;
pub mod estimate;
pub(crate) mod events;
pub mod models;
pub(crate) mod read;
pub(crate) mod request;
pub(crate) mod signature;
pub(crate) mod usage;
pub(crate) mod write;
