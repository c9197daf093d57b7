pub async fn route_chat(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::RouteNote>,
) -> std::result::Result<
    tonic::Response<tonic::codec::Streaming<super::RouteNote>>,
    tonic::Status,
> {
    ...
