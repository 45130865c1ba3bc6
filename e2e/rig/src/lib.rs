//! What the benchmark (`e2e/load`) and the chaos suite (`e2e/chaos`) have in common: starting processes and ending them,
//! HTTP as far as a load client needs it, and a Causeway set up through its admin API as a person would.
//!
//! Nothing here measures or judges anything.

pub mod causeway;
pub mod process;
pub mod wire;
