import { DEFAULT_LEASE_FILE_DAYS } from '@atlas/operator-api';
import { EXIT } from '../failure';
import { momentText } from '../moment-text';
import { type Option, bodyOf } from '../options';
import { inOptions } from './in-options';
import { requireNew, writeNewFile } from './new-file';
import { SUBJECTS } from './operations/operation';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

const OWNER_ONLY = 0o600;

const OPTIONS: readonly Option[] = [
  {
    name: 'out',
    value: '<file>',
    isRequired: true,
    text: 'save it to this file, which must not exist yet',
  },
  {
    name: 'days',
    value: '<n>',
    field: 'valid_days',
    isNumber: true,
    text: 'for how many days it is valid',
    default: String(DEFAULT_LEASE_FILE_DAYS),
  },
];

export const LEASE: OperatorCommand = {
  name: 'lease',
  group: 'Plans and usage',
  summary: 'Issue a lease as a file, for a tenant plane that makes no calls',
  about: `Issues a lease of a tenant as a file. It grants what the tenant's plan and its bill allow at
the moment. Whoever runs the tenant plane loads it: atlas-tp lease load --file <file>. The newest file
counts.`,
  operand: SUBJECTS.tenant,
  examples: ['lease acme --out acme-lease.json', 'lease acme --days 365 --out acme-lease.json'],
  options: OPTIONS,
  run: (call) =>
    issue(call).catch((error: unknown) => {
      throw inOptions(error, OPTIONS);
    }),
};

async function issue(call: OperatorCall): Promise<number> {
  const { client, operand, values, terminal, isJson, surroundings } = call;
  const file = String(values['out']);
  // Checked before the lease is issued, because each one is recorded in the audit trail.
  requireNew(call, file);
  const { id, slug } = await findTenant(client, operand);
  const body = bodyOf(OPTIONS, values);
  const lease = await client.call('POST /api/tenants/:id/lease', { path: { id }, body });
  writeNewFile(call, file, lease, OWNER_ONLY);
  const until = momentText(lease.expires_at, surroundings);
  terminal.out(
    isJson
      ? `${JSON.stringify(lease)}\n`
      : `Saved the lease of ${slug} to ${file}. It is valid until ${until}.\n` +
          `On the machine of its tenant plane, load it: atlas-tp lease load --file ${file}\n`,
  );
  return EXIT.done;
}
