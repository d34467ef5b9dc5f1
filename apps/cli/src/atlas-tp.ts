import { runCommandLine } from './command-line';
import { tenantPlaneProgram } from './tenant-plane/commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// Sets the exit code instead of calling process.exit, which could truncate output to a pipe.
void runCommandLine(process.argv.slice(2), tenantPlaneProgram(terminal), terminal).then(
  (code) => (process.exitCode = code),
);
