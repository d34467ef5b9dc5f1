import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { databaseTarget } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Finding, HealthCheck, ok } from './health-check';

const MB = 1e6;
/** The checkpoint of a write-ahead log, or a migration that copies a table, needs extra space. */
const FAILING = { share: 0.02, bytes: 50 * MB };
/** Leaves time to act, because a busy plane writes about 100 MB a day. */
const DEGRADED = { share: 0.1, bytes: 500 * MB };

/**
 * The free space on the volume of the SQLite file. Not measured for Postgres, which stores its rows on
 * another machine.
 */
@Injectable()
export class DiskHealth extends HealthCheck {
  readonly name = 'disk';

  constructor(private readonly config: TenantPlaneConfig) {
    super();
  }

  async find(): Promise<Finding> {
    const target = databaseTarget(this.config.TENANT_PLANE_DATABASE_URL);
    if (target.driver === 'postgres') return ok('The plane has no files, because its rows are in Postgres');
    const { bavail, blocks, bsize } = await statfs(dirname(target.file));
    return findingOn({ freeBytes: bavail * bsize, totalBytes: blocks * bsize });
  }
}

export function findingOn({ freeBytes, totalBytes }: { freeBytes: number; totalBytes: number }): Finding {
  // Some network file systems report no size.
  if (totalBytes === 0) return ok('The volume does not report its size');
  const share = freeBytes / totalBytes;
  const detail = `${Math.floor(freeBytes / MB)} MB free, ${Math.floor(share * 100)} %`;
  const isBelow = (limit: typeof FAILING): boolean => freeBytes < limit.bytes || share < limit.share;
  if (isBelow(FAILING)) return { status: 'failing', detail };
  return { status: isBelow(DEGRADED) ? 'degraded' : 'ok', detail };
}
