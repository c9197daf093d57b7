    /// For somebody who has been greeted before.
    pub async fn say_hello_again(
        &mut self,
        request: impl tonic::IntoRequest<super::HelloRequest>,
    ) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status> {
...
        let path = http::uri::PathAndQuery::from_static(
            "/helloworld.Greeter/SayHelloAgain",
        );
