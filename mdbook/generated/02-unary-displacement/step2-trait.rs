pub mod displacement_service_server {
...
    #[async_trait]
    pub trait DisplacementService: std::marker::Send + std::marker::Sync + 'static {
        /// Answers with the length of the straight line from `start` to `end`. If one of them is
        /// missing, the call fails with INVALID_ARGUMENT and names it.
        async fn compute_displacement(
            &self,
            request: tonic::Request<super::Displacement>,
        ) -> std::result::Result<
            tonic::Response<super::DisplacementResponse>,
            tonic::Status,
        >;
    }
...
