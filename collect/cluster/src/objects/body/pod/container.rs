//! How the containers of a pod are.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::objects::Text;
use crate::objects::text::Shared;
use crate::objects::value::{NO_TIME, time};

/// How a container is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "ContainerWire")]
pub struct ContainerStatus {
    image: Arc<ContainerImage>,
    /// Identity of the container.
    pub id: ContainerId,
    /// Whether its readiness probe succeeds.
    pub ready: bool,
    /// How often it was started again.
    pub restarts: i32,
    /// What it does now.
    pub state: ContainerState,
    /// How it ended before.
    pub last: Option<Box<Terminated>>,
}

/// What a container is called and runs; equal ones are held once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerImage {
    /// Name of the container.
    pub name: Text,
    /// Name of the image that the runtime reports.
    pub image: Text,
    /// Identity of the image.
    pub image_id: Text,
}

/// Identity of a container, as in `containerd://0123…`, where the runtime's 256 bits are kept as such.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContainerId {
    /// What stands before the bits, or all of it if it does not end in 64 hexadecimal digits.
    prefix: Text,
    bits: Option<Box<[u8; 32]>>,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq)]
pub enum ContainerState {
    /// It is not said.
    Unset,
    /// It is to start.
    Waiting(Arc<WaitingState>),
    /// It runs since a time in seconds since 1970; [`NO_TIME`] if that is not said.
    Running(i64),
    /// It ended.
    Terminated(Box<Terminated>),
}

/// Why a container waits; equal ones are held once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct WaitingState {
    /// In one word.
    pub reason: Text,
    /// For people.
    pub message: Text,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    /// Exit code.
    pub exit_code: i32,
    /// Signal that ended it, 0 if none did.
    pub signal: i32,
    /// Why, in one word.
    pub reason: Text,
    /// Why, for people.
    pub message: Text,
    /// When it was started, in seconds since 1970, or [`NO_TIME`].
    #[serde(deserialize_with = "time")]
    pub started_at: i64,
    /// When it ended, in seconds since 1970, or [`NO_TIME`].
    #[serde(deserialize_with = "time")]
    pub finished_at: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerWire {
    name: Text,
    image: Text,
    #[serde(rename = "imageID")]
    image_id: Text,
    #[serde(rename = "containerID")]
    container_id: ContainerId,
    ready: bool,
    restart_count: i32,
    state: StateWire,
    last_state: StateWire,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StateWire {
    waiting: Option<WaitingState>,
    running: Option<RunningWire>,
    terminated: Option<Box<Terminated>>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunningWire {
    #[serde(deserialize_with = "time")]
    started_at: i64,
}

impl Default for RunningWire {
    fn default() -> Self {
        Self { started_at: NO_TIME }
    }
}

impl From<ContainerWire> for ContainerStatus {
    fn from(wire: ContainerWire) -> Self {
        let image = ContainerImage {
            name: wire.name,
            image: wire.image,
            image_id: wire.image_id,
        };
        Self {
            image: Shared::shared(Arc::new(image)),
            id: wire.container_id,
            ready: wire.ready,
            restarts: wire.restart_count,
            state: ContainerState::from(wire.state),
            last: wire.last_state.terminated,
        }
    }
}

impl From<StateWire> for ContainerState {
    fn from(wire: StateWire) -> Self {
        match wire {
            StateWire {
                running: Some(running),
                ..
            } => Self::Running(running.started_at),
            StateWire {
                terminated: Some(terminated),
                ..
            } => Self::Terminated(terminated),
            StateWire {
                waiting: Some(waiting),
                ..
            } => Self::Waiting(Shared::shared(Arc::new(waiting))),
            _ => Self::Unset,
        }
    }
}

impl Deref for ContainerStatus {
    type Target = ContainerImage;

    fn deref(&self) -> &ContainerImage {
        &self.image
    }
}

impl Default for Terminated {
    fn default() -> Self {
        Self {
            exit_code: 0,
            signal: 0,
            reason: Text::default(),
            message: Text::default(),
            started_at: NO_TIME,
            finished_at: NO_TIME,
        }
    }
}

impl ContainerId {
    /// Number of hexadecimal digits that are kept as bits.
    const DIGITS: usize = 64;

    fn new(text: &str) -> Self {
        Self::split(text).unwrap_or_else(|| Self {
            prefix: Text::new(text),
            bits: None,
        })
    }

    fn split(text: &str) -> Option<Self> {
        let (prefix, digits) = text.split_at_checked(text.len().checked_sub(Self::DIGITS)?)?;
        let mut bits = Box::new([0; Self::DIGITS / 2]);
        for (byte, pair) in bits.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            for &digit in pair {
                let lower = digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
                let value = char::from(digit).to_digit(16).filter(|_| lower)?;
                *byte = *byte << 4 | u8::try_from(value).ok()?;
            }
        }
        Some(Self {
            prefix: Text::new(prefix),
            bits: Some(bits),
        })
    }

    /// Tells whether there is no identity, as before the container was made.
    pub fn is_empty(&self) -> bool {
        self.bits.is_none() && self.prefix.is_empty()
    }

    /// Appends the identity as the API server writes it.
    pub fn push_to(&self, text: &mut String) {
        text.push_str(&self.prefix);
        for byte in self.bits.iter().flat_map(|bits| bits.iter()) {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.prefix.len() + Self::DIGITS);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for ContainerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = ContainerId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<ContainerId, E> {
                Ok(ContainerId::new(text))
            }
            fn visit_unit<E: Error>(self) -> Result<ContainerId, E> {
                Ok(ContainerId::default())
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl ContainerState {
    /// Returns how the container ended, if it did.
    pub fn terminated(&self) -> Option<&Terminated> {
        match self {
            Self::Terminated(terminated) => Some(terminated),
            _ => None,
        }
    }
}
