import { Logger } from '@nestjs/common';

/**
 * Runs one of the installation commands. The command writes one JSON document to standard output, or an error
 * message to standard error. `atlas-tp` presents both to users.
 */
export function runScript(
  work: () => Promise<{ readonly document: object; readonly isGood: boolean }>,
  { endsAtOnce = false } = {},
): void {
  Logger.overrideLogger(false);
  work().then(
    ({ document, isGood }) => {
      process.exitCode = isGood ? 0 : 1;
      process.stdout.write(`${JSON.stringify(document)}\n`, () => {
        // A query that never ends would keep the process alive.
        if (endsAtOnce) process.exit();
      });
    },
    (error: unknown) => {
      process.stderr.write(`${(error as Error).message}\n`);
      process.exitCode = 1;
    },
  );
}
