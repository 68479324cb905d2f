//! Collectors of the group `container`.
