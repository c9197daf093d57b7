let codec = tonic_prost::ProstCodec::default();
let path = http::uri::PathAndQuery::from_static("/Movie/GetMovieByID");
let mut req = request.into_request();
...
self.inner.unary(req, path, codec).await
