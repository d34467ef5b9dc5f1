import { generateKeyPairSync } from 'node:crypto';
import { type Database } from '@atlas/persistence';
import { type DesiredTenant } from '@atlas/plane-contract';
import { eventually } from '@atlas/testing';
import { type JWK, calculateJwkThumbprint, decodeProtectedHeader } from 'jose';
import { Placement } from '../src/registry/placement.entity';
import { nextRun, sayImported, sayImportedBy, sealedPart, sendPart, takePart } from './backup-part.fixture';
import { type TestControlPlane } from './control-plane.fixture';
import { lockWaits } from './held-operator.fixture';
import { type JobScene } from './job-scene.fixture';
import { KEYS, type PlaneSimulator, type ReportedTenant } from './plane-simulator.fixture';

const MANIFEST = { incidents: { rows: 3, checksum: 'c' } };

/** The truthy values of `T`. `eventually` waits for one of them. */
type Told<T> = Exclude<T, false | null | undefined>;

/** A tenant that is alone in its region and cell, with the steps to deprovision, restore and move it. */
export class Traveller {
  /** The key with which its cell has enrolled. */
  private publicKey: JWK = KEYS.publicKey.export({ format: 'jwk' });

  private constructor(
    readonly scene: JobScene,
    readonly region: string,
    /** The tenant's home. {@link installAnew} updates it. */
    public cell: PlaneSimulator,
    readonly id: string,
    readonly slug: string,
  ) {}

  static async settle(scene: JobScene, region: string): Promise<Traveller> {
    const cell = await scene.plane.enrolledCell({ region });
    const { body } = await scene.plane.provision({ region }).expect(202);
    const { id, slug } = body.tenant;
    await cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
    return new Traveller(scene, region, cell, id, slug);
  }

  /** For a tenant that already exists. */
  static at(scene: JobScene, region: string, cell: PlaneSimulator, id: string, slug: string): Traveller {
    return new Traveller(scene, region, cell, id, slug);
  }

  /** Waits until `look` finds something in the tenant's entry on a cell, and returns what it found. */
  told<T>(look: (entry: DesiredTenant) => T | Promise<T>, cell = this.cell): Promise<Told<T>> {
    const ask = async () => {
      await cell.pull();
      const entry = cell.tenants.get(this.id);
      return entry && look(entry);
    };
    const found = async () => {
      const jobs = await this.scene.plane.describeJobs({ tenantId: this.id });
      return `Its entry is ${JSON.stringify(cell.tenants.get(this.id))}.\n${jobs}`;
    };
    return eventually(ask, { what: 'the cell receives the entry', found }) as Promise<Told<T>>;
  }

  /** Pulls, and reports on the tenant's entry. */
  async report(changes: Partial<ReportedTenant> & { readonly code?: string } = {}, cell = this.cell) {
    await cell.pull();
    const entry_revision = cell.tenants.get(this.id)?.entry_revision ?? 0;
    const reported = { tenant_id: this.id, state: 'applied', entry_revision, ...changes } as const;
    expect((await cell.report([reported])).status).toBe(200);
  }

  async asked(what: string, body: object = {}): Promise<string> {
    const answer = await this.scene.plane.post(`/api/tenants/${this.id}/${what}`, body).expect(202);
    return answer.body.job.id;
  }

  deprovision(): Promise<string> {
    return this.asked('deprovision', { confirm_slug: this.slug });
  }

  async backUp(): Promise<string> {
    const backup = await this.told(({ transfer }) => transfer?.role === 'backup' && transfer);
    await sendPart(this.cell, backup.id, await sealedPart(backup, MANIFEST));
    await sayImported(this.cell, backup.id);
    return backup.id;
  }

  async purge(job: string): Promise<void> {
    await this.told(({ purge }) => purge?.job_id === job);
    await this.report();
    await this.scene.reaches(job, 'succeeded');
  }

  /** Deprovisions the tenant, and returns the id of its backup. */
  async leave(): Promise<string> {
    const job = await this.deprovision();
    const backup = await this.backUp();
    await this.purge(job);
    return backup;
  }

