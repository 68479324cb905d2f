//! The kept corpora, as an ordinary test: what once reached a place in a reader, or broke it, is read again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

#[test]
fn every_kept_input_is_read() -> anyhow::Result<()> {
    for target in fuzz::TARGETS {
        let folder = corpus(target.name);
        let mut n_inputs = 0;
        for entry in std::fs::read_dir(&folder).with_context(|| format!("no corpus {}", folder.display()))? {
            let path = entry?.path();
            let bytes = std::fs::read(&path)?;
            if std::panic::catch_unwind(|| (target.run)(&bytes)).is_err() {
                anyhow::bail!("{} breaks {}", path.display(), target.name);
            }
            n_inputs += 1;
        }
        assert!(n_inputs > 0, "{} has inputs", target.name);
    }
    Ok(())
}

#[test]
fn every_corpus_belongs_to_a_target() -> anyhow::Result<()> {
    for entry in std::fs::read_dir(corpus(""))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        assert!(
            fuzz::find_target(&name).is_some(),
            "corpus/{name} is read by nothing"
        );
    }
    Ok(())
}

/// Inputs that the store itself writes; a change of format that forgets the corpus is noticed here.
fn written_by_the_store() -> anyhow::Result<Vec<(&'static str, String, Vec<u8>)>> {
    let mut inputs = vec![(
        "log_records",
        "written".to_owned(),
        store::fuzzing::log_records_input(),
    )];
    inputs.push(("state_files", "written".to_owned(), store::fuzzing::slice_input()));
    for (n, chunk) in store::fuzzing::chunk_inputs().into_iter().enumerate() {
        inputs.push(("chunk", format!("written-{n}"), chunk));
    }
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/store/tests/data/v3/parts");
    for entry in std::fs::read_dir(&parts)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        inputs.push((
            "part",
            format!("written-{}", name.trim_start_matches('0')),
            store::fuzzing::part_input(&path)?,
        ));
    }
    Ok(inputs)
}

/// `UPDATE=1` writes them anew.
#[test]
fn the_corpus_begins_with_what_the_store_writes() -> anyhow::Result<()> {
    for (target, name, bytes) in written_by_the_store()? {
        let path = corpus(target).join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(corpus(target))?;
            std::fs::write(&path, &bytes)?;
        }
        let kept =
            std::fs::read(&path).with_context(|| format!("no {}; UPDATE=1 writes it", path.display()))?;
        assert!(
            kept == bytes,
            "{} is not what the store writes; UPDATE=1 writes it",
            path.display()
        );
    }
    Ok(())
}
