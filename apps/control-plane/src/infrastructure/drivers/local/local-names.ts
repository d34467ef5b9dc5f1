import { join } from 'node:path';

export function folderOf(root: string, name: string): string {
  return join(root, name);
}

export function logFileOf(root: string, name: string): string {
  return join(folderOf(root, name), 'tenant-plane.log');
}
