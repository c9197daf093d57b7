pub async fn say_hello_v2(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::HelloRequest>,
) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status> {
