/// Server streaming response type for the GetListMovies method.
type GetListMoviesStream: tonic::codegen::tokio_stream::Stream<
        Item = std::result::Result<super::MovieData, tonic::Status>,
    >
    + std::marker::Send
    + 'static;
/// Answers with all films, one after another.
async fn get_list_movies(
    &self,
    request: tonic::Request<super::Empty>,
) -> std::result::Result<
    tonic::Response<Self::GetListMoviesStream>,
    tonic::Status,
>;
