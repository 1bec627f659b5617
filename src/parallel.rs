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

/// Runs `work` over all tasks on up to `jobs` threads; results in the order of the tasks. This thread works, too, and does the first.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    tasks: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if jobs == 1 || tasks.len() <= 1 {
        return tasks.iter().map(work).collect();
    }
    let next = AtomicUsize::new(1);
    let done_from = |mut position| {
        let mut done = Vec::new();
        while let Some(task) = tasks.get(position) {
            done.push((position, work(task)));
            position = next.fetch_add(1, Ordering::Relaxed);
        }
        done
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let helper = || done_from(next.fetch_add(1, Ordering::Relaxed));
        // The first one does not wait until it is known how many cores there are: on a single one, the two take turns.
        let mut helpers = vec![scope.spawn(helper)];
        let others = 2..threads(jobs).min(tasks.len());
        helpers.extend(others.map(|_| scope.spawn(helper)));
        let mut all = done_from(0);
        for helper in helpers {
            all.extend(joined(helper));
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

    #[test]
    fn this_thread_does_the_first_task_and_alone_all() {
        let own = std::thread::current().id();
        let threads = |jobs| in_parallel(&[(); 9], jobs, |()| std::thread::current().id());
        assert_eq!(threads(3).first(), Some(&own));
        assert_eq!(threads(1), [own; 9]);
    }
}
