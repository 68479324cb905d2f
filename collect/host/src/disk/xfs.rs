//! What every mounted XFS file system did: `/sys/fs/xfs/*/stats/stats`.
//!
//! Format: `xfs_stats_format` of the kernel's `fs/xfs/xfs_stats.c`, a line a group, `abt 184941 1277345 0 0`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

macro_rules! counter {
    ($name:literal, $help:literal) => {
        Family::counter(concat!("node_xfs_", $name), $help)
    };
}

/// Groups with the families of their columns, in order. The kernel has more groups and columns.
const GROUPS: [(&[u8], &[Family<'_>]); 8] = [
    (
        b"extent_alloc",
        &[
            counter!("extent_allocation_extents_allocated_total", "Extents allocated."),
            counter!("extent_allocation_blocks_allocated_total", "Blocks allocated."),
            counter!("extent_allocation_extents_freed_total", "Extents freed."),
            counter!("extent_allocation_blocks_freed_total", "Blocks freed."),
        ],
    ),
    (
        b"abt",
        &[
            counter!("allocation_btree_lookups_total", "Lookups in allocation trees."),
            counter!(
                "allocation_btree_compares_total",
                "Comparisons in allocation trees."
            ),
            counter!(
                "allocation_btree_records_inserted_total",
                "Records inserted into allocation trees."
            ),
            counter!(
                "allocation_btree_records_deleted_total",
                "Records deleted from allocation trees."
            ),
        ],
    ),
    (
        b"blk_map",
        &[
            counter!("block_mapping_reads_total", "Block maps asked for to read."),
            counter!("block_mapping_writes_total", "Block maps asked for to write."),
            counter!("block_mapping_unmaps_total", "Blocks unmapped."),
            counter!(
                "block_mapping_extent_list_insertions_total",
                "Insertions into extent lists."
            ),
            counter!(
                "block_mapping_extent_list_deletions_total",
                "Deletions from extent lists."
            ),
            counter!(
                "block_mapping_extent_list_lookups_total",
                "Lookups in extent lists."
            ),
            counter!(
                "block_mapping_extent_list_compares_total",
                "Comparisons in extent lists."
            ),
        ],
    ),
    (
        b"bmbt",
        &[
            counter!("block_map_btree_lookups_total", "Lookups in block map trees."),
            counter!(
                "block_map_btree_compares_total",
                "Comparisons in block map trees."
            ),
            counter!(
                "block_map_btree_records_inserted_total",
                "Records inserted into block map trees."
            ),
            counter!(
                "block_map_btree_records_deleted_total",
                "Records deleted from block map trees."
            ),
        ],
    ),
    (
        b"dir",
        &[
            counter!(
                "directory_operation_lookup_total",
                "Names looked up in directories, past the kernel's name cache."
            ),
            counter!("directory_operation_create_total", "Directory entries created."),
            counter!("directory_operation_remove_total", "Directory entries removed."),
            counter!("directory_operation_getdents_total", "Directories listed."),
        ],
    ),
    (
        b"ig",
        &[
            counter!(
                "inode_operation_attempts_total",
                "Inodes looked for in the cache."
            ),
            counter!("inode_operation_found_total", "Inodes found in the cache."),
            counter!(
                "inode_operation_recycled_total",
                "Inodes found in the cache while they were being recycled."
            ),
            counter!("inode_operation_missed_total", "Inodes not found in the cache."),
            counter!(
                "inode_operation_duplicates_total",
                "Inodes that another task had added to the cache in the meantime."
            ),
            counter!("inode_operation_reclaims_total", "Inodes dropped from the cache."),
            counter!(
                "inode_operation_attribute_changes_total",
                "Attributes of inodes changed."
            ),
        ],
    ),
    (
        b"rw",
        &[
            counter!("write_calls_total", "Calls of write(2)."),
            counter!("read_calls_total", "Calls of read(2)."),
        ],
    ),
    (
        b"vnodes",
        &[
            counter!("vnode_active_total", "Vnodes in use."),
            counter!("vnode_allocate_total", "Vnodes allocated."),
            counter!("vnode_get_total", "Vnodes got."),
            counter!("vnode_hold_total", "Vnodes held."),
            counter!("vnode_release_total", "Vnodes released."),
            counter!("vnode_reclaim_total", "Vnodes reclaimed."),
            counter!("vnode_remove_total", "Vnodes removed."),
        ],
    ),
];

/// Collector `xfs`.
#[derive(Default)]
pub(crate) struct Xfs {
    reader: Reader,
}

impl Collector for Xfs {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let reader = &mut self.reader;
        let all = Folder::open(root, "sys/fs/xfs")?;
        let mut mounted = 0;
        let listed = all.each(|device, _| {
            // `stats` and `debug` among the devices belong to all of them.
            let Some(folder) = all.folder(device).and_then(|folder| folder.folder("stats")) else {
                return;
            };
            let Some((bytes, problems)) = reader.bytes_and_problems(&folder, "stats") else {
                return;
            };
            mounted += 1;
            for line in parse::lines(bytes) {
                if collect_line(line, device, out).is_none() {
                    problems.add(format_args!(
                        "cannot read a line of statistics of {device}: {:?}",
                        parse::excerpt(line)
                    ));
                }
            }
        });
        if let Err(error) = listed {
            reader.problem(format_args!("failed to list /sys/fs/xfs: {error}"));
        }
        reader.finish()?;
        if mounted == 0 {
            return Err(CollectError::Absent {
                what: "a mounted XFS file system".to_owned(),
            });
        }
        Ok(())
    }
}

/// Hands over a group's columns; groups that no one asks for are fine.
fn collect_line(line: &[u8], device: &str, out: &mut dyn Sink) -> Option<()> {
    let mut words = parse::words(line);
    let name = words.next()?;
    let Some((_, families)) = GROUPS.iter().find(|(known, _)| *known == name) else {
        return Some(());
    };
    for family in *families {
        out.sample(
            family,
            &[("device", device)],
            parse::unsigned(words.next()?)? as f64,
        );
    }
    Some(())
}

#[cfg(test)]
mod tests;
