/// A point on the earth, in degrees times 10^7: 40.9 degrees north are 409000000.
#[derive(serde::Deserialize)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Point {
    /// From -900000000 at the south pole to 900000000 at the north pole.
    #[prost(int32, tag = "1")]
    pub latitude: i32,
    /// From -1800000000 to 1800000000; the east is positive.
    #[prost(int32, tag = "2")]
    pub longitude: i32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Feature {
    /// Empty if the place has no name, or if there is no place.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    #[prost(message, optional, tag = "2")]
    pub location: ::core::option::Option<Point>,
}
