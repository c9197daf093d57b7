/// Server streaming response type for the ListFeatures method.
type ListFeaturesStream: tonic::codegen::tokio_stream::Stream<
        Item = std::result::Result<super::Feature, tonic::Status>,
    >
    + std::marker::Send
    + 'static;
...
async fn list_features(
    &self,
    request: tonic::Request<super::Rectangle>,
) -> std::result::Result<
    tonic::Response<Self::ListFeaturesStream>,
    tonic::Status,
>;
