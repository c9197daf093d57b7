/// Client streaming: greets all people together, once the last one has been named.
async fn say_hello_v2(
    &self,
    request: tonic::Request<tonic::Streaming<super::HelloRequest>>,
) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status>;
