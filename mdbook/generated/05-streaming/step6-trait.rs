/// Server streaming response type for the SayHello_v3 method.
type SayHello_v3Stream: tonic::codegen::tokio_stream::Stream<
        Item = std::result::Result<super::HelloReply, tonic::Status>,
    >
    + std::marker::Send
    + 'static;
/// Bidirectional streaming: greets everybody at once, as they are named.
async fn say_hello_v3(
    &self,
    request: tonic::Request<tonic::Streaming<super::HelloRequest>>,
) -> std::result::Result<
    tonic::Response<Self::SayHello_v3Stream>,
    tonic::Status,
>;
