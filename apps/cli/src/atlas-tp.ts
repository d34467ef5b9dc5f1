import { runCommandLine } from './command-line';
import { tenantPlaneCommands } from './tenant-plane/commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// The exit code is set, not forced: what was written to a pipe must get there first.
void runCommandLine(process.argv.slice(2), tenantPlaneCommands(terminal), terminal, 'atlas-tp').then(
  (code) => (process.exitCode = code),
);
