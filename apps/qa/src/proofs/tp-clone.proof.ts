import {
  type InstallView,
  type PlaneProcess,
  type TestDatabase,
  type TestStack,
  eventually,
} from '@atlas/testing';
import { all, none } from '../figures';
import { type Proof, type ProofContext } from '../proof';
import { TenantRows } from '../tenant-rows';

const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
/** Twice the reporting interval of 25 s. */
const NOTICED_WITHIN_MS = 50_000;
/** The order in which the two disks are started. */
const ORDERS = ['original first', 'copy first', 'both at once'] as const;

interface Round {
  readonly signal: (typeof SIGNALS)[number];
  readonly order: (typeof ORDERS)[number];
}

interface PlaneView {
  readonly id: string;
  readonly identity_forked: boolean;
  readonly last_report_at: string | null;
}

interface Alarm {
  readonly target: { readonly id: string };
  readonly after: { readonly sequence: number; readonly link_id: string; readonly known_link_id: string };
}

/**
 * If the disk of a tenant plane is copied and a plane is started on each disk, the copy is detected.
 *
 * The plane is stopped, gracefully or by kill. Its SQLite file is copied, or its Postgres database cloned.
 * Then a plane is started on each disk, in either order or at the same time.
 *
 * To see it fail: in `orderOf`, accept the same number as a repeat, regardless of the sender.
 */
export const proof: Proof = {
  goal:
    "two copies of a tenant plane's disk: detected at the second copy's first report, audited and shown; " +
    'a mere restart is not',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by control-plane/test/tenant-planes/reports.cases.ts.
  smallOn: [],
  async run(context) {
    const stack = await context.stack();
    const rounds = SIGNALS.flatMap((signal) => ORDERS.map((order) => ({ signal, order })));
    let [noticed, mistaken] = [0, 0];
    for (const round of rounds) {
      const { isMistaken, isShown, alarms, isAtFirst } = await copied(stack, context, round);
      if (isMistaken) mistaken += 1;
      if (isShown && alarms === 1 && isAtFirst) noticed += 1;
      const when = isAtFirst ? 'at the first report' : 'LATER OR NEVER';
      context.progress(`${round.signal}, ${round.order}: noticed ${when}, alarms: ${alarms}`);
    }
    return [
      all("copies noticed at the second copy's first report, with one alarm", noticed, rounds.length),
      none('restarts mistaken for copies', mistaken),
    ];
  },
};

async function copied(stack: TestStack, { database, copyOf }: ProofContext, { signal, order }: Round) {
  const { id, install } = await stack.registerCell();
  const original = await database();
  const started = (disk: TestDatabase) => reporting(stack, id, install, disk);
  await stack.endTenantPlane(await started(original), signal);
  await stack.endTenantPlane(await started(original), signal);
  const isForkedBefore = (await shown(stack, id)).identity_forked;
  const copy = await copyOf(original);
  const next = (await sequenceOn(copy)) + 1;

  const [first, second] = order === 'copy first' ? [copy, original] : [original, copy];
  const isAtOnce = order === 'both at once';
  const one = await (isAtOnce ? stack.startTenantPlane(install, first, {}, false) : started(first));
  const isMistaken = isForkedBefore || (await shown(stack, id)).identity_forked;
  const other = await stack.startTenantPlane(install, second);
  const isNoticed = async () => (await shown(stack, id)).identity_forked;
  const isShown = await eventually(isNoticed, { timeoutMs: NOTICED_WITHIN_MS }).catch(() => false);

  const alarms = await alarmsOn(stack, id);
  for (const plane of [one, other]) await stack.endTenantPlane(plane);
  const isOfFirst = ({ after }: Alarm) => after.sequence === next && after.link_id !== after.known_link_id;
  return { isMistaken, isShown, alarms: alarms.length, isAtFirst: alarms.some(isOfFirst) };
}

/** Starts a tenant plane and waits for its first report. */
async function reporting(
  stack: TestStack,
  id: string,
  install: InstallView,
  disk: TestDatabase,
): Promise<PlaneProcess> {
  const { last_report_at: before } = await shown(stack, id);
  const plane = await stack.startTenantPlane(install, disk);
  const hasReported = async () => (await shown(stack, id)).last_report_at !== before;
  await eventually(hasReported, { timeoutMs: 30_000, what: 'the tenant plane has reported' });
  return plane;
}

async function shown(stack: TestStack, id: string): Promise<PlaneView> {
  const { body } = await stack.api<{ items: PlaneView[] }>('/api/tenant-planes');
  const plane = body.items.find((one) => one.id === id);
  if (!plane) throw new Error('The tenant plane is missing from the list.');
  return plane;
}

async function alarmsOn(stack: TestStack, id: string): Promise<Alarm[]> {
  const path = '/api/audit?action=tenant_plane.identity_forked';
  return (await stack.api<{ items: Alarm[] }>(path)).body.items.filter(({ target }) => target.id === id);
}

/** The sequence number of the plane's last report, as stored on this disk. */
async function sequenceOn(disk: TestDatabase): Promise<number> {
  const rows = await TenantRows.open(disk);
  const [identity] = await rows.query<{ sequence: number }>('select sequence from plane_identity');
  await rows.close();
  return identity?.sequence ?? NaN;
}
