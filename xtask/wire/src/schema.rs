//! What proto files say of the methods that are called.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use protox::prost_reflect::{DescriptorPool, MethodDescriptor};
use xtask::workspace::proto;

/// Some proto files, each by itself: two of them may declare the same names.
#[derive(Default)]
pub struct Schema(Vec<DescriptorPool>);

impl Schema {
    /// The proto files in `folders`.
    ///
    /// # Errors
    ///
    /// If one is wrong: where, and what.
    pub fn of_folders(folders: &[PathBuf]) -> anyhow::Result<Schema> {
        let mut all = Vec::new();
        for folder in folders {
            all.extend(proto::pools(folder).map_err(|error| wrong(folder, &error))?);
        }
        Ok(Schema(all))
    }

    /// The proto files `files`, each with what it imports from its own folder.
    ///
    /// # Errors
    ///
    /// If one is not there, or wrong.
    pub fn of_files(files: &[PathBuf]) -> anyhow::Result<Schema> {
        let mut pools = Vec::new();
        for file in files {
            // protox would say that it is in none of its folders.
            std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
            let folder = match file.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            pools.push(proto::pool(folder, file).map_err(|error| wrong(folder, &error))?);
        }
        Ok(Schema(pools))
    }

    /// The method with the path `path`: `/helloworld.Greeter/SayHello`.
    pub fn method(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, name) = path.strip_prefix('/')?.rsplit_once('/')?;
        self.0.iter().find_map(|pool| {
            pool.get_service_by_name(service)?.methods().find(|method| method.name() == name)
        })
    }
}

/// What is wrong with a file in `folder`, with its path.
fn wrong(folder: &Path, error: &str) -> anyhow::Error {
    anyhow!("{}/{error}", folder.display())
}
