/// Server streaming response type for the RouteChat method.
type RouteChatStream: tonic::codegen::tokio_stream::Stream<
        Item = std::result::Result<super::RouteNote, tonic::Status>,
    >
    + std::marker::Send
    + 'static;
...
async fn route_chat(
    &self,
    request: tonic::Request<tonic::Streaming<super::RouteNote>>,
) -> std::result::Result<tonic::Response<Self::RouteChatStream>, tonic::Status>;
