import { join } from 'node:path';
import { DEDICATED_LOG } from '@atlas/tenancy';

export function folderOf(root: string, name: string): string {
  return join(root, name);
}

export function logFileOf(root: string, name: string): string {
  return join(folderOf(root, name), DEDICATED_LOG);
}
