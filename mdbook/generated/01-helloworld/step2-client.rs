pub struct GreeterClient<T> {
    inner: tonic::client::Grpc<T>,
}
...
    pub fn new(inner: T) -> Self {
...
    pub async fn say_hello(
        &mut self,
        request: impl tonic::IntoRequest<super::HelloRequest>,
    ) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status> {
...
        let path = http::uri::PathAndQuery::from_static(
            "/helloworld.Greeter/SayHello",
        );
