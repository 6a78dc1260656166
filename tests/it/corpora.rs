//! What the fuzzers found, and what leads them everywhere: read again in every run of the tests.

use std::fs;
use std::path::Path;

use super::fuzz::TARGETS;

#[test]
fn nothing_that_a_fuzzer_has_kept_breaks_a_law() {
    for (target, run) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "{} is empty", folder.display());
        for path in paths {
            // The last one named is the one that failed.
            println!("{}", path.display());
            run(&fs::read(&path).expect("a readable file"));
        }
    }
}
