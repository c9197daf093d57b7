//! Crates that share a build directory, where what they depend on is compiled once, and are never
//! taken for each other.
//!
//! Cargo takes two crates for the same if they agree in name, version and place in their workspace
//! (rust-lang/cargo#7740), and for unchanged if their files are older than what it has built. But
//! it keeps apart what different wrappers of rustc have compiled, and it tells wrappers by their
//! paths. So each crate has a wrapper with a path of its own: this program, by a detour.

use std::collections::HashSet;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::{self, Command, ExitCode, ExitStatus};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::system::files;

/// Set where Cargo starts us as a wrapper of rustc.
const IS_WRAPPER: &str = "XTASK_IS_WRAPPER";

/// Where a crate is built.
pub const PLACE: &str = "CARGO_TARGET_DIR";

/// The files of a crate at a build.
#[derive(Serialize, Deserialize)]
struct Seen {
    /// The folder of the detour: another one after each change that Cargo would overlook.
    detour: String,
    /// A hash of each file's path and what is in it.
    files: HashSet<u64>,
    /// A hash of what its code is generated from.
    origin: u64,
}

/// The file that says where the code is that was generated last.
const OUT: &str = "out.txt";

/// What to set so that Cargo builds the crate in `folder` apart from all others, with `build` as its
/// build directory. Cargo before 1.91 has none: then what the crate depends on is compiled apart,
/// too.
///
/// # Errors
///
/// If there is no such folder, or nothing can be written next to our own program.
pub fn variables(folder: &Path, build: &Path) -> anyhow::Result<[(&'static str, OsString); 5]> {
    variables_with(&env::current_exe().context("cannot find our own program")?, folder, build)
}

/// The same, for other programs than `ours`, which is `xtask`.
///
/// # Errors
///
/// See [`variables`].
pub fn variables_with(
    ours: &Path,
    folder: &Path,
    build: &Path,
) -> anyhow::Result<[(&'static str, OsString); 5]> {
    let folder =
        folder.canonicalize().with_context(|| format!("cannot look into {}", folder.display()))?;
    let place = ours.with_file_name("apart").join(format!("{:x}", hash(&folder)));
    let detour =
        detour(&folder, &place).with_context(|| format!("cannot write to {}", place.display()))?;
    let wrapper = place.join(detour).join("..").join("..").join("..");
    let wrapper = wrapper.join(ours.file_name().unwrap_or_default());
    Ok([
        ("CARGO_BUILD_BUILD_DIR", build.into()),
        (PLACE, place.into()),
        ("RUSTC_WORKSPACE_WRAPPER", wrapper.into()),
        (IS_WRAPPER, "1".into()),
        // What Cargo knows of a rustc, it notes in the build directory, and of one only: with our wrapper
        // there, every build without it would have to ask again.
        ("CARGO_CACHE_RUSTC_INFO", "0".into()),
    ])
}

/// The folder in `place` that the detour goes through: another one if a file in `folder` has changed
/// since the last time, and has a date from before it.
fn detour(folder: &Path, place: &Path) -> anyhow::Result<String> {
    let (mut files, mut origin) = (Vec::new(), Vec::new());
    for (path, about) in files::within(folder, &[])? {
        // If one that cannot be read matters, Cargo says so.
        if let Ok(text) = fs::read(&path) {
            let is_origin = |name| path.starts_with(folder.join(name));
            let (is_origin, file) =
                (["build.rs", "proto"].iter().any(is_origin), hash(&(path, text)));
            origin.extend(is_origin.then_some(file));
            files.push((file, about.modified()?));
        }
    }
    let origin = hash(&origin);
    let note = place.join("seen.json");
    let seen = fs::read(&note).ok().and_then(|json| serde_json::from_slice::<Seen>(&json).ok());
    if seen.as_ref().is_some_and(|seen| seen.origin != origin) {
        forget_generated(place)?;
    }
    let noted = fs::metadata(&note).and_then(|note| note.modified()).ok();
    let up_to_date = seen.zip(noted).filter(|(seen, noted)| {
        files.iter().all(|(file, date)| date > noted || seen.files.contains(file))
    });
    let detour = match up_to_date {
        Some((seen, _)) => seen.detour,
        None => format!("{:x}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos()),
    };
    fs::create_dir_all(place.join(&detour))?;
    let files = files.into_iter().map(|(file, _)| file).collect();
    let seen = Seen { detour, files, origin };
    // At once: half a note would be none, and what was built by the last detour is still there.
    let new = place.join(format!("seen-{}.json", process::id()));
    fs::write(&new, serde_json::to_vec(&seen)?)?;
    fs::rename(new, note)?;
    Ok(seen.detour)
}

/// Notes for the build after this one that the code of the crate in `place` is generated in the folder
/// `out`.
///
/// # Errors
///
/// If the note cannot be written.
pub fn note_generated(place: &Path, out: &str) -> io::Result<()> {
    fs::create_dir_all(place)?;
    fs::write(place.join(OUT), out)
}

/// Removes that folder with what Cargo has noted of it. Otherwise what a build script has generated is
/// still there when it does so no more.
fn forget_generated(place: &Path) -> io::Result<()> {
    let Ok(out) = fs::read_to_string(place.join(OUT)) else { return Ok(()) };
    match Path::new(&out).parent().map(fs::remove_dir_all) {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Runs rustc if Cargo has started us as its wrapper: returns how it has ended.
///
/// # Errors
///
/// If rustc cannot be started.
pub fn as_wrapper() -> Option<io::Result<ExitCode>> {
    env::var_os(IS_WRAPPER)?;
    let mut args = env::args_os().skip(1);
    let status = Command::new(args.next()?).args(args).env_remove(IS_WRAPPER).status();
    // It has none if it was killed.
    let code = |status: ExitStatus| status.code().and_then(|code| code.try_into().ok());
    Some(status.map(|status| ExitCode::from(code(status).unwrap_or(1))))
}
