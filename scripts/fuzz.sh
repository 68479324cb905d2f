#!/usr/bin/env bash
# Runs libFuzzer over the readers of tests/fuzz, each for a while, from its corpus.
#
#   scripts/fuzz.sh SECONDS [TARGET...]   runs them
#   scripts/fuzz.sh --keep [TARGET...]    adds to their corpora the fewest inputs that reach what was found
#
# What is found lies in FOLDER/crashes/TARGET and ends the run with an error; new inputs that reach new code lie in
# FOLDER/found/TARGET. FOLDER is target/fuzz. The compiler's own coverage passes give the feedback, so that the stable
# toolchain will do; only what is built for the fuzzer is built with them, beside everything else.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
folder=${CARGO_TARGET_DIR:-target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
if [ $# -eq 0 ]; then
    set -- $(ls tests/fuzz/corpus)
fi

# As cargo-fuzz has them. With --target, what runs while building stays as it is.
flags="-Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS="$flags --cfg fuzzing" cargo build --profile fuzz --target "$host" --target-dir "$folder" \
    --package fuzz --features libfuzzer --bin fuzz

failed=()
for target in "$@"; do
    found=$folder/found/$target crashes=$folder/crashes/$target
    mkdir -p "$found" "$crashes"
    if [ "$seconds" = --keep ]; then
        # New places only, not new counts of visits: a corpus is to be short.
        PERIPLUS_FUZZ=$target "$folder/$host/fuzz/fuzz" -merge=1 -use_counters=0 -max_len=4096 \
            "tests/fuzz/corpus/$target" "$found" >"$folder/$target.log" 2>&1
        echo "$target: $(ls "tests/fuzz/corpus/$target" | wc -l) inputs"
        continue
    fi
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
        -artifact_prefix="$crashes/")
    dictionary=tests/fuzz/dictionaries/$target.dict
    [ -e "$dictionary" ] && options+=(-dict="$dictionary")
    echo "== $target"
    PERIPLUS_FUZZ=$target "$folder/$host/fuzz/fuzz" "${options[@]}" "$found" "tests/fuzz/corpus/$target" \
        >"$folder/$target.log" 2>&1 || failed+=("$target")
    grep -E 'DONE|stat::number_of_executed_units|panicked|ERROR' "$folder/$target.log" | tail -4 || true
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "error: found in: ${failed[*]}" >&2
    echo "hint: read $folder/TARGET.log; PERIPLUS_FUZZ=TARGET $folder/$host/fuzz/fuzz FILE runs one input again" >&2
    exit 1
fi
