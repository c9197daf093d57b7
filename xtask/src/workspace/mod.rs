//! What there is: a workspace with lessons in it, and the manifest and the protos of each.

pub mod lesson;
pub mod manifest;
pub mod metadata;
#[cfg(feature = "runner")]
pub mod proto;
#[cfg(feature = "runner")]
pub mod requests;

use std::env;
use std::path::{Component, Display, Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, bail};
use cargo_metadata::Metadata;
use similar::get_close_matches;

use crate::system::cargo::{self, Build, RENDERED};
use crate::system::error::WrongUse;
use crate::system::files::Scratch;
use crate::workspace::lesson::{Lesson, Programs, Target};

/// The folder in which every server that we start makes certificates and tokens, and in which all
/// clients find them. It is known as soon as there is a workspace.
static CERTIFICATES: OnceLock<PathBuf> = OnceLock::new();

tokio::task_local! {
    /// The same for what is done [`with_own_certificates`].
    static OWN_CERTIFICATES: PathBuf;
}

/// What to set for a program of a lesson, whoever has written it.
pub fn variables() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let folder = OWN_CERTIFICATES.try_with(PathBuf::clone).ok();
    let folder = folder.or_else(|| CERTIFICATES.get().cloned());
    folder.map(|folder| ("CERTIFICATES", folder)).into_iter()
}

/// Does `work` with certificates of its own, which the first server makes: those that one crate makes
/// may be wrong.
///
/// # Errors
///
/// Those of `work`, or if there can be no folder for them.
pub async fn with_own_certificates<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let scratch = Scratch::new()?;
    OWN_CERTIFICATES.scope(scratch.0.join("certificates"), work).await
}

/// A workspace with lessons in it.
pub struct Workspace {
    /// The folder of its `Cargo.toml`.
    pub root: PathBuf,
    /// Where Cargo puts what it builds.
    pub target: PathBuf,
    /// Where it puts what only it reads; the same, unless somebody has set it.
    pub build: PathBuf,
    /// In the order of their folders.
    pub lessons: Vec<Lesson>,
}

impl Workspace {
    /// Asks Cargo which packages there are around the current folder, and finds the lessons among
    /// them. If there are none, as in a learner's own crate, takes the workspace that we are from.
    ///
    /// # Errors
    ///
    /// If there are no lessons, or one is not laid out as it has to be.
    pub async fn load() -> anyhow::Result<Workspace> {
        // Cargo says where our manifest is, if it has started us.
        let ours = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let is_package = |dir: &Path| dir.join("Cargo.toml").is_file();
        let mut workspace = None;
        if ours.is_none() || env::current_dir()?.ancestors().any(is_package) {
            workspace = match metadata(Path::new("."), ours.is_some()).await {
                Err(error) if ours.is_none() => return Err(error),
                Err(_) => None,
                Ok(metadata) => Some(Workspace::of(&metadata)?),
            };
        }
        let workspace = match (workspace, ours) {
            (Some(workspace), _) if !workspace.lessons.is_empty() => workspace,
            // The runner's folder stands at the top: one question is enough there.
            (_, Some(ours)) => Workspace::of(&metadata(&ours.join(".."), false).await?)?,
            (_, None) => bail!("no package around this folder is a lesson"),
        };
        CERTIFICATES.get_or_init(|| workspace.target.join("certificates"));
        Ok(workspace)
    }

    fn of(metadata: &Metadata) -> anyhow::Result<Workspace> {
        let mut lessons = Vec::new();
        for package in &metadata.packages {
            let about = &package.metadata["lesson"];
            if !about.is_null() {
                let is_apart = !metadata.workspace_default_members.contains(&package.id);
                let lesson = Lesson::new(package, about, is_apart)
                    .with_context(|| format!("{} is no lesson", package.manifest_path))?;
                lessons.push(lesson);
            }
        }
        lessons.sort_by(|a, b| a.name.cmp(&b.name));
        let build = metadata.build_directory.as_ref().unwrap_or(&metadata.target_directory);
        Ok(Workspace {
            build: build.clone().into(),
            root: metadata.workspace_root.clone().into(),
            target: as_cargo_has_it(metadata.target_directory.as_std_path()),
            lessons,
        })
    }

    /// The lessons that `wanted` names by number, folder or package; all of them if it is empty.
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if it has a name that is no lesson's.
    pub fn select(&self, wanted: &[String]) -> anyhow::Result<Vec<&Lesson>> {
        if let Some(unknown) = wanted.iter().find(|name| !self.lessons.iter().any(|l| l.is(name))) {
            let names: Vec<_> = self.lessons.iter().map(|lesson| lesson.name.as_str()).collect();
            let packages = self.lessons.iter().map(|lesson| lesson.package.as_str());
            let known: Vec<_> = packages.chain(names.iter().copied()).collect();
            let near = get_close_matches(unknown.as_str(), &known, 1, 0.5);
            let near = near.first().map(|near| format!("; did you mean `{near}`?"));
            let (near, names) = (near.unwrap_or_default(), names.join(", "));
            return Err(WrongUse(format!("no lesson `{unknown}`: there are {names}{near}")).into());
        }
        let is_wanted = |lesson: &&Lesson| wanted.is_empty() || wanted.iter().any(|w| lesson.is(w));
        Ok(self.lessons.iter().filter(is_wanted).collect())
    }

