//! Tasks that run at the same time, on all cores. What comes out is in the order of the tasks, so that it does not depend on who was first.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads for so many jobs; one per core for 0.
pub(crate) fn threads(jobs: usize) -> usize {
    match jobs {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        jobs => jobs,
    }
}

/// Runs `work` over all tasks on up to `jobs` threads; results in the order of the tasks.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    tasks: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let jobs = threads(jobs).min(tasks.len());
    if jobs <= 1 {
        return tasks.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(task) = tasks.get(position) else {
                    return done;
                };
                done.push((position, work(task)));
            }
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        let mut all = Vec::new();
        for handle in workers {
            match handle.join() {
                Ok(done) => all.extend(done),
                // A panic is a bug of ours: let it end the program as it would without threads.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    results.sort_unstable_by_key(|(position, _)| *position);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_work_keeps_the_order_of_tasks() {
        let tasks: Vec<u32> = (0..100).collect();
        for jobs in [0, 1, 2, 7] {
            assert_eq!(
                in_parallel(&tasks, jobs, |task| task * 2),
                tasks.iter().map(|task| task * 2).collect::<Vec<_>>()
            );
        }
    }
}
