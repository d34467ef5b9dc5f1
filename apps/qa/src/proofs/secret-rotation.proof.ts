import { PLANE_PATHS } from '@atlas/plane-contract';
import { type InstallView, type PlaneProcess, type TestStack, eventually } from '@atlas/testing';
import { all, exactly, measured } from '../figures';
import { inBatches, turns } from '../in-batches';
import { type Proof, type ProofContext } from '../proof';
import { CallingPlane } from '../rotating/calling-plane';
import { SteadyCalls } from '../rotating/steady-calls';
import { SignedPlane, send } from '../signed-plane';

const SIZES = { small: { calls: 1000, old: 100 }, full: { calls: 10_000, old: 1000 } } as const;
const PLANES = 4;
/** How long a plane's replicas take to learn the plane's next secret. */
const LAG_MS = 3000;
/**
 * How long an old secret must be unused before it is revoked. No replica may take longer than this to learn
 * the next secret.
 */
const QUIET_SECONDS = '10';
const PLATFORM_SECRETS = [
  'the platform secret until now, long enough',
  'the platform secret from now on, long enough',
] as const;

interface Scene {
  readonly stack: TestStack;
  /** The URLs of the Control Plane's processes. */
  readonly urls: readonly string[];
  second: PlaneProcess | undefined;
  readonly size: (typeof SIZES)[keyof typeof SIZES];
  readonly progress: ProofContext['progress'];
}

interface Outcome {
  readonly calls: number;
  readonly refused: readonly string[];
  /** How many calls with an old secret were refused after the rotation. */
  readonly oldRefused: number;
}

/**
 * Secrets are rotated under load. No call is refused during a rotation, and every call with an old secret is
 * refused afterwards.
 *
 * Half of the callers are replicas that learn the next secret 3 s late. A call that gets no response because
 * a process is restarting is signed again and sent to the next process.
 *
 * To see it fail: in `PostgresNonces`, leave out `revoked_at`; in `AwaitNextSecretStep`, leave out the quiet
 * time; or have `platformKeysOf` return only the current key.
 */
export const proof: Proof = {
  goal:
    '10,000 signed calls during each rotation of plane secrets and of the platform secret: 0 refused; ' +
    'afterwards old secrets are always refused, and every process refuses a compromised secret at once',
  databases: ['sqlite', 'postgres'],
  // Covered at the reduced size by secret-rotation.cases.ts and platform-secret.cases.ts in
  // control-plane/test/trust.
  smallOn: [],
  async run(context) {
    const scene = await open(context);
    const outcomes = {
      routine: await rotatedByRoutine(scene),
      compromised: await compromised(scene),
      platform: await platformSecretChanged(scene),
    };
    return [
      ...Object.entries(outcomes).flatMap(([name, { calls, refused, oldRefused }]) => [
        exactly(`${name}: calls refused`, refused.length, 0, [...new Set(refused)]),
        all(`${name}: calls with the old secret refused`, oldRefused, scene.size.old),
        measured(`${name}: calls`, calls),
      ]),
      measured('processes', scene.urls.length),
    ];
  },
};

async function open({ size, driver, stack: start, progress }: ProofContext): Promise<Scene> {
  const stack = await start({
    INTERNAL_SERVICE_SECRET: PLATFORM_SECRETS[0],
    SECRET_ROTATION_QUIET_SECONDS: QUIET_SECONDS,
  });
  const second = driver === 'postgres' ? await stack.anotherControlPlane() : undefined;
  const urls = [stack.controlPlane.url, ...(second ? [second.url] : [])];
  return { stack, urls, second, size: SIZES[size], progress };
}

async function rotatedByRoutine(scene: Scene): Promise<Outcome> {
  const { stack, urls, size } = scene;
  const planes = await enrolled(scene);
  const calls = new SteadyCalls(
    urls,
    planes.flatMap((plane) => [plane, plane.replica(LAG_MS)]),
  );
  await calls.reach(size.calls / 4);
  const rotations = await Promise.all(planes.map((plane) => rotate(stack, plane, 'routine')));
  await Promise.all(rotations.map(({ job }) => succeeded(stack, job.id)));
  await calls.reach(Math.max(size.calls, calls.count + size.calls / 4));
  await calls.end();
  return { calls: calls.count, refused: calls.refused, oldRefused: await oldRefused(scene, planes) };
}

