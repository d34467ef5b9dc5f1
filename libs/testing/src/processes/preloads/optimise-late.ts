import { setFlagsFromString } from 'node:v8';

/**
 * Loaded with `--require` before a plane's own code. V8 ignores bytecode that was stored with other options,
 * so this option is set only after the plane has loaded its bundle.
 */
setImmediate(() => setFlagsFromString(process.env['ATLAS_TEST_OPTIMISE_LATE'] ?? ''));
