//! Grades a learner's proto files: what they declare, at every step.

use std::fs;
use std::path::Path;

use crate::learner::Grade;
use crate::steps::states::State;
use crate::workspace::lesson::proto_files;
use crate::workspace::proto::{self, BYTE_ORDER_MARK, Declaration};

/// What there is to say of the proto files in the crate `folder` at each step of a lesson whose
/// `states` are these, from step 1 on. What is there besides does no harm; and once what they
/// generate `is_generated` and compiled, it does not matter where they are.
///
/// # Errors
///
/// If our own are wrong.
pub fn grade(states: &[State], folder: &Path, is_generated: bool) -> anyhow::Result<Vec<Grade>> {
    let theirs = proto::declarations(folder);
    let declared = |state: &State| -> anyhow::Result<Vec<Declaration>> {
        let ours = proto::declarations(&state.folder).map_err(anyhow::Error::msg)?;
        Ok(ours.unwrap_or_default())
    };
    let known = states.last().map(declared).transpose()?.unwrap_or_default();
    let mut grades = Vec::new();
    let mut earlier: Vec<Declaration> = Vec::new();
    for state in states.iter().skip(1) {
        let ours = declared(state)?;
        let is_new = |it: &&Declaration| !earlier.contains(*it);
        let new: Vec<Declaration> = ours.iter().filter(is_new).cloned().collect();
        let theirs = match &theirs {
            Ok(Some(theirs)) => theirs,
            _ if is_generated => {
                grades.push(Grade::Works(None));
                continue;
            }
            Err(error) if state.step == 1 => {
                let why = oddity(folder).unwrap_or_else(|| format!("proto/{error}"));
                grades.push(Grade::Wrong(why));
                continue;
            }
            Ok(None) if state.step == 1 => {
                grades.push(Grade::Missing(elsewhere(folder).unwrap_or_default()));
                continue;
            }
            _ => {
                grades.push(Grade::missing());
                continue;
            }
        };
        grades.push(match compare(&new, theirs, &known, state.step) {
            Grade::Works(_) if state.step == 1 && !is_generated => match oddity(folder) {
                Some(oddity) => Grade::Wrong(oddity),
                None => Grade::Works(not_compiled(states, folder, false)),
            },
            Grade::Works(_) if state.step > 1 && !new.is_empty() => {
                let not_compiled = not_compiled(states, folder, is_generated);
                not_compiled.map_or(Grade::Works(None), Grade::Missing)
            }
            grade => grade,
        });
        earlier = ours;
    }
    Ok(grades)
}

/// The methods that our proto files declare at `state`: `helloworld.Greeter.SayHello`.
///
/// # Errors
///
/// If they are wrong.
pub fn methods(state: &State) -> anyhow::Result<Vec<String>> {
    let all = proto::declarations(&state.folder).map_err(anyhow::Error::msg)?;
    let all = all.unwrap_or_default().into_iter();
    Ok(all.filter(|it| it.kind == "method").map(|it| it.name).collect())
}

/// Grades what a step declares.
fn compare(
    new: &[Declaration],
    theirs: &[Declaration],
    known: &[Declaration],
    step: usize,
) -> Grade {
    let is_there =
        |it: &&Declaration| theirs.iter().any(|t| t.kind == it.kind && t.name == it.name);
    let Some(difference) = proto::difference(new, theirs, known) else { return Grade::Works(None) };
    let is_method = |it: &&Declaration| it.kind == "method";
    // A step that adds no method has not been begun before its fields are there.
    let mut methods = new.iter().filter(is_method).peekable();
    let has_methods = methods.peek().is_some() && methods.all(|it| is_there(&it));
    let is_other = new.iter().filter(is_there).any(|it| !theirs.contains(it));
    if step == 1 || is_other || has_methods {
        Grade::Wrong(difference)
    } else if new.iter().any(|it| is_there(&it)) || difference.contains(", but a ") {
        Grade::Missing(difference)
    } else {
        Grade::missing()
    }
}

/// What is wrong with a proto file in the crate `folder` that nobody can see.
pub fn oddity(folder: &Path) -> Option<String> {
    proto_files(&folder.join("proto")).ok()?.iter().find_map(|path| {
        let path = path.strip_prefix(folder).unwrap_or(path);
        let name = path.display();
        match String::from_utf8(fs::read(folder.join(path)).ok()?) {
            Ok(text) if text.starts_with(BYTE_ORDER_MARK) => Some(format!(
                "{name} begins with a byte order mark, which `protoc` skips and protox does not \
                 take: save it as UTF-8 without one"
            )),
            Ok(_) => None,
            Err(_) => Some(format!("{name} is not UTF-8: save it as UTF-8")),
        }
    })
}

/// Where a proto file is, if none is where it is looked for.
fn elsewhere(folder: &Path) -> Option<String> {
    let other = |dir: &str, is_it: fn(&str) -> bool| {
        let names = fs::read_dir(folder.join(dir)).ok()?.flatten();
        let mut names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.find(|name| is_it(name))
    };
    if let Some(name) = other("proto", |name| !name.starts_with('.')) {
        return Some(format!("proto/{name} is no proto file: its name has to end with `.proto`"));
    }
    let is_proto = |name: &str| name.ends_with(".proto");
    let dir = ["", "src", "protos"].into_iter().find(|dir| other(dir, is_proto).is_some())?;
    let name = Path::new(dir).join(other(dir, is_proto)?);
    Some(format!("{} is there: it belongs into the folder `proto`", name.display()))
}

/// A proto file of the learner's whose name `build.rs` does not have, and what it is called in the
/// lesson, if that differs and what it generates is not compiled.
fn not_compiled(states: &[State], folder: &Path, is_generated: bool) -> Option<String> {
    let names = |folder: &Path| -> Vec<String> {
        let files = proto_files(&folder.join("proto")).unwrap_or_default();
        let names = files.iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
        names.collect()
    };
    let build = fs::read_to_string(folder.join("build.rs")).unwrap_or_default();
    if ["read_dir", "glob", "walkdir"].iter().any(|all| build.contains(all)) {
        return None;
    }
    let theirs = names(folder);
    let is_named = |name: &String| {
        build.contains(name) || build.contains(&format!("\"{}\"", name.trim_end_matches(".proto")))
    };
    let name = theirs.iter().find(|name| !is_named(name))?;
    let ours = names(&states.last()?.folder);
    let missing = ours.iter().find(|name| !theirs.contains(name));
    match missing {
        _ if build.contains(".proto\"") => Some(format!("build.rs does not name proto/{name}")),
        Some(missing) if !is_generated && !ours.contains(name) => Some(format!(
            "your file is proto/{name}, the lesson's proto/{missing}: so build.rs has to name yours"
        )),
        _ => None,
    }
}
