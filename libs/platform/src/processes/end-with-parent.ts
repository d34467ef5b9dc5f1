// Loaded with `--require` before a process's own code. When the parent process exits for any reason, sends
// SIGTERM to this process. Requires an IPC channel (`stdio: [..., 'ipc']`).
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
