//! Processes while they run: confined to cores, watched for their CPU time and memory.

use std::{collections::HashMap, fs, process::Command, time::Duration};

/// Confines a process that runs already, with all its threads.
pub(crate) fn confine(id: u32, cores: &str) {
    let _ = Command::new("taskset").args(["-a", "-c", "-p", cores, &id.to_string()]).output();
}

/// CPU time of processes so far, all threads. The scheduler's own count, in nanoseconds; `getrusage` counts ticks.
pub(crate) fn cpu(ids: &[u32]) -> Duration {
    let nanos = ids.iter().flat_map(|id| {
        let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        tasks.filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        })
    });
    Duration::from_nanos(nanos.sum())
}

/// Largest amount of memory a process had so far, or since [`forget_peak`], in KiB.
pub(crate) fn peak_memory(id: u32) -> u64 {
    status(id, "VmHWM:")
}

/// Begins to look for the largest amount anew.
pub(crate) fn forget_peak(id: u32) {
    // What 5 means: proc(5), /proc/pid/clear_refs.
    let _ = fs::write(format!("/proc/{id}/clear_refs"), "5");
}

/// Memory of a process that is no file's, in KiB.
pub(crate) fn own_memory(id: u32) -> u64 {
    status(id, "RssAnon:")
}

fn status(id: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A process and everything below it whose name begins so.
pub(crate) fn descendants(root: u32, name: &str) -> Vec<u32> {
    let mut parents = HashMap::new();
    let mut named = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        // "id (name) state parent …", and a name may contain anything.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((before, after)) = stat.rsplit_once(')') else { continue };
        let Some(parent) = after.split_whitespace().nth(1).and_then(|p| p.parse::<u32>().ok()) else {
            continue;
        };
        parents.insert(id, parent);
        if before.split_once('(').is_some_and(|(_, is)| is.starts_with(name)) {
            named.push(id);
        }
    }
    named.retain(|id| {
        let mut up = *id;
        while up != root {
            match parents.get(&up) {
                Some(parent) => up = *parent,
                None => return false,
            }
        }
        true
    });
    named
}
