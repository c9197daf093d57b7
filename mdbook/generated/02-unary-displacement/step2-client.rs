pub mod displacement_service_client {
...
    pub async fn compute_displacement(
        &mut self,
        request: impl tonic::IntoRequest<super::Displacement>,
    ) -> std::result::Result<
        tonic::Response<super::DisplacementResponse>,
        tonic::Status,
    > {
...
        let path = http::uri::PathAndQuery::from_static(
            "/my_package.DisplacementService/computeDisplacement",
        );
...
