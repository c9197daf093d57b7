    impl<T> ProductInfoClient<T>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
...
    {
        pub fn new(inner: T) -> Self {
...
        pub fn with_interceptor<F>(
            inner: T,
            interceptor: F,
        ) -> ProductInfoClient<InterceptedService<T, F>>
        where
            F: tonic::service::Interceptor,
...
