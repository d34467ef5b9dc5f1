import { runCommandLine } from './command-line';
import { COMMANDS } from './commands';

const terminal = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};

// Whoever reads our output may go away (`| head`, a closed window): that must not end us half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void runCommandLine(process.argv.slice(2), COMMANDS, terminal).then((code) => process.exit(code));
