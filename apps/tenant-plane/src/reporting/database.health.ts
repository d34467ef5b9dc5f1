import { Database } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { PlaneSchema } from '../database/plane-schema';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { type Finding, HealthCheck, ok } from './health-check';

/**
 * Whether the database responds, accepts writes and has all of this version's migrations. A restored database
 * may lack some.
 */
@Injectable()
export class DatabaseHealth extends HealthCheck {
  readonly name = 'database';

  constructor(
    private readonly database: Database,
    private readonly schema: PlaneSchema,
    private readonly identities: PlaneIdentities,
  ) {
    super();
  }

  async find(): Promise<Finding> {
    const done = await this.migrations().catch((error: unknown) => failing('does not answer', error));
    if (!(done instanceof Set)) return done;
    const lacking = this.schema.migrations.filter(({ name }) => !done.has(name)).length;
    if (lacking > 0)
      return { status: 'failing', detail: `It lacks ${lacking} migrations: restart the plane` };
    return this.identities.rewrite().then(
      () => ok(),
      (error: unknown) => failing('accepts no writes', error),
    );
  }

  private async migrations(): Promise<Set<string>> {
    const rows = await this.database.read((manager) =>
      manager.query<{ name: string }[]>('select name from migrations'),
    );
    return new Set(rows.map(({ name }) => name));
  }
}

/** Includes only the error's code, because its message may contain names of hosts and files. */
function failing(what: string, error: unknown): Finding {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  return { status: 'failing', detail: `It ${what} (${String(code ?? driverError?.code ?? 'no code')})` };
}
