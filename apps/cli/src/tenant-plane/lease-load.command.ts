import { resolve } from 'node:path';
import { type Command, type Output } from '../command';
import { momentText } from '../moment-text';
import { type Given } from '../options';
import { GROUP, INSTALL_OPTIONS, planeEnvironmentOf } from './install-options';
import { runPlaneScript } from './plane-script';

/** What the script of the tenant plane writes. */
interface LoadedLease {
  readonly tenant: string;
  readonly status: string;
  readonly plan: string;
  readonly serial: number;
  readonly expires_at: string;
}

export class LeaseLoadCommand implements Command {
  readonly name = 'lease load';
  readonly group = GROUP;
  readonly summary = 'Load a lease from a file, for a tenant plane without a connection';
  readonly about = `Loads a lease that an Atlas admin has issued as a file ("atlas lease"). It needs no
session, so it also ends a suspension for an unpaid bill. The lease must be newer than the one that the
plane has. Loading the same file again changes nothing.`;
  readonly options = [
    { name: 'file', value: '<file>', isRequired: true, text: 'the lease file' },
    ...INSTALL_OPTIONS,
  ];
  readonly examples = ['lease load --file acme-lease.json'];
  readonly notes = `On SQLite, stop the plane before you load a lease. On Postgres, the lease takes effect
while the plane is running.`;

  constructor(private readonly output: Output) {}

  async run(given: Given): Promise<number> {
    const args = ['--file', resolve(String(given.values['file']))];
    const env = planeEnvironmentOf(given, process.env);
    const { code, document } = await runPlaneScript('load-lease', env, args);
    this.output.out(given.isJson ? document : loadedText(JSON.parse(document) as LoadedLease));
    return code;
  }
}

function loadedText({ tenant, status, plan, expires_at: expiresAt }: LoadedLease): string {
  const until = momentText(expiresAt, {});
  return `Loaded. ${tenant} is ${status}, with the plan "${plan}". The lease is valid until ${until}.\n`;
}
