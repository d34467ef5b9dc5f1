import { SecretBox, Signals } from '@atlas/persistence';
import { Secret } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { SEALED, placeIn } from '../../../sealing/sealed-columns';
import { type InfrastructureSubject } from '../infrastructure-driver';
import { LocalPlane } from './local-plane.entity';

/** Signalled when the wanted state of a local plane has changed. */
export const LOCAL_PLANES_TOPIC = 'local-planes';

type Env = Readonly<Record<string, string>>;

/** The rows of the planes on this machine, which tell the supervisor what to run. */
@Injectable()
export class LocalPlanes {
  constructor(
    private readonly box: SecretBox,
    private readonly signals: Signals,
  ) {}

  /**
   * Records how the plane will run, before anything is created. If the plane
   * already runs with other settings, the supervisor replaces its process.
   */
  async reserve(
    manager: EntityManager,
    { tenantPlaneId, database, version }: InfrastructureSubject,
    { name, port, env }: { readonly name: string; readonly port: number; readonly env: Env },
  ): Promise<void> {
    const known = await manager.findOneBy(LocalPlane, { tenantPlaneId });
    if (known && this.runsSo(known, env, version)) return;
    const envSealed = this.box.seal(
      JSON.stringify(env),
      placeIn(SEALED.localPlaneEnv, tenantPlaneId, tenantPlaneId),
    );
    if (known) {
      const changes = { envSealed, version, generation: known.generation + 1 };
      await manager.update(LocalPlane, { tenantPlaneId }, changes);
      return;
    }
    await manager.insert(LocalPlane, {
      tenantPlaneId,
      name,
      database,
      port,
      envSealed,
      version,
      generation: 1,
      isWanted: false,
      pid: null,
      pidStartedAt: null,
      runningGeneration: null,
      failures: 0,
      startAt: null,
    });
  }

  async want(manager: EntityManager, tenantPlaneId: string): Promise<void> {
    const wanted = { isWanted: true, failures: 0, startAt: null };
    await manager.update(LocalPlane, { tenantPlaneId }, wanted);
    this.signals.publish(LOCAL_PLANES_TOPIC);
  }

  async unwant(manager: EntityManager, tenantPlaneId: string): Promise<void> {
    await manager.update(LocalPlane, { tenantPlaneId }, { isWanted: false });
    this.signals.publish(LOCAL_PLANES_TOPIC);
  }

  environmentOf({ tenantPlaneId, envSealed }: LocalPlane): Env {
    const place = placeIn(SEALED.localPlaneEnv, tenantPlaneId, tenantPlaneId);
    return JSON.parse(this.box.open(envSealed, place).reveal()) as Env;
  }

  /** A plane is not replaced merely because its environment still contains a used token. */
  private runsSo(plane: LocalPlane, env: Env, version: string | null): boolean {
    const known = this.environmentOf(plane);
    return plane.version === version && Object.entries(env).every(([name, value]) => known[name] === value);
  }

  databaseUrlOf(plane: LocalPlane): Secret {
    return new Secret(this.environmentOf(plane)['TENANT_PLANE_DATABASE_URL'] ?? '');
  }
}
