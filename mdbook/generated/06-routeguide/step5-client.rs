pub async fn list_features(
    &mut self,
    request: impl tonic::IntoRequest<super::Rectangle>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::Feature>>,
    tonic::Status,
> {
    ...
