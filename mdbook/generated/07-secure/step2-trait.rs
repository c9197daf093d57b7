    pub trait ProductInfo: std::marker::Send + std::marker::Sync + 'static {
        /// Keeps a product and answers with the id that it now has: 1, 2, 3 and so on. An id in the
        /// request does not matter.
        async fn add_product(
            &self,
            request: tonic::Request<super::Product>,
        ) -> std::result::Result<tonic::Response<super::ProductId>, tonic::Status>;
        /// Answers with the product that has this id, or fails with NOT_FOUND.
        async fn get_product(
            &self,
            request: tonic::Request<super::ProductId>,
        ) -> std::result::Result<tonic::Response<super::Product>, tonic::Status>;
    }
