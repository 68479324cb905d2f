//! Collectors of the group `network`.
