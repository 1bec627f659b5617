//! What runs at the same time: tasks on all cores, and the checksum of an input beside the work on it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Digest;
use crate::Result;
use crate::intake::Input;

/// Threads for so many jobs; one per core for 0.
pub(super) fn threads(jobs: usize) -> usize {
    match jobs {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        jobs => jobs,
    }
}

/// Runs `work` over all tasks on up to `jobs` threads; results in the order of the tasks.
pub(super) fn in_parallel<T: Sync, R: Send>(
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

/// Bytes from which on a checksum is worth a thread of its own.
const LARGE_INPUT: u64 = 1 << 20;

/// Does the work on an input, and its checksum beside it: hashing takes longer than reading, and the second of two readers of
/// one file finds it in the page cache.
pub(super) fn with_digest<R>(
    input: &Input,
    work: impl FnOnce() -> Result<R>,
) -> (Result<Digest>, Result<R>) {
    if input.bytes < LARGE_INPUT {
        return (input.digest(), work());
    }
    std::thread::scope(|scope| {
        let digest = scope.spawn(|| input.digest());
        let done = work();
        let digest = digest.join();
        (
            digest.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            done,
        )
    })
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
