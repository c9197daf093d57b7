//! Child processes that end when we do, and what they print.

use std::fs::{self, File};
use std::io;
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
#[cfg(windows)]
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use snapbox::filter::normalize_lines;
use tokio::io::{AsyncRead, AsyncReadExt};
#[cfg(unix)]
use tokio::process::Child;
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
#[cfg(unix)]
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::system::files::Scratch;

/// What a program may print on each of its two outputs, in bytes. A transcript is far shorter; a
/// program that prints without end must not fill the memory.
pub const MAX_OUTPUT: usize = 256 * 1024;

/// How long what a program has printed may take to arrive when it has ended.
const REST_OF_OUTPUT: Duration = Duration::from_secs(1);

/// A child process, in a process group of its own, or in a job object on Windows. Dropped, it is
/// killed, and with it whatever it had started.
pub struct Process {
    #[cfg(unix)]
    pub child: Child,
    #[cfg(unix)]
    group: Option<i32>,
    #[cfg(windows)]
    pub child: Box<dyn ChildWrapper>,
}

/// Starts `command` without standard input.
///
/// On Linux the child is killed as soon as the thread that started it ends, however it ends:
/// so call this from the main thread only.
///
/// # Errors
///
/// If the program cannot be started.
pub fn spawn(mut command: Command) -> anyhow::Result<Process> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let program = command.as_std().get_program().to_owned();
    start(command).with_context(|| format!("cannot start {}", program.display()))
}

#[cfg(unix)]
fn start(mut command: Command) -> io::Result<Process> {
    // Ctrl-C in a terminal is then for us alone, and we end our children in an orderly way.
    command.process_group(0);
    #[cfg(target_os = "linux")]
    die_with_parent(&mut command);
    let child = command.spawn()?;
    Ok(Process { group: child.id().and_then(|id| id.try_into().ok()), child })
}

#[cfg(windows)]
fn start(command: Command) -> io::Result<Process> {
    let mut command = CommandWrap::from(command);
    let child = command.wrap(KillOnDrop).wrap(JobObject).spawn()?;
    Ok(Process { child })
}

/// Nothing of ours runs when we are killed with SIGKILL. Linux can still end the child then;
/// elsewhere it lives on.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn die_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec this makes one system call, and allocates nothing.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
}

/// Sends `signal` to all processes of `group`.
#[cfg(unix)]
#[allow(unsafe_code)]
fn kill(group: i32, signal: i32) -> io::Result<()> {
    // SAFETY: it takes two numbers, and nothing of our memory.
    match unsafe { libc::kill(-group, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

impl Process {
    /// What the process prints, if that is piped, and nobody has taken it yet.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        #[cfg(unix)]
        return self.child.stdout.take();
        #[cfg(windows)]
        return self.child.stdout().take();
    }

    /// What the process prints on standard error, likewise.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        #[cfg(unix)]
        return self.child.stderr.take();
        #[cfg(windows)]
        return self.child.stderr().take();
    }

    /// Asks the process and whatever it has started to stop, as Ctrl-C in their terminal does.
    /// Where there is no such signal, on Windows, the process is killed.
    ///
    /// # Errors
    ///
    /// If the process cannot be signalled.
    pub fn interrupt(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(group) = self.group {
            match kill(group, libc::SIGINT) {
                // It has ended by itself.
                Err(error) if error.raw_os_error() != Some(libc::ESRCH) => return Err(error),
                _ => {}
            }
        }
        #[cfg(windows)]
        self.child.start_kill()?;
        Ok(())
    }
}

#[cfg(unix)]
impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // An error means that nothing is left of the group.
            _ = kill(group, libc::SIGKILL);
        }
    }
}

/// A program that runs, with what it has printed so far.
pub struct Program {
    process: Process,
    /// What it may write to, if it is given a folder for that.
    _scratch: Option<Scratch>,
    pub stdout: Printed,
    pub stderr: Printed,
}

/// What a program has printed on one of its outputs; it grows by itself.
pub struct Printed(watch::Receiver<Vec<u8>>);

/// A program has printed more than [`MAX_OUTPUT`]; the rest is not read.
struct TooMuch;

