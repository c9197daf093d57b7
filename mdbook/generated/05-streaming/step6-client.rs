pub async fn say_hello_v3(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::HelloRequest>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::HelloReply>>,
    tonic::Status,
> {
