#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Point {
    #[prost(int32, tag = "1")]
    pub x: i32,
    #[prost(int32, tag = "2")]
    pub y: i32,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Displacement {
    #[prost(message, optional, tag = "1")]
    pub start: ::core::option::Option<Point>,
    #[prost(message, optional, tag = "2")]
    pub end: ::core::option::Option<Point>,
}
#[derive(Clone, Copy, PartialEq, ::prost::Message)]
pub struct DisplacementResponse {
    /// In the unit of the coordinates.
    #[prost(float, tag = "1")]
    pub distance: f32,
}
