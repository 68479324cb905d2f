//! Collectors of the group `process`.
