/// A point of the plane.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Point {
    #[prost(int32, tag = "1")]
    pub x: i32,
    #[prost(int32, tag = "2")]
    pub y: i32,
}
/// A way from one point to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Displacement {
    #[prost(message, optional, tag = "1")]
    pub start: ::core::option::Option<Point>,
    #[prost(message, optional, tag = "2")]
    pub end: ::core::option::Option<Point>,
}
/// How long that way is, in the unit of the coordinates.
#[derive(Clone, Copy, PartialEq, ::prost::Message)]
pub struct DisplacementResponse {
    #[prost(float, tag = "1")]
    pub distance: f32,
}
