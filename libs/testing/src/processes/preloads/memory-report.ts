import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let count = 0;

/**
 * On SIGWINCH, the process collects its garbage and prints how many bytes it still uses, and how many
 * resources keep it alive.
 */
process.on('SIGWINCH', () => {
  collectGarbage();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  process.stdout.write(
    `${JSON.stringify({ memory_report: ++count, rss, used: heapUsed + external, handles })}\n`,
  );
});
