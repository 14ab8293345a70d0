//! Compresses the console's files, so that the binary carries them small and serves them as they
//! are.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

const FILES: &str = "src/desk/console/static";

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::var("OUT_DIR")?;
    compress(Path::new(FILES), &Path::new(&out).join("console"))
}

/// Writes each file below `from` to `to`, with `.gz` after its name.
fn compress(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", from.display());
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            compress(&path, &to.join(name))?;
            continue;
        }
        let file = File::create(to.join(format!("{}.gz", name.to_string_lossy())))?;
        let mut encoder = GzEncoder::new(file, Compression::best());
        std::io::copy(&mut File::open(&path)?, &mut encoder)?;
        encoder.finish()?;
    }
    Ok(())
}
