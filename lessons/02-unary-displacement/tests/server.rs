//! The method, and every hostile input that can reach it, on a server in this process.

use std::future::pending;

use proptest::prelude::*;
use tonic::Code;
use unary_displacement::pb::displacement_service_client::DisplacementServiceClient;
use unary_displacement::pb::{Displacement, Point};
use unary_displacement::server;

#[path = "../../testing.rs"]
mod testing;
use testing::{call_raw, listen};

#[tokio::test]
async fn measures() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = DisplacementServiceClient::new(channel);
    for (start, end, distance) in [
        ((0, 12), (12, 14), 12.165525),
        ((3, 0), (0, 4), 5.0),
        ((7, 7), (7, 7), 0.0),
        ((i32::MIN, 0), (i32::MAX, 0), 4_294_967_295.0),
        ((i32::MIN, i32::MIN), (i32::MAX, i32::MAX), 6_074_001_000.0),
    ] {
        let start = Some(Point { x: start.0, y: start.1 });
        let end = Some(Point { x: end.0, y: end.1 });
        let response = stub.compute_displacement(Displacement { start, end }).await?;
        assert_eq!(response.into_inner().distance, distance, "from {start:?} to {end:?}");
    }
    Ok(())
}

#[tokio::test]
async fn names_the_point_that_is_missing() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = DisplacementServiceClient::new(channel);
    let point = Some(Point { x: 1, y: 2 });
    for (start, end, message) in [
        (None, point, "start is missing"),
        (point, None, "end is missing"),
        (None, None, "start is missing"),
    ] {
        let answer = stub.compute_displacement(Displacement { start, end }).await;
        let status = answer.map(|_| ()).unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, message));
    }
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let path = "/my_package.DisplacementService/computeDisplacement";
    for (what, message, code) in [
        ("no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
        ("no protobuf in start", b"\x0a\x02\xff\xff\x12\x00", Code::Internal),
        ("cut short", b"\x0a\x00\x12\x05", Code::Internal),
        ("x is a string", b"\x0a\x02\x0a\x00\x12\x00", Code::Internal),
        ("over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
        ("nothing", b"", Code::InvalidArgument),
    ] {
        assert_eq!(call_raw(&channel, path, message).await?, code, "{what}");
        assert_eq!(call_raw(&channel, path, b"\x0a\x00\x12\x00").await?, Code::Ok, "after {what}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn measures_as_exact_arithmetic_does(a: i32, b: i32, c: i32, d: i32) {
        let side = |from: i32, to: i32| u128::from(to.abs_diff(from));
        let square = side(a, c).pow(2) + side(b, d).pow(2);
        let distance = server::distance(Point { x: a, y: b }, Point { x: c, y: d });
        // The root rounded to an integer is off by less than 1, and f32 by 2^-24 of the whole.
        let error = (f64::from(distance) - square.isqrt() as f64).abs();
        prop_assert!(error <= 1.0 + f64::from(distance) * f64::from(f32::EPSILON));
    }
}
