pub mod teams_client {
...
        pub async fn get_team(
            &mut self,
            request: impl tonic::IntoRequest<super::TeamRequest>,
        ) -> std::result::Result<tonic::Response<super::TeamResponse>, tonic::Status> {
...
            let path = http::uri::PathAndQuery::from_static("/Teams/GetTeam");
...
        }
