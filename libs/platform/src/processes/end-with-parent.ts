// Loaded by `--require` into a process before its own code: when whoever started it is gone, however that came, it ends
// as on SIGTERM. It needs a channel (`stdio: [..., 'ipc']`).
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
