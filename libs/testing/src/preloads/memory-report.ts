import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let count = 0;

/** On SIGWINCH the process collects its garbage and writes a line with the bytes that it still holds. */
process.on('SIGWINCH', () => {
  collectGarbage();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ memory_report: ++count, rss, used: heapUsed + external })}\n`);
});
