//! Who may do what, and what a program is told about it.

use anyhow::Context;
use secure::caller::Caller;
use secure::rights::may_add;
use tonic::{Code, Request};
use tonic_types::StatusExt;

#[test]
fn ada_may_add_and_nobody_else() -> anyhow::Result<()> {
    assert!(may_add(Caller("ada")).is_ok());
    for name in ["grace", "Ada", "ada ", ""] {
        let status = may_add(Caller(name)).unwrap_err();
        let message = format!("{name} may not add products");
        assert_eq!((status.code(), status.message()), (Code::PermissionDenied, message.as_str()));

        let info = status.get_details_error_info().context("no details")?;
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("RIGHT_MISSING", "ecommerce.example")
        );
        assert_eq!(Vec::from_iter(info.metadata), [("right".into(), "add".into())]);
    }
    Ok(())
}

#[test]
fn who_was_not_looked_at_is_a_stranger() {
    // Should somebody forget the interceptor.
    let status = Caller::of(&Request::new(())).unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}
