//! `Cargo.toml` and `Cargo.lock` of a lesson that leaves the workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

/// Reads a TOML file.
///
/// # Errors
///
/// If it cannot be read, or is no TOML.
pub fn read(path: &Path) -> anyhow::Result<DocumentMut> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is no TOML", path.display()))
}

/// The manifest of a lesson with all that it has from the `workspace` filled in. It says nothing
/// of steps and tests.
///
/// # Errors
///
/// If the workspace does not have what the lesson wants to have from it.
pub fn filled_in(workspace: &DocumentMut, lesson: &str) -> anyhow::Result<DocumentMut> {
    let mut manifest: DocumentMut = lesson.parse()?;
    manifest.remove("dev-dependencies");
    let from = |name| workspace.get("workspace").and_then(|workspace| workspace.get(name));
    if let Some(lints) = from("lints")
        && manifest.contains_key("lints")
    {
        manifest.insert("lints", lints.clone());
    }
    if let Some(package) = manifest.get_mut("package").and_then(Item::as_table_like_mut) {
        package.remove("metadata");
        inherit(package, from("package"))?;
    }
    inherit_dependencies(manifest.as_item_mut(), from("dependencies"))?;
    let target = manifest.get_mut("target").and_then(Item::as_table_like_mut);
    for (_, system) in target.into_iter().flat_map(|systems| systems.iter_mut()) {
        inherit_dependencies(system, from("dependencies"))?;
    }
    Ok(manifest)
}

/// Makes `manifest` the root of a workspace, in which `lesson` is built as in ours.
pub fn make_root(
    manifest: &mut DocumentMut,
    members: &[String],
    ours: &DocumentMut,
    lesson: &DocumentMut,
) {
    let mut workspace = Table::new();
    // A crate that is its own root has the resolver of its edition.
    if !members.is_empty() {
        let resolver = ours.get("workspace").and_then(|workspace| workspace.get("resolver"));
        if let Some(resolver) = resolver {
            workspace.insert("resolver", resolver.clone());
        }
        workspace.insert("members", value(members.iter().collect::<Array>()));
    }
    manifest.insert("workspace", Item::Table(workspace));

    let Some(mut profiles) = ours.get("profile").cloned() else { return };
    // Cargo would warn of what is said of crates that are not there.
    let is_there = |name: &str| {
        let kinds = ["dependencies", "build-dependencies"].into_iter();
        name == "*" || kinds.filter_map(|kind| lesson.get(kind)?.get(name)).next().is_some()
    };
    for (_, profile) in profiles.as_table_like_mut().into_iter().flat_map(|table| table.iter_mut())
    {
        if let Some(packages) = profile.get_mut("package").and_then(Item::as_table_like_mut) {
            let names: Vec<_> = packages.iter().map(|(name, _)| name.to_owned()).collect();
            for name in names.iter().filter(|name| !is_there(name)) {
                packages.remove(name);
            }
        }
    }
    manifest.insert("profile", profiles);
}

/// Fills in the dependencies that are `within` a manifest, or within what it says of a system.
fn inherit_dependencies(within: &mut Item, from: Option<&Item>) -> anyhow::Result<()> {
    for name in ["dependencies", "build-dependencies"] {
        if let Some(table) = within.get_mut(name).and_then(Item::as_table_like_mut) {
            inherit(table, from)?;
        }
    }
    Ok(())
}

/// Replaces each `NAME.workspace = true` in `table` by what `from` has under that name.
fn inherit(table: &mut dyn TableLike, from: Option<&Item>) -> anyhow::Result<()> {
    for (name, item) in table.iter_mut() {
        let Some(own) = item.as_table_like() else { continue };
        if own.get("workspace").and_then(Item::as_bool) != Some(true) {
            continue;
        }
        let features = own.get("features").cloned();
        if own.len() > 1 + usize::from(features.is_some()) {
            bail!(
                "`{name}` is from the workspace, so no more than features can be added to it here"
            );
        }
        let inherited = from.and_then(|from| from.get(name.get()));
        let inherited = inherited.with_context(|| format!("the workspace has no `{name}`"))?;
        let mut inherited = inherited.clone();
        if let Some(value) = inherited.as_value_mut() {
            // Without the comment behind it.
            *value.decor_mut() = toml_edit::Decor::new(" ", "");
        }
        if let Some(features) = features {
            add_features(&mut inherited, &features);
        }
        *item = inherited;
    }
    Ok(())
}

/// Asks for `features` of a `dependency` besides those that it has already.
fn add_features(dependency: &mut Item, features: &Item) {
    if let Some(version) = dependency.as_str() {
        let table = InlineTable::from_iter([("version", version)]);
        *dependency = value(table);
    }
    let all = [dependency.get("features"), Some(features)].into_iter().flatten();
    let all = all.filter_map(Item::as_array).flat_map(|list| list.iter().filter_map(Value::as_str));
    dependency["features"] = value(Array::from_iter(all.collect::<Vec<_>>()));
}

/// The lock file for a workspace with `copies` of `package`, which have other names and versions: with
/// the versions of `ours`, so that Cargo has nothing to choose. What nobody needs there, Cargo removes.
///
/// # Errors
///
/// If `ours` has no such package.
pub fn lock(
    ours: &DocumentMut,
    package: &str,
    copies: &[(&str, &str)],
) -> anyhow::Result<DocumentMut> {
    let mut lock = ours.clone();
    let packages = lock.get_mut("package").and_then(Item::as_array_of_tables_mut);
    let packages = packages.context("no packages in Cargo.lock")?;
    let is_it = |table: &&Table| table.get("name").and_then(Item::as_str) == Some(package);
    let entry = packages.iter().find(is_it).with_context(|| format!("no {package} in Cargo.lock"));
    let entry = entry?.clone();
    for (name, version) in copies {
        let mut copy = entry.clone();
        copy["name"] = value(*name);
        copy["version"] = value(*version);
        packages.push(copy);
    }
    Ok(lock)
}

/// Gives the package of `manifest` another name and version. Its library, if it has one, is still called as
/// it was.
///
/// # Errors
///
/// If the package has no name.
pub fn rename(
    manifest: &mut DocumentMut,
    name: &str,
    version: &str,
    has_library: bool,
) -> anyhow::Result<()> {
    manifest["package"]["version"] = value(version);
    let package = manifest.get_mut("package").and_then(|package| package.get_mut("name"));
    let package = package.context("no package.name")?;
    let library = package.as_str().unwrap_or_default().replace('-', "_");
    *package = value(name);
    if has_library {
        manifest["lib"]["name"] = value(library);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::filled_in;

    #[test]
    fn features_are_added_to_those_that_the_workspace_asks_for() -> anyhow::Result<()> {
        let workspace = "[workspace.dependencies]\na = \"1\"\n\
                         b = { version = \"2\", features = [\"x\"] } # why\n";
        let lesson = "[dependencies]\na = { workspace = true, features = [\"y\"] }\n\n\
                      [target.'cfg(all())'.dependencies]\n\
                      b = { workspace = true, features = [\"y\", \"z\"] }\n";
        let manifest = filled_in(&workspace.parse()?, lesson)?.to_string();
        assert_eq!(
            manifest,
            "[dependencies]\na = { version = \"1\", features = [\"y\"] }\n\n\
             [target.'cfg(all())'.dependencies]\n\
             b = { version = \"2\", features = [\"x\", \"y\", \"z\"] }\n"
        );
        let more = "[dependencies]\na = { workspace = true, optional = true }\n";
        assert!(filled_in(&workspace.parse()?, more).is_err());
        Ok(())
    }
}
