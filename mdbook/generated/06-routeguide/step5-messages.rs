/// A rectangle on the map, given by any two opposite corners.
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Rectangle {
    #[prost(message, optional, tag = "1")]
    pub lo: ::core::option::Option<Point>,
    #[prost(message, optional, tag = "2")]
    pub hi: ::core::option::Option<Point>,
}
