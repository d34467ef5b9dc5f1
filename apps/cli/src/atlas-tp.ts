import { runCommandLine } from './command-line';
import { tenantPlaneProgram } from './tenant-plane/commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// The exit code is set, not forced, so that all that was written to a pipe arrives there.
void runCommandLine(process.argv.slice(2), tenantPlaneProgram(terminal), terminal).then(
  (code) => (process.exitCode = code),
);
