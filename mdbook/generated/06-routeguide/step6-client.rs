pub async fn record_route(
    &mut self,
    request: impl tonic::IntoStreamingRequest<Message = super::Point>,
) -> std::result::Result<tonic::Response<super::RouteSummary>, tonic::Status> {
    ...
