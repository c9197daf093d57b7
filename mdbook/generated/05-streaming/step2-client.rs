pub async fn say_hello_v1(
    &mut self,
    request: impl tonic::IntoRequest<super::HelloRequest>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::HelloReply>>,
    tonic::Status,
> {
...
    self.inner.server_streaming(req, path, codec).await
}