impl Program {
    /// Starts `command` and begins to read what it prints.
    ///
    /// # Errors
    ///
    /// If the program cannot be started.
    pub fn start(mut command: Command) -> anyhow::Result<Program> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = spawn(command)?;
        let stdout = Printed::by(process.stdout());
        let stderr = Printed::by(process.stderr());
        Ok(Program { process, _scratch: None, stdout, stderr })
    }

    /// The same program, whose end is the end of `scratch`, too.
    pub fn with(self, scratch: Option<Scratch>) -> Program {
        Program { _scratch: scratch, ..self }
    }

    /// See [`Process::interrupt`].
    ///
    /// # Errors
    ///
    /// If the program cannot be signalled.
    pub fn interrupt(&mut self) -> io::Result<()> {
        self.process.interrupt()
    }

    /// How the program has ended, if it has.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.child.try_wait()
    }

    /// Waits until the program has ended and all that it printed is here, or until it has
    /// printed too much: then there is no status.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub async fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let output = async { tokio::try_join!(self.stdout.complete(), self.stderr.complete()) };
        tokio::pin!(output);
        tokio::select! {
            result = &mut output => match result {
                Ok(_) => Ok(Some(self.process.child.wait().await?)),
                Err(TooMuch) => Ok(None),
            },
            status = self.process.child.wait() => {
                let status = status?;
                match timeout(REST_OF_OUTPUT, output).await {
                    Ok(Err(TooMuch)) => Ok(None),
                    // Or else something that it has started keeps its outputs open.
                    Ok(Ok(_)) | Err(_) => Ok(Some(status)),
                }
            }
        }
    }
}

impl Printed {
    fn by(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> Printed {
        let (sender, receiver) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let Some(mut pipe) = pipe else { return };
            let mut chunk = [0; 4096];
            while sender.borrow().len() <= MAX_OUTPUT {
                match pipe.read(&mut chunk).await {
                    Ok(0) => break,
                    Ok(n) => sender.send_modify(|bytes| bytes.extend_from_slice(&chunk[..n])),
                    Err(error) => {
                        let note = format!("[cannot read on: {error}]");
                        return sender.send_modify(|bytes| bytes.extend(note.into_bytes()));
                    }
                }
            }
        });
        Printed(receiver)
    }

    /// Waits for the first line; none if the output ends before it does.
    pub async fn first_line(&mut self) -> Option<String> {
        self.0.wait_for(|bytes| bytes.contains(&b'\n')).await.ok()?;
        self.text().lines().next().map(str::to_owned)
    }

    /// Waits for the first line that contains `text`; none if the output ends before it does.
    pub async fn line_with(&mut self, text: &str) -> Option<String> {
        let find = |bytes: &[u8]| {
            let printed = String::from_utf8_lossy(bytes);
            let whole = printed.rfind('\n').map_or("", |end| &printed[..end]);
            whole.lines().find(|line| line.contains(text)).map(str::to_owned)
        };
        let printed = self.0.wait_for(|bytes| find(bytes).is_some()).await.ok()?;
        find(&printed)
    }

    /// Waits for the end of the output.
    async fn complete(&mut self) -> Result<(), TooMuch> {
        while self.0.changed().await.is_ok() {}
        if self.0.borrow().len() > MAX_OUTPUT { Err(TooMuch) } else { Ok(()) }
    }

    /// All that has come so far, with `\n` at the end of each line. Characters that nobody can see, or
    /// tell from a space, are shown by their numbers: so they cannot do anything to a terminal either.
    pub fn text(&self) -> String {
        let text = normalize_lines(&String::from_utf8_lossy(&self.0.borrow()));
        let mut visible = String::with_capacity(text.len());
        for c in text.chars() {
            if is_visible(c) || [' ', '\n', '\t'].contains(&c) {
                visible.push(c);
            } else {
                visible.extend(c.escape_unicode());
            }
        }
        visible
    }
}

/// Whether `c` neither controls what reads it, nor is a space, without a width, or a sign for the direction of
/// a text.
fn is_visible(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !is_format && !c.is_control() && !c.is_whitespace()
}

/// Waits until no other process makes what is to be at `path`, and lets others wait while what this
/// returns is kept. Nobody waits on Windows.
///
/// # Errors
///
/// If the file that stands for the turn, `PATH.lock`, cannot be written.
pub async fn turn(path: &Path) -> anyhow::Result<File> {
    let path = path.with_extension("lock");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    #[cfg(unix)]
    let file = spawn_blocking(move || lock(&file).map(|()| file)).await??;
    Ok(file)
}

/// Like `File::lock`, which is newer than the oldest Rust that we promise.
#[cfg(unix)]
#[allow(unsafe_code)]
fn lock(file: &File) -> io::Result<()> {
    // SAFETY: it takes the number of a file that is open, and nothing of our memory.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Waits for Ctrl-C, on Unix also for `kill` and for the terminal to close, and returns the exit
/// code that goes with it.
///
/// # Errors
///
/// If the system does not let us wait for them.
pub async fn interrupted() -> anyhow::Result<ExitCode> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangup = signal(SignalKind::hangup())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // 128 and the number of the signal, as a shell reports it.
        let code = tokio::select! {
            _ = hangup.recv() => 129,
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        };
        Ok(ExitCode::from(code))
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await?;
        Ok(ExitCode::from(130))
    }
}
