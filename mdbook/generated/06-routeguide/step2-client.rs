pub mod route_guide_client {
    ...
        pub async fn get_feature(
            &mut self,
            request: impl tonic::IntoRequest<super::Point>,
        ) -> std::result::Result<tonic::Response<super::Feature>, tonic::Status> {
            ...
            let path = http::uri::PathAndQuery::from_static(
                "/routeguide.RouteGuide/GetFeature",
            );
