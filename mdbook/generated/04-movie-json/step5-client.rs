pub async fn get_list_movies(
    &mut self,
    request: impl tonic::IntoRequest<super::Empty>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::MovieData>>,
    tonic::Status,
> {
...
    self.inner.server_streaming(req, path, codec).await
