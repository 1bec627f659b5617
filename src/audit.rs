//! The pipeline: the one place where the stages meet.
