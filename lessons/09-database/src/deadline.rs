//! How long the client of a call waits for it.

use std::time::Duration;
use tonic::metadata::MetadataMap;

/// As long as the client waits that has sent this `metadata`, and no longer than `limit`.
pub fn of(metadata: &MetadataMap, limit: Duration) -> Duration {
    timeout(metadata).unwrap_or(limit).min(limit)
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
