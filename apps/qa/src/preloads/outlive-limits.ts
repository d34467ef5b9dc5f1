/**
 * Keeps the process alive when it exceeds its file size limit. The write then fails with EFBIG, just as a
 * write to a failing disk fails with EIO.
 */
process.on('SIGXFSZ', () => undefined);
