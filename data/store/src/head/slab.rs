//! Small byte buffers in a few large allocations.
//!
//! A buffer lives in the class of its capacity and moves to the next class when it grows. Memory that is freed
//! is reused within its class.

/// Capacities, in bytes. The largest one bounds an open chunk.
const CAPACITIES: [usize; 6] = [8, 16, 32, 64, 128, 256];

/// Capacity of the largest buffer.
pub(super) const MAX_CAPACITY: usize = 256;

const NO_CLASS: u8 = u8::MAX;

/// Names a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    index: u32,
    class: u8,
}

impl Slot {
    /// A buffer of no bytes.
    pub(super) const EMPTY: Self = Self {
        index: 0,
        class: NO_CLASS,
    };
}

#[derive(Default)]
struct Class {
    bytes: Vec<u8>,
    free: Vec<u32>,
}

/// Owns the buffers.
#[derive(Default)]
pub(super) struct Slab {
    classes: [Class; CAPACITIES.len()],
}

impl Slab {
    /// Returns the first `len` bytes of a buffer.
    pub(super) fn bytes(&self, slot: Slot, len: usize) -> &[u8] {
        let Some(capacity) = CAPACITIES.get(usize::from(slot.class)) else {
            return &[];
        };
        let start = slot.index as usize * capacity;
        self.classes[usize::from(slot.class)]
            .bytes
            .get(start..start + len)
            .unwrap_or_default()
    }

    /// Writes `bytes` behind the first `len` bytes of a buffer, moving it if it is too small.
    /// Returns `None`, and changes nothing, if the result would be larger than [`MAX_CAPACITY`].
    pub(super) fn append(&mut self, slot: Slot, len: usize, bytes: &[u8]) -> Option<Slot> {
        let needed = len + bytes.len();
        let capacity = CAPACITIES.get(usize::from(slot.class)).copied().unwrap_or(0);
        let target = if needed <= capacity {
            slot
        } else {
            self.grow(slot, len, needed)?
        };
        let capacity = CAPACITIES.get(usize::from(target.class)).copied().unwrap_or(0);
        let start = target.index as usize * capacity + len;
        let class = &mut self.classes[usize::from(target.class)];
        class
            .bytes
            .get_mut(start..start + bytes.len())?
            .copy_from_slice(bytes);
        Some(target)
    }

    fn grow(&mut self, slot: Slot, len: usize, needed: usize) -> Option<Slot> {
        let class = CAPACITIES.iter().position(|c| *c >= needed)?;
        let capacity = CAPACITIES[class];
        let owner = &mut self.classes[class];
        let index = match owner.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(owner.bytes.len() / capacity).ok()?;
                owner.bytes.resize(owner.bytes.len() + capacity, 0);
                index
            }
        };
        let mut old = [0u8; MAX_CAPACITY];
        let old = old.get_mut(..len)?;
        old.copy_from_slice(self.bytes(slot, len));
        let start = index as usize * capacity;
        self.classes[class]
            .bytes
            .get_mut(start..start + len)?
            .copy_from_slice(old);
        self.release(slot);
        Some(Slot {
            index,
            class: class as u8,
        })
    }

    /// Gives a buffer back.
    pub(super) fn release(&mut self, slot: Slot) {
        if let Some(class) = self.classes.get_mut(usize::from(slot.class)) {
            class.free.push(slot.index);
        }
    }
}