  /** Starts a restore, and begins to import the backup. */
  async comeBack(): Promise<{ readonly job: string; readonly imported: () => Promise<void> }> {
    const job = await this.asked('restore');
    return { job, imported: await this.beginImport() };
  }

  /**
   * Begins the import once the cell has received a key that it can decrypt. Returns a function that reports
   * the import as finished.
   */
  async beginImport(): Promise<() => Promise<void>> {
    const kid = await calculateJwkThumbprint(this.publicKey);
    const { id, generation } = await this.told(
      ({ transfer }) =>
        transfer?.key !== undefined && decodeProtectedHeader(transfer.key).kid === kid && transfer,
    );
    const run = nextRun(generation);
    expect((await takePart(this.cell, id, run)).status).toBe(200);
    return async () => expect((await sayImportedBy(this.cell, id, run)).status).toBe(204);
  }

  /** Waits until the cell serves the tenant as active. */
  isHome(cell = this.cell): Promise<DesiredTenant> {
    return this.told((entry) => entry.phase === 'serving' && entry.status === 'active' && entry, cell);
  }

  /**
   * Restores the tenant up to the point where the plane is its home again and the job waits for the plane's
   * report.
   */
  async reinstated(): Promise<string> {
    const { job, imported } = await this.comeBack();
    await imported();
    await this.isHome();
    await this.scene.reaches(job, 'waiting');
    return job;
  }

  /** Moves the tenant up to the point where the source is frozen and the target waits for the last part. */
  async almostMoved(
    target: PlaneSimulator,
    accepted?: string,
  ): Promise<{ readonly job: string; last(): Promise<void> }> {
    const body = { deployment_model: 'shared', tenant_plane_id: target.id };
    const job = accepted ?? (await this.asked('move', body));
    const source = await this.told(({ transfer }) => transfer);
    await this.told(({ transfer }) => transfer?.role === 'target', target);
    const [attempt, run] = [nextRun(), nextRun()];
    const send = async (part: number, kind: 'changes' | 'last') =>
      sendPart(this.cell, source.id, await sealedPart(source, MANIFEST, { attempt, kind, part }), part);
    await send(1, 'changes');
    await takePart(target, source.id, run);
    await sayImportedBy(target, source.id, run, 1, attempt);
    await this.told(({ phase }) => phase === 'frozen');
    await this.scene.reaches(job, 'waiting');
    const last = async () => {
      await send(2, 'last');
      await sayImportedBy(target, source.id, run, 2, attempt);
    };
    return { job, last };
  }

  /** Enrols another installation of the cell, with an empty database unless the changes say otherwise. */
  async installAnew(changes: object = {}, cell = this.cell): Promise<PlaneSimulator> {
    const anew = await this.scene.plane.reissue(cell);
    const public_key = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    expect((await anew.enrol({ public_key, ...changes })).status).toBe(200);
    if (cell === this.cell) Object.assign(this, { cell: anew, publicKey: public_key });
    return anew;
  }
}

/** A cell that the tenant has left. It has pulled its state, and redirects to the tenant's home. */
export async function formerHome(plane: TestControlPlane, tenantId: string): Promise<PlaneSimulator> {
  const cell = await plane.enrolledCell();
  const [place] = await plane.rows(Placement, { tenantId });
  const copy = { tenantPlaneId: cell.id, phase: 'retired' as const, holdsPlace: false };
  const removeAfter = new Date(plane.clock.now().getTime() + 86_400_000);
  await plane.insert(Placement, { ...place, ...copy, removeAfter });
  await cell.pull();
  return cell;
}

/**
 * Begins a call within a transaction, and continues once the call has returned or waits for one of the
 * transaction's locks. On SQLite, the call always waits.
 */
export async function beside<T>(database: Database, call: () => Promise<T>): Promise<{ answer: Promise<T> }> {
  let isAnswered = false;
  const answer = call().finally(() => (isAnswered = true));
  answer.catch(() => undefined);
  const isOver = async () => database.driver === 'sqlite' || isAnswered || (await lockWaits(database)) > 0;
  await eventually(isOver, { everyMs: 5, what: 'the call returns or waits' });
  return { answer };
}
