pub trait RequestStreaming: std::marker::Send + std::marker::Sync + 'static {
    /// Client streaming: takes any number of reports, and answers when the last one is there.
    async fn stream_state(
        &self,
        request: tonic::Request<tonic::Streaming<super::Data>>,
    ) -> std::result::Result<tonic::Response<super::Empty>, tonic::Status>;
}
