#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct TeamRequest {
    #[prost(string, tag = "1")]
    pub city: ::prost::alloc::string::String,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct TeamResponse {
    #[prost(string, tag = "1")]
    pub city: ::prost::alloc::string::String,
    #[prost(string, tag = "2")]
    pub nickname: ::prost::alloc::string::String,
}
