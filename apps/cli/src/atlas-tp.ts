import { runCommandLine } from './command-line';
import { tenantPlaneCommands } from './tenant-plane/commands';

const terminal = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// The exit code is set, not forced: what was written to a pipe must get there first.
void runCommandLine(process.argv.slice(2), tenantPlaneCommands(terminal), terminal, 'atlas-tp').then(
  (code) => (process.exitCode = code),
);
