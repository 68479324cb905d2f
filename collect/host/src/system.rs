//! Collectors of the group `system`.
