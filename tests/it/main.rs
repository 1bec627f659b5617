//! One integration binary: one link step.

mod cli;
mod corpus;
mod flows;
mod forge;
mod intake;
mod layers;
mod manifests;
mod rules;
mod same_traffic;
mod samples;
