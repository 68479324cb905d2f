//! What the kernel says about its own tables and policies.

mod entropy;
mod filefd;
mod hung;
mod processes;
mod selinux;

pub(crate) use entropy::Entropy;
pub(crate) use filefd::Filefd;
pub(crate) use hung::HungTasks;
pub(crate) use processes::Processes;
pub(crate) use selinux::Selinux;
