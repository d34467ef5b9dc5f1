import { join } from 'node:path';
import { type InfrastructureSubject } from '../../infrastructure-driver';

/** Name of a local plane's folder, database and role: readable, and never another's. */
export function localName({ slug, tenantPlaneId }: InfrastructureSubject): string {
  return `atlas_${slug.replaceAll('-', '_')}_${tenantPlaneId.slice(-8)}`;
}

export function folderOf(root: string, name: string): string {
  return join(root, name);
}

export function logFileOf(root: string, name: string): string {
  return join(folderOf(root, name), 'tenant-plane.log');
}
