import { existsSync, readFileSync } from 'node:fs';

const LIMITS = '/proc/self/limits';
/** What a process opens beside the connections of the planes. */
const OTHERS = 500;

/**
 * Throws if this process or its children may not open enough files for this many connections. Node raises the
 * soft limit to the hard limit when it starts, so only the hard limit counts. Checks nothing except on Linux.
 */
export function requireOpenFiles(connections: number): void {
  if (!existsSync(LIMITS)) return;
  const wanted = connections + OTHERS;
  const limit = openFilesIn(readFileSync(LIMITS, 'utf8'));
  if (limit >= wanted) return;
  throw new Error(
    `A process may open ${limit} files here, but ${connections} planes need ${wanted}. Raise the limit of ` +
      `your shell and start again: sudo prlimit --pid $$ --nofile=${wanted}:${wanted}`,
  );
}

/** The hard limit in the text of `/proc/<pid>/limits`. */
export function openFilesIn(limits: string): number {
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? Infinity : Number(hard);
}
