pub mod route_guide_server {
    ...
    #[async_trait]
    pub trait RouteGuide: std::marker::Send + std::marker::Sync + 'static {
        ...
        async fn get_feature(
            &self,
            request: tonic::Request<super::Point>,
        ) -> std::result::Result<tonic::Response<super::Feature>, tonic::Status>;
    }
