//! Who asks for an evaluation: whether the answer is still wanted, and the threads there are for it.

use crate::error::Interrupt;

/// A piece of a query's work.
pub type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Threads that the caller lends to a query. The engine starts none itself.
pub trait Workers: Sync {
    /// Returns how many jobs may run at once, at least 1.
    fn width(&self) -> usize;

    /// Runs all jobs, in any order and on any threads, and meanwhile, once, what the caller's own thread has to do;
    /// returns when all have ended. A job that is not run ends the query as cancelled.
    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut());
}

/// No threads but the caller's.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Workers for Alone {
    fn width(&self) -> usize {
        1
    }

    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut()) {
        own();
        jobs.into_iter().for_each(|job| job());
    }
}

/// What an evaluation is given by its caller.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Asked between series and between operators, from any of the workers; what it returns ends the evaluation.
    pub interrupt: &'a (dyn Fn() -> Option<Interrupt> + Sync),
    /// Where series are read and windows computed. Results do not depend on how many there are.
    pub workers: &'a dyn Workers,
}
