#[derive(serde::Deserialize, serde::Serialize)]
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct MovieId {
    #[prost(string, tag = "1")]
    pub id: ::prost::alloc::string::String,
}
#[derive(serde::Deserialize, serde::Serialize)]
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MovieData {
    #[prost(string, tag = "1")]
    pub title: ::prost::alloc::string::String,
    /// From 0 to 10.
    #[prost(float, tag = "2")]
    pub rating: f32,
    #[prost(string, tag = "3")]
    pub director: ::prost::alloc::string::String,
    #[prost(string, tag = "4")]
    pub id: ::prost::alloc::string::String,
}