    /// The lesson that `wanted` names.
    ///
    /// # Errors
    ///
    /// With [`WrongUse`], if it is no lesson's name.
    pub fn the(&self, wanted: &str) -> anyhow::Result<&Lesson> {
        Ok(self.select(&[wanted.to_owned()])?[0])
    }

    /// Builds `lessons`, with their `examples` if those are wanted, in as few calls of `cargo build` as
    /// may be. Their progress and errors go to standard error. Returns the programs.
    ///
    /// # Errors
    ///
    /// If something does not compile.
    pub async fn build(&self, lessons: &[&Lesson], examples: bool) -> anyhow::Result<Programs> {
        let kinds: &[&str] = if examples { &["--bins", "--examples"] } else { &["--bins"] };
        let mut programs = Programs::default();
        for packages in packages(lessons) {
            let args = [kinds, &packages].concat();
            programs.extend(self.build_with(&args, false).await?);
        }
        Ok(programs)
    }

    /// Builds what `args` select in one `cargo build`, as [`Build::start`] does it.
    ///
    /// # Errors
    ///
    /// If something does not compile.
    pub async fn build_with(&self, args: &[&str], quietly: bool) -> anyhow::Result<Programs> {
        let args = [args, &[RENDERED]].concat();
        let build = if self.target.starts_with(&self.root) {
            Build::start(&self.root, &args, quietly)?
        } else {
            // Somebody has set it, perhaps for two copies of the lessons.
            Build::apart(&self.build, &self.root, &args, quietly)?
        };
        let (programs, status) = Programs::of(build).await?;
        if !status.success() {
            bail!("the lessons do not build: {status}");
        }
        Ok(programs)
    }

    /// Builds the program that writes JUnit's XML.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub async fn junit(&self) -> anyhow::Result<PathBuf> {
        let programs = self.build_with(&["--package", "junit"], false).await?;
        self.tool(&programs, "xtask/junit/src/main.rs".as_ref())
    }

    /// Builds the program `name` of `xtask/testing`, which calls servers of `lesson` in ways that its
    /// clients do not. The runner itself does without tonic so.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub async fn caller(
        &self,
        name: &str,
        lesson: &Lesson,
        quietly: bool,
    ) -> anyhow::Result<PathBuf> {
        let programs = self.build_with(&caller_args(name, lesson), quietly).await?;
        self.tool(&programs, &Path::new("xtask/testing/src/bin").join(name).with_extension("rs"))
    }

    /// Builds the program of `xtask/page` that plays a transcript on a page in a browser.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub async fn player(&self, quietly: bool) -> anyhow::Result<PathBuf> {
        let args = ["--package", "page", "--bin", "look"];
        let programs = self.build_with(&args, quietly).await?;
        self.tool(&programs, "xtask/page/src/bin/look.rs".as_ref())
    }

    /// The one of `programs` whose `main` is in the file `source`.
    fn tool(&self, programs: &Programs, source: &Path) -> anyhow::Result<PathBuf> {
        let source = self.root.join(source);
        let source = source.try_into().context("the folder of the lessons is not UTF-8")?;
        Ok(programs.path(&Target { source, role: None, file: None })?.to_owned())
    }
}

/// What Cargo knows of the workspace around `folder`: see [`cargo::metadata`].
async fn metadata(folder: &Path, quietly: bool) -> anyhow::Result<Metadata> {
    let metadata = cargo::metadata(folder, quietly).await?;
    let root = metadata.workspace_root.as_std_path();
    if folder.canonicalize()? == root.canonicalize()? {
        return Ok(metadata);
    }
    // In the folder of a member, that is the only default one.
    cargo::metadata(root, quietly).await
}

/// The arguments that select the program `name` of `xtask/testing`.
pub fn caller_args<'a>(name: &'a str, lesson: &'a Lesson) -> Vec<&'a str> {
    // With the lesson, although nothing of it is built, so that what they depend on gets the same
    // features, and is not compiled again.
    let args = ["--package", "testing", "--package", &lesson.package, "--bin", name];
    let tls = if lesson.tls.is_some() { &["--features", "testing/tls"][..] } else { &[] };
    [&args, tls].concat()
}

/// The arguments that select `lessons`, for each call of Cargo: of each lesson that is built apart, and
/// then of all others together. What only one of them depends on is compiled in a row, and so beside
/// what all depend on.
pub fn packages<'a>(lessons: &[&'a Lesson]) -> Vec<Vec<&'a str>> {
    let (apart, together): (Vec<&Lesson>, _) = lessons.iter().partition(|lesson| lesson.is_apart);
    let calls = apart.into_iter().map(|lesson| vec![lesson]).chain([together]);
    let args = |lessons: Vec<&'a Lesson>| -> Vec<&'a str> {
        lessons.into_iter().flat_map(|lesson| ["--package", &*lesson.package]).collect()
    };
    calls.map(args).filter(|args| !args.is_empty()).collect()
}

/// `path` as Cargo has it in its messages about what is built below it: without `..` and without
/// symbolic links, if somebody has put them into it.
fn as_cargo_has_it(path: &Path) -> PathBuf {
    // Elsewhere than on Unix, what this returns is no path that Cargo would say.
    if cfg!(unix)
        && let Ok(real) = path.canonicalize()
    {
        return real;
    }
    let mut clean = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            clean.pop();
        } else {
            clean.push(component);
        }
    }
    clean
}

/// `path` for people: relative to `root`, the folder of the workspace, if it is in there.
pub fn relative<'a>(path: &'a Path, root: &Path) -> Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}
