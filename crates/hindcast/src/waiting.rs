//! Waiting for what is asynchronous, in the thread that asks.
//!
//! That thread may be one that runs tasks; another runs them meanwhile. And the task it runs has a budget: once it has had so many answers in one
//! turn, tokio says "not yet" to whatever it waits for, until its next turn. While it waits here, that turn never comes, so what is waited for here
//! knows no budget.

use futures_executor::block_on;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio::task::{block_in_place, unconstrained};

/// Waits for something.
pub(crate) fn wait<T>(done: impl Future<Output = T>) -> T {
    in_place(|| block_on(unconstrained(done)))
}

/// Waits for something that needs the timers and threads of a runtime.
pub(crate) fn wait_with<T>(runtime: &Runtime, done: impl Future<Output = T>) -> T {
    in_place(|| {
        let _entered = runtime.enter();
        block_on(unconstrained(done))
    })
}

/// Does something that makes this thread wait.
pub(crate) fn in_place<T>(act: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(act),
        _ => act(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;

    /// A task has a budget of 128 answers in one turn.
    #[test]
    fn a_task_that_did_much_is_not_kept_waiting_for_ever() {
        let other = Arc::new(Builder::new_multi_thread().worker_threads(1).build().expect("a runtime"));
        for runtime in
            [Builder::new_multi_thread().worker_threads(1).build(), Builder::new_current_thread().build()]
        {
            let runtime = runtime.expect("a runtime");
            let other = other.clone();
            let counted = runtime.block_on(runtime.spawn(async move {
                let done = |nth: u32| wait_with(&other, spawn_blocking(move || nth)).expect("done");
                (0..1_000).map(done).sum::<u32>()
            }));
            assert_eq!(counted.expect("done"), 499_500);
        }
    }
}
