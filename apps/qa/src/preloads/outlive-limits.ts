/**
 * With the signal ignored, writes beyond a file size limit fail with EFBIG, as writes to a failing disk fail
 * with EIO.
 */
process.on('SIGXFSZ', () => undefined);
