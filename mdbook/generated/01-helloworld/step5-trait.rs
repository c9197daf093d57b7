    /// For somebody who has been greeted before.
    async fn say_hello_again(
        &self,
        request: tonic::Request<super::HelloRequest>,
    ) -> std::result::Result<tonic::Response<super::HelloReply>, tonic::Status>;
