import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { ControlPlaneConfig } from '../../../config/control-plane.config';
import {
  type FoundThing,
  type InfrastructurePart,
  type InfrastructureSubject,
  type InspectedInfrastructure,
} from '../infrastructure-driver';
import { isInfrastructureName } from '../infrastructure-name';
import { folderOf, logFileOf } from './local-names';
import { LocalPlane } from './local-plane.entity';
import { LocalPlanes } from './local-planes';
import { LocalPostgres } from './local-postgres';
import { type ProcessInFolder, isItsProcess, processesBelow } from './local-processes';

const PAGE = 500;
/** A process that the supervisor keeps restarting is reported after this many failures in a row. */
export const TOO_MANY_FAILURES = 5;
/** Exceeds the supervisor's longest pause between restarts. */
const TOO_LONG_MS = 60_000;

type Faults = Partial<Record<InfrastructurePart, string>>;

/**
 * Compares the local driver's rows with the folders and
 * processes on this machine and with the Postgres server.
 */
@Injectable()
export class LocalInspection {
  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly planes: LocalPlanes,
    private readonly clock: Clock,
  ) {}

  async inspect(subjects: readonly InfrastructureSubject[]): Promise<readonly InspectedInfrastructure[]> {
    const ids = subjects.map(({ tenantPlaneId }) => tenantPlaneId);
    const rows = await this.database.read((manager) =>
      manager.findBy(LocalPlane, { tenantPlaneId: In(ids) }),
    );
    const rowOf = new Map(rows.map((row) => [row.tenantPlaneId, row]));
    const onServer = await this.faultsOnServers(subjects, rowOf);
    return subjects.map(({ tenantPlaneId }) => {
      const row = rowOf.get(tenantPlaneId);
      if (!row) return { tenantPlaneId, made: null, faults: { record: NO_RECORD } };
      const faults = { ...this.faultsHere(row), ...onServer.get(row.name) };
      return { tenantPlaneId, faults, made: this.madeOf(row) };
    });
  }

  async *things(): AsyncGenerator<readonly FoundThing[]> {
    yield* this.folders();
    yield await this.strayProcesses();
    yield* this.onServer();
  }

  private madeOf(row: LocalPlane): InspectedInfrastructure['made'] {
    return { endpointUrl: `http://127.0.0.1:${row.port}`, dbUrl: this.planes.databaseUrlOf(row) };
  }

  private faultsHere(row: LocalPlane): Faults {
    const process = this.processFault(row);
    const file = row.database === 'sqlite' && this.planes.databaseUrlOf(row).reveal();
    const isGone = file && !existsSync(file);
    return {
      ...(process !== null && { process }),
      ...(isGone && {
        database: `The database file ${file} is missing. Stop the plane, and restore the file from a backup.`,
      }),
    };
  }

  /** A short outage is not a fault, because the supervisor restarts the process. */
  private processFault(row: LocalPlane): string | null {
    const log = logFileOf(this.root, row.name);
    if (!row.isWanted) return `The plane's process is not supervised. See its log: ${log}`;
    if (isItsProcess(this.root, row)) return null;
    const waitsMs = (row.startAt?.getTime() ?? 0) - this.clock.now().getTime();
    if (waitsMs > TOO_LONG_MS)
      return `The plane's process exited and is not being restarted. See its log: ${log}`;
    if (row.failures < TOO_MANY_FAILURES) return null;
    return `The plane's process exited ${row.failures} times in a row. See its log: ${log}`;
  }

  private async faultsOnServers(
    subjects: readonly InfrastructureSubject[],
    rowOf: ReadonlyMap<string, LocalPlane>,
  ): Promise<Map<string, Faults>> {
    const names = new Map<string, string[]>();
    for (const { tenantPlaneId, slug } of subjects) {
      const row = rowOf.get(tenantPlaneId);
      const server = this.config.LOCAL_DRIVER_POSTGRES_URL?.reveal().replaceAll('{slug}', slug);
      if (row?.database === 'postgres' && server) names.set(server, [...(names.get(server) ?? []), row.name]);
    }
    const faults = new Map<string, Faults>();
    for (const [server, wanted] of names) {
      const { databases, roles } = await new LocalPostgres(server, this.config.tenantPlaneApp(null)).present(
        wanted,
      );
      for (const name of wanted) faults.set(name, serverFaults(name, databases, roles));
    }
    return faults;
  }

  private async *folders(): AsyncGenerator<readonly FoundThing[]> {
    if (!existsSync(this.root)) return;
    const names = (await readdir(this.root)).filter(isInfrastructureName);
    for (let at = 0; at < names.length; at += PAGE)
      yield names.slice(at, at + PAGE).map((name) => ({ id: `folder ${folderOf(this.root, name)}`, name }));
  }

  private async strayProcesses(): Promise<readonly FoundThing[]> {
    const here = (await processesBelow(this.root)).filter(({ name }) => isInfrastructureName(name));
    const known = await this.database.read((manager) =>
      manager.findBy(LocalPlane, { pid: In(here.map(({ pid }) => pid)) }),
    );
    const isKnown = ({ pid, name }: ProcessInFolder): boolean =>
      known.some((row) => row.pid === pid && row.name === name);
    return here
      .filter((one) => !isKnown(one))
      .map(({ pid, name }) => ({
        id: `process ${pid} in ${folderOf(this.root, name)}`,
        name,
        isStray: true,
      }));
  }

  /** Lists databases and roles on the shared server. Lists nothing if each tenant has its own server. */
  private async *onServer(): AsyncGenerator<readonly FoundThing[]> {
    const url = this.config.LOCAL_DRIVER_POSTGRES_URL?.reveal();
    if (url === undefined || url.includes('{slug}')) return;
    const server = new LocalPostgres(url, this.config.tenantPlaneApp(null));
    for (let after = ''; ;) {
      const found = await server.next(after, PAGE);
      const things = found.map(({ what, name }) => ({ id: `${what} ${name}`, name }));
      yield things.filter(({ name }) => isInfrastructureName(name));
      if (found.length < PAGE) return;
      after = things.at(-1)?.id ?? after;
    }
  }

  private get root(): string {
    return resolve(this.config.LOCAL_DRIVER_DIR);
  }
}

const NO_RECORD =
  'The local driver has no record of this plane (local_planes). Restore the Control Plane from a ' +
  'backup, or move the tenant.';

function serverFaults(name: string, databases: Set<string>, roles: Set<string>): Faults {
  if (!databases.has(name))
    return {
      database:
        `Database ${name} is not on the server, or an interrupted drop left it invalid. If it is invalid, ` +
        'drop it. Then restore it under that name from a backup.',
    };
  return roles.has(name) ? {} : { role: `Role ${name} is not on the server or is not allowed to log in.` };
}
