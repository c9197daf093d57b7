//! The service `helloworld.Greeter`, generated from its proto: both sides.

tonic::include_proto!("helloworld");
