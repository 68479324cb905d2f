//! PromQL: parse, plan, evaluate over model::Query.
