//! Extractors whose refusals name the field at fault.

mod body;
mod params;
mod place;

pub(crate) use body::{Body, LARGEST};
pub(crate) use params::Params;
pub(crate) use place::Place;
