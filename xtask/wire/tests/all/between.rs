//! Between clients and servers of anybody's.
