pub async fn get_movie_by_id(
    &mut self,
    request: impl tonic::IntoRequest<super::MovieId>,
) -> std::result::Result<tonic::Response<super::MovieData>, tonic::Status> {
...
    let path = http::uri::PathAndQuery::from_static("/Movie/GetMovieByID");
