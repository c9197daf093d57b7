//! How long the client of a call waits for it.

use std::time::Duration;
use tokio::time::{Sleep, sleep};
use tonic::metadata::MetadataMap;

/// Ends when the client that has sent this `metadata` stops waiting; never, if it has not said
/// when it does.
pub fn of(metadata: &MetadataMap) -> Sleep {
    sleep(timeout(metadata).unwrap_or(Duration::MAX))
}

/// What the header `grpc-timeout` says: a number and a unit, `100m` are 100 milliseconds. tonic
/// reads it as well, but keeps what it has read to itself.
fn timeout(metadata: &MetadataMap) -> Option<Duration> {
    let header = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    let unit = match unit {
        "H" => Duration::from_secs(60 * 60),
        "M" => Duration::from_secs(60),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    Some(unit * number.parse::<u32>().ok()?)
}
