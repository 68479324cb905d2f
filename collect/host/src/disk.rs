//! Collectors of the group `disk`.
