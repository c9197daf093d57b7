#[async_trait]
pub trait Greeter: std::marker::Send + std::marker::Sync + 'static {
    /// Server streaming response type for the SayHello_v1 method.
    type SayHello_v1Stream: tonic::codegen::tokio_stream::Stream<
            Item = std::result::Result<super::HelloReply, tonic::Status>,
        >
        + std::marker::Send
        + 'static;
    /// Server streaming: greets one person five times.
    async fn say_hello_v1(
        &self,
        request: tonic::Request<super::HelloRequest>,
    ) -> std::result::Result<
        tonic::Response<Self::SayHello_v1Stream>,
        tonic::Status,
    >;
}
