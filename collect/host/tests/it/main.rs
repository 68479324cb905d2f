//! The collectors from outside.

#[cfg(test)]
mod container;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod upstream;
