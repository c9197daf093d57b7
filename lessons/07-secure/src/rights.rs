//! Who may do what. Everybody with a name may read.

use crate::caller::Caller;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Who may add products.
const MAY_ADD: [Caller; 1] = [Caller("ada")];

/// Whether `caller` may add products. If not, the details of the status say why, for programs.
pub fn may_add(caller: Caller) -> Result<(), Status> {
    if MAY_ADD.contains(&caller) {
        return Ok(());
    }
    let message = format!("{caller} may not add products");
    let needs = [("right".into(), "add".into())];
    let details = ErrorDetails::with_error_info("RIGHT_MISSING", "ecommerce.example", needs);
    Err(Status::with_error_details(Code::PermissionDenied, message, details))
}
