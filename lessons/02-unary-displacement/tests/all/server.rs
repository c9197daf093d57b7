//! How exactly the server measures. `../servicer.rs` has what a learner tests.

use testing::numbers::Numbers;
use unary_displacement::pb::Point;
use unary_displacement::server;

#[test]
fn measures_as_exact_arithmetic_does() {
    let edges = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX];
    let mut numbers = Numbers::default();
    for _ in 0..10_000 {
        let anywhere = [(); 4].map(|()| numbers.within(i32::MIN..=i32::MAX));
        let at_the_edges = [(); 4].map(|()| numbers.one_of(&edges));
        for [a, b, c, d] in [anywhere, at_the_edges] {
            measures_exactly(Point { x: a, y: b }, Point { x: c, y: d });
        }
    }
}

fn measures_exactly(start: Point, end: Point) {
    let side = |from: i32, to: i32| u128::from(to.abs_diff(from));
    let square = side(start.x, end.x).pow(2) + side(start.y, end.y).pow(2);
    let distance = f64::from(server::distance(start, end));
    // The root rounded to an integer is off by less than 1, and f32 by 2^-24 of the whole.
    let error = (distance - square.isqrt() as f64).abs();
    let limit = 1.0 + distance * f64::from(f32::EPSILON);
    assert!(error <= limit, "{distance} from {start:?} to {end:?}");
}
