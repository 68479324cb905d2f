//! Linux software RAID: `/proc/mdstat` and `/sys/block/md*/md`.
//!
//! Format: `md_seq_show` and `status_resync` of the kernel's `drivers/md/md.c`. An array takes several lines, the
//! first of which begins at the margin:
//!
//! ```text
//! md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]
//!       195310144 blocks [2/1] [U_]
//!       [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec
//! ```

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

const STATE: Family<'_> = Family::gauge("node_md_state", "1 for the state the array is in, otherwise 0.");
const DISKS: Family<'_> = Family::gauge("node_md_disks", "Disks of the array that are in a state.");
const DISKS_REQUIRED: Family<'_> = Family::gauge("node_md_disks_required", "Disks the array should have.");
const BLOCKS: Family<'_> = Family::gauge("node_md_blocks", "Blocks of 1 KiB the array has.");
const BLOCKS_SYNCED: Family<'_> = Family::gauge("node_md_blocks_synced", "Blocks of 1 KiB that are in sync.");
const RAID_DISKS: Family<'_> = Family::gauge("node_md_raid_disks", "Disks of a whole array.");
const DEGRADED: Family<'_> = Family::gauge("node_md_degraded", "Disks by which the array is degraded.");

/// Values of the label `state`, with the state they stand for.
const STATES: [(&str, State); 5] = [
    ("active", State::Active),
    ("inactive", State::Inactive),
    ("recovering", State::Recovering),
    ("resync", State::Resyncing),
    ("check", State::Checking),
];

/// What an array does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Inactive,
    Recovering,
    Resyncing,
    Checking,
    /// Being reshaped, broken, or what kernels to come say; none of the label's values.
    Other,
}

/// An array as `/proc/mdstat` shows it.
#[derive(Debug, PartialEq, Eq)]
struct Array<'t> {
    name: &'t str,
    state: State,
    active: u64,
    failed: u64,
    spare: u64,
    required: u64,
    blocks: u64,
    synced: u64,
}

/// Collector `mdadm`.
#[derive(Default)]
pub(crate) struct Mdadm {
    buffer: Vec<u8>,
    reader: Reader,
}

impl Collector for Mdadm {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self { buffer, reader } = self;
        let bytes = root.read("proc/mdstat", buffer)?;
        let mut rest = bytes;
        while let Some(lines) = next_array(&mut rest) {
            match Array::parse(lines) {
                Some(array) => report(&array, out),
                None => reader.problem(format_args!(
                    "cannot read an array of /proc/mdstat: {:?}",
                    parse::excerpt(parse::lines(lines).next().unwrap_or_default())
                )),
            }
        }
        if let Ok(block) = Folder::open(root, "sys/block") {
            let listed = block.each(|device, _| {
                if device.starts_with("md")
                    && let Some(folder) = block.folder(device).and_then(|folder| folder.folder("md"))
                {
                    collect_attributes(device, &folder, reader, out);
                }
            });
            if let Err(error) = listed {
                reader.problem(format_args!("failed to list /sys/block: {error}"));
            }
        }
        reader.finish()
    }
}

fn report(array: &Array<'_>, out: &mut dyn Sink) {
    let device = ("device", array.name);
    for (value, state) in STATES {
        let is = f64::from(u8::from(array.state == state));
        out.sample(&STATE, &[device, ("state", value)], is);
    }
    for (value, disks) in [
        ("active", array.active),
        ("failed", array.failed),
        ("spare", array.spare),
    ] {
        out.sample(&DISKS, &[device, ("state", value)], disks as f64);
    }
    out.sample(&DISKS_REQUIRED, &[device], array.required as f64);
    out.sample(&BLOCKS, &[device], array.blocks as f64);
    out.sample(&BLOCKS_SYNCED, &[device], array.synced as f64);
}

