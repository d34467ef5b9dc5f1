/** Writes past a file size limit then fail with EFBIG, as those to a failing disk fail with EIO. */
process.on('SIGXFSZ', () => undefined);
