//! What holds for the methods and the programs of all lessons.

mod corpus;
mod faults;
mod programs;
mod requests;
mod table;