fn collect_attributes(device: &str, folder: &Folder, reader: &mut Reader, out: &mut dyn Sink) {
    let label = [("device", device)];
    // Containers of external metadata have no disks of their own.
    let has_disks = !matches!(
        reader.bytes(folder, "level"),
        None | Some(b"" | b"container" | b"imsm" | b"ddf")
    );
    if has_disks {
        // While the array is reshaped it reads `11 (10)`.
        let disks = reader
            .bytes(folder, "raid_disks")
            .and_then(|bytes| parse::unsigned(parse::words(bytes).next()?));
        if let Some(disks) = disks {
            out.sample(&RAID_DISKS, &label, disks as f64);
        }
    }
    // Levels without redundancy have no such attribute.
    let degraded = reader.unsigned(folder, "degraded").unwrap_or(0);
    out.sample(&DEGRADED, &label, degraded as f64);
}

/// Takes the lines of the next array off the front.
fn next_array<'t>(rest: &mut &'t [u8]) -> Option<&'t [u8]> {
    let begins = |line: &[u8]| {
        line.first().is_some_and(|byte| !byte.is_ascii_whitespace())
            && !line.starts_with(b"Personalities")
            && !line.starts_with(b"unused")
    };
    let mut start = None;
    let mut at = 0;
    for line in rest.split_inclusive(|byte| *byte == b'\n') {
        let is_end = line.first() != Some(&b' ');
        if start.is_some() && is_end {
            break;
        }
        if begins(line) {
            start = Some(at);
        }
        at += line.len();
    }
    let (before, after) = rest.split_at_checked(at)?;
    *rest = after;
    before.get(start?..)
}

impl<'t> Array<'t> {
    fn parse(lines: &'t [u8]) -> Option<Self> {
        let mut lines = parse::lines(lines);
        let head = lines.next()?;
        let mut words = parse::words(head);
        let name = std::str::from_utf8(words.next()?).ok()?;
        let state = match words.nth(1)? {
            b"active" => State::Active,
            b"inactive" => State::Inactive,
            _ => State::Other,
        };
        let status = lines.next()?;
        let blocks = parse::unsigned(parse::words(status).next()?)?;
        let (required, active) = disks(head, status, state)?;
        let mut array = Self {
            name,
            state,
            active,
            failed: count(head, b"(F)"),
            spare: count(head, b"(S)"),
            required,
            blocks,
            synced: blocks,
        };
        for line in lines {
            if let Some((state, synced)) = progress(line) {
                array.state = state;
                array.synced = synced?;
                break;
            }
        }
        Some(array)
    }
}

/// Returns how many disks the array should have, and how many are active.
fn disks(head: &[u8], status: &[u8], state: State) -> Option<(u64, u64)> {
    if parse::words(head).any(|word| word == b"raid0" || word == b"linear") {
        // Only disks have a number in brackets, and without redundancy all of them are active.
        let all = count(head, b"[");
        return Some((all, all));
    }
    if state == State::Inactive {
        return Some((0, 0));
    }
    parse::words(status).find_map(|word| fraction(word.strip_prefix(b"[")?.strip_suffix(b"]")?))
}

/// Returns what a line says about a synchronization: the state, and the blocks done, `None` if it does not parse.
fn progress(line: &[u8]) -> Option<(State, Option<u64>)> {
    let state = [
        (&b"recovery"[..], State::Recovering),
        (b"reshape", State::Other),
        (b"check", State::Checking),
        (b"resync", State::Resyncing),
    ]
    .into_iter()
    .find(|(word, _)| count(line, word) > 0)?
    .1;
    let waits = [&b"PENDING"[..], b"DELAYED", b"REMOTE"]
        .into_iter()
        .any(|word| count(line, word) > 0);
    if waits {
        return Some((state, Some(0)));
    }
    let done = parse::words(line)
        .find_map(|word| fraction(word.strip_prefix(b"(")?.strip_suffix(b")")?))
        .map(|(done, _)| done);
    Some((state, done))
}

fn fraction(bytes: &[u8]) -> Option<(u64, u64)> {
    let slash = bytes.iter().position(|byte| *byte == b'/')?;
    let (first, second) = bytes.split_at_checked(slash)?;
    Some((
        parse::unsigned(first)?,
        parse::unsigned(second.strip_prefix(b"/")?)?,
    ))
}

fn count(bytes: &[u8], wanted: &[u8]) -> u64 {
    bytes
        .windows(wanted.len())
        .filter(|window| *window == wanted)
        .count() as u64
}

#[cfg(test)]
mod tests;
