//! Tasks that run at the same time, on all cores. What comes out is in the order of the tasks, so that it does not depend on who was first.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

/// Threads for so many jobs; one per core for 0.
pub(crate) fn threads(jobs: usize) -> usize {
    // Asking Linux reads several files.
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    match jobs {
        0 => *CORES.get_or_init(cores),
        jobs => jobs,
    }
}

/// Runs `work` over all tasks on up to `jobs` threads; results in the order of the tasks.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    tasks: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    // Alone, a task need not even know how many cores there are.
    let jobs = if tasks.len() <= 1 { 1 } else { threads(jobs) };
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
        let workers: Vec<_> = (0..jobs.min(tasks.len()))
            .map(|_| scope.spawn(worker))
            .collect();
        let mut all = Vec::new();
        for handle in workers {
            all.extend(joined(handle));
        }
        all
    });
    results.sort_unstable_by_key(|(position, _)| *position);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Does two things at the same time, the first of them on a thread of its own.
pub(crate) fn both<A: Send, B>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (joined(one), other)
    })
}

/// What a thread made, once it is done.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    // A panic is a bug of ours: let it end the program as it would without threads.
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
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
