//! Small byte buffers in pages.
//!
//! A buffer lives in the class of its capacity and moves to the next class when it grows. A page holds buffers of
//! one class; when all of them have moved on, as those of series that grow together do, any class may use it.

/// Capacities, in bytes. The largest one bounds an open chunk.
const CAPACITIES: [usize; 12] = [8, 16, 24, 32, 48, 64, 80, 96, 128, 160, 208, 256];

/// Capacity of the largest buffer.
pub(super) const MAX_CAPACITY: usize = 256;

/// Bytes of a page.
const PAGE: usize = 4096;

/// Numbers of buffers in a page that a slot's index leaves room for.
const MAX_PER_PAGE: u32 = (PAGE / 8) as u32;

const NO_CLASS: u8 = u8::MAX;

/// Names a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Number of the page times [`MAX_PER_PAGE`], plus the place in the page.
    index: u32,
    class: u8,
}

impl Slot {
    /// A buffer of no bytes.
    pub(super) const EMPTY: Self = Self {
        index: 0,
        class: NO_CLASS,
    };

    fn page(self) -> usize {
        (self.index / MAX_PER_PAGE) as usize
    }

    fn place(self) -> u16 {
        (self.index % MAX_PER_PAGE) as u16
    }

    fn capacity(self) -> usize {
        CAPACITIES.get(usize::from(self.class)).copied().unwrap_or(0)
    }

    fn start(self) -> usize {
        usize::from(self.place()) * self.capacity()
    }
}

struct Page {
    /// None while no buffer is in it, if it was trimmed.
    bytes: Box<[u8]>,
    class: u8,
    /// Buffers in use.
    used: u16,
    /// Buffers that were ever in use since the page has its class.
    carved: u16,
    /// Buffers that are free again.
    free: Vec<u16>,
}

/// Owns the buffers.
#[derive(Default)]
pub(super) struct Slab {
    pages: Vec<Page>,
    /// Pages without a class.
    empty: Vec<u32>,
    /// Pages of each class that may have room; one that has none, or another class by now, is passed over.
    roomy: [Vec<u32>; CAPACITIES.len()],
}

impl Slab {
    /// Returns the first `len` bytes of a buffer.
    pub(super) fn bytes(&self, slot: Slot, len: usize) -> &[u8] {
        if slot.class == NO_CLASS {
            return &[];
        }
        let start = slot.start();
        let page = self.pages.get(slot.page());
        page.and_then(|page| page.bytes.get(start..start + len))
            .unwrap_or_default()
    }

    /// Writes `bytes` behind the first `len` bytes of a buffer, moving it if it is too small.
    /// Returns `None`, and changes nothing, if the result would be larger than [`MAX_CAPACITY`].
    #[inline]
    pub(super) fn append(&mut self, slot: Slot, len: usize, bytes: &[u8]) -> Option<Slot> {
        let needed = len + bytes.len();
        let target = if needed <= slot.capacity() {
            slot
        } else {
            self.grow(slot, len, needed)?
        };
        let start = target.start() + len;
        let page = self.pages.get_mut(target.page())?;
        page.bytes
            .get_mut(start..start + bytes.len())?
            .copy_from_slice(bytes);
        Some(target)
    }

    fn grow(&mut self, slot: Slot, len: usize, needed: usize) -> Option<Slot> {
        let class = CAPACITIES.iter().position(|capacity| *capacity >= needed)?;
        let mut old = [0u8; MAX_CAPACITY];
        let old = old.get_mut(..len)?;
        old.copy_from_slice(self.bytes(slot, len));
        let target = self.take(class)?;
        let start = target.start();
        let page = self.pages.get_mut(target.page())?;
        page.bytes.get_mut(start..start + len)?.copy_from_slice(old);
        self.release(slot);
        Some(target)
    }

    /// Takes a free buffer of a class.
    fn take(&mut self, class: usize) -> Option<Slot> {
        let per_page = (PAGE / CAPACITIES.get(class)?) as u16;
        let number = loop {
            let Some(number) = self.roomy[class].last().copied() else {
                break self.add_page(class)?;
            };
            let page = self.pages.get(number as usize)?;
            if usize::from(page.class) == class && page.used < per_page {
                break number;
            }
            self.roomy[class].pop();
        };
        let page = self.pages.get_mut(number as usize)?;
        let place = page.free.pop().unwrap_or_else(|| {
            page.carved += 1;
            page.carved - 1
        });
        page.used += 1;
        Some(Slot {
            index: number * MAX_PER_PAGE + u32::from(place),
            class: class as u8,
        })
    }

    fn add_page(&mut self, class: usize) -> Option<u32> {
        let number = match self.empty.pop() {
            Some(number) => {
                let page = self.pages.get_mut(number as usize)?;
                page.class = class as u8;
                if page.bytes.is_empty() {
                    page.bytes = new_page();
                }
                number
            }
            None => {
                let number = u32::try_from(self.pages.len()).ok()?;
                // The last buffer of the page must have a number.
                number.checked_add(1)?.checked_mul(MAX_PER_PAGE)?;
                self.pages.push(Page {
                    bytes: new_page(),
                    class: class as u8,
                    used: 0,
                    carved: 0,
                    free: Vec::new(),
                });
                number
            }
        };
        self.roomy[class].push(number);
        Some(number)
    }

    /// Gives a buffer back.
    pub(super) fn release(&mut self, slot: Slot) {
        let class = usize::from(slot.class);
        let (Some(capacity), Some(page)) = (CAPACITIES.get(class), self.pages.get_mut(slot.page())) else {
            return;
        };
        let was_full = usize::from(page.used) == PAGE / capacity;
        page.used -= 1;
        if page.used == 0 {
            page.class = NO_CLASS;
            page.carved = 0;
            page.free = Vec::new();
            self.empty.push(slot.page() as u32);
            return;
        }
        page.free.push(slot.place());
        if was_full {
            self.roomy[class].push(slot.page() as u32);
        }
    }

    /// Gives back the memory of pages that no buffer is in.
    pub(super) fn trim(&mut self) {
        for number in &self.empty {
            if let Some(page) = self.pages.get_mut(*number as usize) {
                page.bytes = Box::default();
            }
        }
    }
}

fn new_page() -> Box<[u8]> {
    vec![0; PAGE].into_boxed_slice()
}

#[cfg(test)]
mod tests;
