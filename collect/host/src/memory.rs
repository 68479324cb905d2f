//! Collectors of the group `memory`.
