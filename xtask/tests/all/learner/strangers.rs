//! What `cargo xtask check` says of a server that lets in whom it should not, or not whom it should.

use anyhow::{Result, ensure};

use super::{Desk, marks};

/// A file, what stands in it instead of what, and what `check` says of that.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Has a crate of lesson 7 checked with a change.
fn tried(desk: &Desk, (file, old, new, expected): Case<'_>) -> Result<()> {
    let run = desk.check_with(&format!("my-secure/src/{file}"), old, new)?;
    let is_it = run.code == Some(1) && run.stdout.contains(expected);
    ensure!(is_it, "{new}: {}{}", run.stdout, run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_calls_as_a_stranger() -> Result<()> {
    let desk = Desk::with_all_of("secure")?;
    for case in [
        (
            "server.rs",
            ".client_ca_root(certificates::authority()?)",
            ".client_ca_root(certificates::authority()?).client_auth_optional(true)",
            "\nFAIL  step 8: certificates for clients: mutual TLS\n      \
             your server still serves our client of step 7: refuse it\n\
             Next: put step 8 right, and check again.\n",
        ),
        // It is seen with the client of the last step, though nothing is seen of those before.
        (
            "server.rs",
            "(products.len() + 1).to_string()",
            "products.len().to_string()",
            "\nFAIL  step 8: certificates for clients: mutual TLS\n      \
             your server answered `its id is 0`, expected `its id is 1`\n      \
             (lessons/07-secure/transcripts/step8/client.txt:1)\n\
             Next: put step 8 right, and check again.\n",
        ),
        (
            "certificates.rs",
            "\"localhost\", \"127.0.0.1\", \"::1\"",
            "\"my-laptop\", \"my-phone\", \"my-cat\"",
            "\nFAIL  step 5: encrypt: TLS\n      with certificates that it has just made, \
             our client (with your server) ended with exit status: 1: error: the server at 127.0.0.1:",
        ),
    ] {
        tried(&desk, case)?;
    }
    // Nothing of the wrong certificates is left.
    let all: Vec<_> = (1..=8).map(|step| format!("ok step {step}")).collect();
    assert_eq!(marks(&desk.succeed("check")?), all);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_shows_tokens_that_nobody_has() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start secure --step 8")?;
    for (file, old, new, shown) in [
        (
            "token.rs",
            "self.0.as_bytes().ct_eq(shown.as_bytes()).into()",
            "self.0.as_bytes().starts_with(shown.as_bytes())",
            "an empty token",
        ),
        (
            "caller.rs",
            ".map(|known| known.caller)",
            ".or(self.0.first()).map(|known| known.caller)",
            "the token `wrong`",
        ),
    ] {
        let expected = format!(
            "\nFAIL  step 6: say who you are: a token\n      your server answered NOT_FOUND to a \
             call with {shown}, expected UNAUTHENTICATED\n"
        );
        tried(&desk, (file, old, new, &expected))?;
    }
    Ok(())
}
