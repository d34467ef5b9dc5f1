import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type SignedUpTenant } from './signed-up-tenant';

const POLL_MS = 100;

interface Run {
  readonly id: string;
  readonly status: string;
  readonly failure: { readonly code: string; readonly detail: string } | null;
}

export interface Manifest {
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[];
}

/** Exports and imports tenants' data over the API of a plane, without holding an archive in memory. */
export class Archives {
  constructor(
    private readonly planeUrl: string,
    /** Where archives are kept. */
    private readonly folder: string,
  ) {}

  /** Downloads and unpacks an export, and returns the folder with its files. */
  async exported(tenant: SignedUpTenant): Promise<string> {
    const { id } = await ended(tenant, '/api/exports', await tenant.ask<Run>('/api/exports', {}));
    const answer = await fetch(`${this.planeUrl}/api/exports/${id}/download`, {
      headers: headersOf(tenant),
    });
    if (answer.status !== 200 || !answer.body) throw new Error(`download: ${answer.status}`);
    const folder = join(this.folder, id);
    await mkdir(folder);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(this.archiveOf(folder)));
    await promisify(execFile)('tar', ['-xzf', this.archiveOf(folder), '-C', folder]);
    return folder;
  }

  /** Imports the archive that was unpacked into this folder. */
  async import(tenant: SignedUpTenant, folder: string): Promise<void> {
    const headers = { ...headersOf(tenant), 'content-type': 'application/gzip' };
    const request = httpRequest(`${this.planeUrl}/api/imports`, { method: 'POST', headers });
    const answered = new Promise<Run>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => json(response).then((body) => resolve(body as Run), reject));
    });
    await pipeline(createReadStream(this.archiveOf(folder)), request);
    await ended(tenant, '/api/imports', await answered);
  }

  private archiveOf(folder: string): string {
    return `${folder}.tar.gz`;
  }
}

function headersOf({ id, session }: SignedUpTenant): Record<string, string> {
  return { authorization: `Bearer ${session}`, 'x-tenant-id': id };
}

async function ended({ ask }: SignedUpTenant, path: string, begun: Run): Promise<Run> {
  for (let run = begun; ; run = await ask<Run>(`${path}/${begun.id}`)) {
    if (run.status === 'ready') return run;
    if (run.status !== 'running') throw new Error(`${path}: ${JSON.stringify(run)}`);
    await delay(POLL_MS);
  }
}

export async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
}

/** The rows of a table, one by one. */
export async function* rowsIn(folder: string, table: string): AsyncGenerator<Record<string, unknown>> {
  for await (const line of linesIn(folder, table)) yield JSON.parse(line) as Record<string, unknown>;
}

export function linesIn(folder: string, table: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(join(folder, `${table}.ndjson`)) });
}
