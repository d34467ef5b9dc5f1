// Loaded by `--require` into a process before its own code. When the parent process is gone, for whatever
// reason, the process ends as on SIGTERM. Requires a channel (`stdio: [..., 'ipc']`).
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
