//! The lessons in Python: what they need to be run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{fs, io};

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::run::side::{Side, python_obeys};
use crate::system::process;
use crate::workspace::Workspace;
use crate::workspace::lesson::{Lesson, proto_files};

/// What the names of Python's interpreter are: the second one on Windows.
const NAMES: [&str; 2] = ["python3", "python"];

/// A virtual environment in the build directory, with what `lessons/requirements.txt` asks for.
pub struct Python {
    /// Its folder; the generated stubs are in there, too.
    folder: PathBuf,
    /// Its interpreter.
    interpreter: PathBuf,
    requirements: String,
}

impl Python {
    /// Makes the environment, unless it is there and up to date: then this needs no network.
    ///
    /// # Errors
    ///
    /// If there is no Python, or something cannot be installed.
    pub async fn prepare(workspace: &Workspace) -> anyhow::Result<Python> {
        let list = workspace.root.join("lessons/requirements.txt");
        let folder = workspace.build.join("python");
        let interpreter = environment(&list, &folder.join("venv")).await?;
        Ok(Python { folder, interpreter, requirements: read(&list)? })
    }

    /// The script `NAME.py` of `lesson`, if there is one. Its stubs are generated if they are not there
    /// or the protos have changed.
    ///
    /// # Errors
    ///
    /// If the stubs cannot be generated.
    pub async fn side(&self, lesson: &Lesson, name: &str) -> anyhow::Result<Option<Side>> {
        let script = lesson.folder.join("python").join(name).with_extension("py");
        if !script.is_file() {
            return Ok(None);
        }
        let stubs = self.folder.join("stubs").join(&lesson.name);
        let folder = lesson.folder.join("proto");
        let protos = proto_files(&folder)?;
        // What they are generated from, and with.
        let mut origin = self.requirements.clone();
        for proto in &protos {
            origin += &fs::read_to_string(proto)?;
        }
        let _turn = process::turn(&stubs).await?;
        // Written last: so what is there is complete.
        let generated = stubs.join("origin.txt");
        if !fs::read_to_string(&generated).is_ok_and(|there| there == origin) {
            eprintln!("Generating the Python stubs of {} ...", lesson.name);
            if stubs.is_dir() {
                fs::remove_dir_all(&stubs)?;
            }
            fs::create_dir_all(&stubs)?;
            // One by one: two of them may declare the same names.
            for proto in &protos {
                self.generate(proto, &folder, &stubs).await?;
            }
            fs::write(&generated, origin)?;
        }
        let shown = format!("python {name}.py");
        let file = lesson.file.as_deref().filter(|_| name == "server");
        Ok(Some(Side::python(&shown, &self.interpreter, &script, &stubs).with_file(file)))
    }

    async fn generate(&self, proto: &Path, folder: &Path, stubs: &Path) -> anyhow::Result<()> {
        let mut command = Command::new(&self.interpreter);
        command.args(["-m", "grpc_tools.protoc"]);
        command.arg(option("--proto_path", folder));
        command.arg(option("--python_out", stubs)).arg(option("--grpc_python_out", stubs));
        command.arg(proto);
        run(command, "the stubs cannot be generated").await
    }
}

/// Makes a virtual environment in `venv` with what `list` asks for, unless it is there and up to date:
/// then this needs no network. Returns its interpreter.
///
/// # Errors
///
/// If there is no Python, or something cannot be installed.
pub async fn environment(list: &Path, venv: &Path) -> anyhow::Result<PathBuf> {
    let requirements = read(list)?;
    let _turn = process::turn(venv).await?;
    let interpreter = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last: so what is there is complete.
    let installed = venv.join("installed.txt");
    let is_complete = fs::read_to_string(&installed).is_ok_and(|it| it == requirements);
    // The interpreter is a link to that of the system, which may be another one by now.
    if is_complete && interpreter.exists() {
        return Ok(interpreter);
    }
    let system = find().await?;
    eprintln!("Making a virtual environment in {} ...", venv.display());
    let mut command = Command::new(system);
    command.args(["-m", "venv", "--clear"]).arg(venv);
    run(command, "the virtual environment cannot be made").await?;
    eprintln!("Installing {} into it ...", list.display());
    let mut command = Command::new(&interpreter);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    command.arg(list);
    run(command, &format!("pip cannot install what {} asks for", list.display())).await?;
    fs::write(&installed, &requirements)?;
    Ok(interpreter)
}

fn read(list: &Path) -> anyhow::Result<String> {
    fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))
}

/// An option with a path: `--python_out=PATH`.
fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push("=");
    option.push(path);
    option
}

/// Python, if the system has one that is new enough and can make virtual environments.
async fn find() -> anyhow::Result<&'static str> {
    let mut found = None;
    for name in NAMES {
        let mut command = Command::new(name);
        let is_new_enough = "import sys; sys.version_info < (3, 10) and sys.exit(1)";
        command.args(["-c", &format!("{is_new_enough}; import ensurepip, venv")]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if let Ok(mut process) = process::spawn(command) {
            if process.child.wait().await?.success() {
                return Ok(name);
            }
            found = found.or(Some(name));
        }
    }
    let what = match found {
        Some(name) => format!("{name} is older than 3.10, or has no venv module"),
        None => "no python3 on the PATH".into(),
    };
    bail!(
        "{what}: install Python 3.10 or newer with its venv module, on Debian and Ubuntu with `apt \
         install python3-venv`"
    );
}

/// Runs `command`, whose output goes to standard error, as standard output may be for a program.
async fn run(mut command: Command, or_else: &str) -> anyhow::Result<()> {
    command.stdout(io::stderr());
    for name in python_obeys() {
        command.env_remove(name);
    }
    let status = process::spawn(command)?.child.wait().await?;
    if !status.success() {
        bail!("{or_else}: {status}: see above");
    }
    Ok(())
}
