// Loaded into each process of the stack before its own code: when whoever started it is gone, however that came, it ends
// as on SIGTERM.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
