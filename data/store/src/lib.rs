//! Durable metrics: write-ahead log, head, blocks, index, compaction, retention.
