pub mod teams_server {
...
    #[async_trait]
    pub trait Teams: std::marker::Send + std::marker::Sync + 'static {
        /// Answers with the city of the request and the nickname of its team. A city without a team
        /// has the nickname "not a member".
        async fn get_team(
            &self,
            request: tonic::Request<super::TeamRequest>,
        ) -> std::result::Result<tonic::Response<super::TeamResponse>, tonic::Status>;
    }