/** One plane's secret is compromised, while the other planes keep calling. */
async function compromised(scene: Scene): Promise<Outcome> {
  const { stack, urls, size } = scene;
  const [leaky, ...others] = (await enrolled(scene)) as [CallingPlane, ...CallingPlane[]];
  // Makes every process cache the secret.
  const before = new SteadyCalls(urls, [leaky]);
  await before.reach(urls.length * 10);
  await before.end();
  const calls = new SteadyCalls(urls, others);
  await calls.reach(size.calls / 10);
  const { install } = await rotate(stack, leaky, 'compromised');
  const refusedAtOnce = await oldRefused(scene, [leaky]);
  const { url } = stack.controlPlane;
  const enrolment = await new SignedPlane(url, install as InstallView).enrol(url, leaky.signed.instanceId);
  await calls.end();
  if (enrolment.status !== 200) throw new Error(`The new bundle was refused: ${enrolment.status}.`);
  const refused = [...before.refused, ...calls.refused];
  return { calls: before.count + calls.count, refused, oldRefused: refusedAtOnce };
}

/**
 * First, the Control Plane accepts both secrets. Then the cells switch to the new secret. Finally, the
 * Control Plane accepts only the new secret.
 */
async function platformSecretChanged(scene: Scene): Promise<Outcome> {
  const { stack, urls, size } = scene;
  const [before, after] = PLATFORM_SECRETS;
  const cells = await enrolled(scene, 'platform');
  const calls = new SteadyCalls(urls, cells);
  await calls.reach(size.calls / 4);
  await restart(scene, { INTERNAL_SERVICE_SECRET: after, INTERNAL_SERVICE_SECRET_PREVIOUS: before });
  await calls.reach(size.calls / 2);
  const unnamed = await unnamedIn(stack.controlPlane, cells);
  for (const cell of cells) cell.goOnWith(after);
  const late = await CallingPlane.enrolled(stack, 'platform');
  if (late.signed.secret !== after) throw new Error('A new bundle contains the old platform secret.');
  await calls.reach((size.calls * 3) / 4);
  await restart(scene, { INTERNAL_SERVICE_SECRET: after });
  await calls.reach(size.calls);
  await calls.end();
  const refused = [...calls.refused, ...unnamed];
  return { calls: calls.count, refused, oldRefused: await oldRefused(scene, cells) };
}

/** Finds the cells that still use the old secret but are not named in the Control Plane's log. */
async function unnamedIn({ line }: PlaneProcess, cells: readonly CallingPlane[]): Promise<readonly string[]> {
  const look = async ({ id }: CallingPlane): Promise<string[]> =>
    line(new RegExp(`${id} still signs with INTERNAL_SERVICE_SECRET_PREVIOUS`), 5000).then(
      () => [],
      () => ['(a cell missing from the log)'],
    );
  return (await Promise.all(cells.map(look))).flat();
}

function enrolled({ stack }: Scene, secret?: 'platform'): Promise<CallingPlane[]> {
  return Promise.all(Array.from({ length: PLANES }, () => CallingPlane.enrolled(stack, secret)));
}

/** Restarts the processes one after the other, each at its previous address. */
async function restart(scene: Scene, env: Readonly<Record<string, string>>): Promise<void> {
  const { stack, second } = scene;
  await stack.controlPlane.end();
  await stack.startControlPlane(env);
  await second?.end();
  if (second) scene.second = await stack.anotherControlPlane(env, second.port);
}

interface Rotation {
  readonly job: { readonly id: string };
  readonly install?: InstallView;
}

interface JobView {
  readonly status: string;
  readonly error: unknown;
}

async function rotate(stack: TestStack, { id }: CallingPlane, mode: string): Promise<Rotation> {
  const { status, body } = await stack.api<Rotation>(`/api/tenant-planes/${id}/rotate-secret`, {
    body: { mode },
  });
  if (status !== 202) throw new Error(JSON.stringify(body));
  return body;
}

async function succeeded(stack: TestStack, id: string): Promise<void> {
  const hasSucceeded = async (): Promise<boolean> => {
    const { body } = await stack.api<JobView>(`/api/provisioning-jobs/${id}`);
    if (body.status === 'failed') throw new Error(`The rotation failed: ${JSON.stringify(body.error)}`);
    return body.status === 'succeeded';
  };
  await eventually(hasSucceeded, { timeoutMs: 90_000, everyMs: 250, what: 'the rotation has succeeded' });
}

/** How many calls signed with the planes' original secrets are refused, across all processes. */
async function oldRefused({ urls, size, progress }: Scene, planes: readonly CallingPlane[]): Promise<number> {
  const old = planes.map(({ id, signed, install }) => {
    const plane = new SignedPlane(signed.publicUrl, install);
    return () => plane.sign('GET', `${PLANE_PATHS.routes}/nobody?tenant_plane_id=${id}`);
  });
  const refused = await inBatches(turns(size.old), { progress }, async (i) => {
    const signed = (old[i % old.length] as (typeof old)[number])();
    const { status, body } = await send(urls[Math.floor(i / old.length) % urls.length] ?? '', signed);
    return status === 401 && body['code'] === 'bad_signature';
  });
  return refused.filter(Boolean).length;
}
