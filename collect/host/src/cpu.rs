//! Collectors of the group `cpu`.
