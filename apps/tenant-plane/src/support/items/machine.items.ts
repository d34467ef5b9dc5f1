import { openSync, closeSync, fstatSync, readSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, freemem, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { text } from 'node:stream/consumers';
import { type SupportItem } from '../support-item';

const LINES = 2000;
const BYTES = 4 * 1024 * 1024;

export const machineItem: SupportItem = {
  name: 'machine',
  summary: 'the operating system, processors, memory and disk, but no names and addresses',
  collect: async () => {
    const { bavail, blocks, bsize } = await statfs('.');
    return {
      platform: platform(),
      release: release(),
      architecture: arch(),
      processors: availableParallelism(),
      load: loadavg(),
      memory: { total_bytes: totalmem(), free_bytes: freemem() },
      disk: { total_bytes: blocks * bsize, free_bytes: bavail * bsize },
      up_seconds: Math.floor(uptime()),
      node: process.versions,
    };
  },
};

export const logItem: SupportItem = {
  name: 'log',
  summary: `the last ${LINES} lines of the plane's log`,
  lastLines: LINES,
  collect: async ({ logFile }) => {
    if (logFile === undefined)
      throw new Error(
        'The plane writes its log to standard output. Name the file that keeps it (--log <file>), or ' +
          'pipe it in: journalctl -u atlas-tp -n 2000 -o cat | atlas-tp support-bundle --log -',
      );
    return logFile === '-' ? text(process.stdin) : endOf(logFile);
  },
};

/** The first line may be incomplete, which would also hide from the redactor what it begins with. */
function endOf(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const length = Math.min(size, BYTES);
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, size - length);
    const read = bytes.toString('utf8');
    return length < size ? read.slice(read.indexOf('\n') + 1) : read;
  } finally {
    closeSync(descriptor);
  }
}
