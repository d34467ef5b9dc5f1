import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { databaseTarget } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { type Finding, HealthCheck, ok } from './health-check';

const MB = 1e6;
/** A checkpoint of the write-ahead log and a migration that copies a table need room of their own. */
const FAILING = { share: 0.02, bytes: 50 * MB };
/** Time to act: a busy plane writes some 100 MB a day. */
const DEGRADED = { share: 0.1, bytes: 500 * MB };

/** The room on the volume of the SQLite file. Rows that are in Postgres are on somebody else's disk. */
@Injectable()
export class DiskHealth extends HealthCheck {
  readonly name = 'disk';

  constructor(private readonly config: TenantPlaneConfig) {
    super();
  }

  async find(): Promise<Finding> {
    const target = databaseTarget(this.config.TENANT_PLANE_DATABASE_URL);
    if (target.driver === 'postgres') return ok('No files of its own: rows are in Postgres');
    const { bavail, blocks, bsize } = await statfs(dirname(target.file));
    return findingOn({ freeBytes: bavail * bsize, totalBytes: blocks * bsize });
  }
}

export function findingOn({ freeBytes, totalBytes }: { freeBytes: number; totalBytes: number }): Finding {
  // Some network file systems do not tell.
  if (totalBytes === 0) return ok('The volume does not tell its size');
  const share = freeBytes / totalBytes;
  const detail = `${Math.floor(freeBytes / MB)} MB free, ${Math.floor(share * 100)} %`;
  const isBelow = (limit: typeof FAILING): boolean => freeBytes < limit.bytes || share < limit.share;
  if (isBelow(FAILING)) return { status: 'failing', detail };
  return { status: isBelow(DEGRADED) ? 'degraded' : 'ok', detail };
}
