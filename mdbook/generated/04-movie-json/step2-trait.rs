/// Generated trait containing gRPC methods that should be implemented for use with MovieServer.
#[async_trait]
pub trait Movie: std::marker::Send + std::marker::Sync + 'static {
    /// Answers with the film that has this id. If there is none, the call fails with NOT_FOUND.
    async fn get_movie_by_id(
        &self,
        request: tonic::Request<super::MovieId>,
    ) -> std::result::Result<tonic::Response<super::MovieData>, tonic::Status>;
}
