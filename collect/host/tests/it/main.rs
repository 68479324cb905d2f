//! The collectors from outside.

#[cfg(test)]
mod container;
#[cfg(test)]
mod upstream;
