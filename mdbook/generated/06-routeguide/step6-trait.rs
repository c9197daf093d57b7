async fn record_route(
    &self,
    request: tonic::Request<tonic::Streaming<super::Point>>,
) -> std::result::Result<tonic::Response<super::RouteSummary>, tonic::Status>;
