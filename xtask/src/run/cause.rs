//! The line in what a program complains that names the cause.

/// The line of `stderr` that says why: where a Rust program panicked, the error that ends a
/// traceback of Python's, an error that is called one, or else the first line. None if there are no
/// lines.
pub fn of(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    if let Some(panic) = panic(stderr) {
        return Some(panic);
    }
    if let Some(traceback) = lines.iter().rposition(|line| line.starts_with("Traceback ")) {
        let after = &lines[traceback + 1..];
        let error = after.iter().position(|line| !line.starts_with(char::is_whitespace));
        // What gRPC for Python says of a status is in the lines below that.
        let is_its =
            |line: &&&str| line.starts_with("\tstatus = ") || line.starts_with("\tdetails = ");
        return error.map(|at| {
            let more = after[at + 1..].iter().take_while(|line| line.starts_with('\t'));
            let more: String =
                more.filter(is_its).map(|line| format!(" {}", line.trim())).collect();
            format!("{}{more}", after[at])
        });
    }
    let is_error = |line: &&&str| {
        ["error: ", "Error: ", "error[", "Exception"].iter().any(|word| line.contains(word))
    };
    let line = lines.iter().find(is_error).or(lines.first())?;
    Some(line.trim().to_owned())
}

/// Where a Rust program panicked, and why: `panicked at FILE:LINE:COLUMN: MESSAGE`.
pub fn panic(stderr: &str) -> Option<String> {
    let mut lines = stderr.lines();
    let place = lines.find_map(|line| {
        let (thread, place) = line.split_once(" panicked at ")?;
        thread.starts_with("thread ").then_some(place)
    })?;
    let message = lines.next().unwrap_or_default();
    Some(format!("panicked at {place} {message}").trim_end().to_owned())
}

/// The words of an answer that the server does not know a method, if `stderr` is the one line that a
/// client of a lesson says then.
pub fn unimplemented(stderr: &str) -> Option<&str> {
    // tonic's words.
    let (_, rest) = stderr.split_once("code: 'Operation is not implemented or not supported'")?;
    let message = rest.split_once("message: \"").and_then(|(_, rest)| rest.split_once('"'));
    let is_one_line = stderr.starts_with("error: ") && stderr.lines().count() == 1;
    is_one_line.then(|| message.map_or("", |(message, _)| message))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_cause_is_found_among_what_else_there_is() {
        for (stderr, cause) in [
            ("", None),
            ("\n\n", None),
            ("no disk\nand no luck\n", Some("no disk")),
            (
                "   Compiling a v0.1.0\nwarning: unused\nerror: no server at 127.0.0.1:1\n",
                Some("error: no server at 127.0.0.1:1"),
            ),
            (
                "Ready\n\nthread 'main' (7) panicked at src/main.rs:4:5:\nno luck\nnote: run with\n",
                Some("panicked at src/main.rs:4:5: no luck"),
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\n\
                 ValueError: no luck\n",
                Some("ValueError: no luck"),
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n\
                 grpc.RpcError: <RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE\n\
                 \tdetails = \"no server\"\n\tdebug_error_string = \"x\"\n>\n",
                Some(
                    "grpc.RpcError: <RPC that terminated with: status = StatusCode.UNAVAILABLE \
                     details = \"no server\"",
                ),
            ),
            (
                "2026/11/26 could not greet: rpc error: code = Unavailable\nexit status 1\n",
                Some("2026/11/26 could not greet: rpc error: code = Unavailable"),
            ),
        ] {
            assert_eq!(super::of(stderr).as_deref(), cause, "{stderr}");
        }
    }
}
