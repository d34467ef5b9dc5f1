import { type Option } from '../../options';
import { type Operation } from './operation';

const group = 'Tenant planes';

const VERSION: Option = {
  name: 'version',
  value: '<version>',
  field: 'version',
  text: 'version to upgrade to',
  default: 'the version for new tenants',
};

export const PLANE_OPERATIONS: readonly Operation[] = [
  {
    name: 'upgrade',
    group,
    summary: 'Upgrade a tenant plane to another version',
    examples: ['upgrade acme --version 1.4.0'],
    subject: 'plane',
    operation: 'POST /api/tenant-planes/:id/upgrade',
    canRehearse: true,
    options: [VERSION],
  },
  {
    name: 'upgrade-wave',
    group,
    summary: 'Upgrade the dedicated tenant planes that are behind, one first, then in batches',
    examples: ['upgrade-wave --dry-run', 'upgrade-wave --region eu --batch-size 10 --max-failures 1'],
    operation: 'POST /api/tenant-planes/upgrades',
    canRehearse: true,
    options: [
      VERSION,
      { name: 'region', value: '<region>', field: 'region', text: 'only planes in this region' },
      {
        name: 'batch-size',
        value: '<n>',
        field: 'batch_size',
        isNumber: true,
        text: 'planes per batch, after the first plane',
        default: '5',
      },
      {
        name: 'max-failures',
        value: '<n>',
        field: 'max_failures',
        isNumber: true,
        text: 'stop when more planes than this have failed',
        default: '0',
      },
    ],
  },
  {
    name: 'rotate-secret',
    group,
    summary: 'Replace the service secret of a tenant plane',
    about: `Replaces the service secret of a tenant plane. "routine" accepts both secrets until the old
secret is no longer in use. This takes ten minutes or more. "compromised" refuses the old secret at once.`,
    examples: ['rotate-secret acme --mode routine --no-wait'],
    subject: 'plane',
    operation: 'POST /api/tenant-planes/:id/rotate-secret',
    canRehearse: true,
    options: [
      {
        name: 'mode',
        value: '<mode>',
        field: 'mode',
        isRequired: true,
        text: 'why the secret is replaced',
        choices: ['routine', 'compromised'],
      },
    ],
  },
  {
    name: 'drain',
    group,
    summary: 'Move all tenants of a cell to other cells and close it to new ones',
    examples: ['drain eu-1 --dry-run'],
    subject: 'plane',
    operation: 'POST /api/tenant-planes/:id/drain',
    canRehearse: true,
    options: [],
  },
  {
    name: 'reopen',
    group,
    summary: 'Open a drained cell to tenants again',
    examples: ['reopen eu-1'],
    subject: 'plane',
    operation: 'POST /api/tenant-planes/:id/reopen',
    done: 'The cell accepts tenants again.',
    options: [],
  },
  {
    name: 'keep-copy',
    group,
    summary: 'Decide which copy of a restored tenant plane counts',
    about: `Decides which copy of a tenant plane counts, if it was restored while the original still ran.
Reports of the other copies are not recorded, and each learns that it is outdated. Stop those.`,
    examples: ['keep-copy acme --copy original'],
    subject: 'plane',
    operation: 'POST /api/tenant-planes/:id/keep-copy',
    done: 'This copy counts from now on.',
    options: [
      {
        name: 'copy',
        value: '<copy>',
        field: 'copy',
        isRequired: true,
        text: '"original", or the incarnation that "atlas-tp status --json" shows on the copy',
      },
    ],
  },
];
