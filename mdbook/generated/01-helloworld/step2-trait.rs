/// Generated trait containing gRPC methods that should be implemented for use with GreeterServer.
#[async_trait]
pub trait Greeter: std::marker::Send + std::marker::Sync + 'static {
    async fn say_hello(
        &self,
        request: tonic::Request<super::HelloRequest>,
    ) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status>;
}
