import { type Route, nameOf } from '@atlas/isolation';
import { type Attempt, bearerAttempts, marksOf, signedAttempts } from '../blast/attempts';
import { callsOfVictim } from '../blast/calls-of-victim';
import { type Reply, keyOf, sendAs } from '../blast/calls';
import { type Scene, open } from '../blast/scene';
import { all, measured, moreThan, none, tallyOf } from '../figures';
import { inBatches } from '../in-batches';
import { type Proof, type ProofContext, countBy } from '../proof';
import { type Audience, audienceOf, routesOf } from '../routes';
import { changesOf, rowsTelling } from '../rows-telling';

/** At the reduced size, one in this many attempts is made. Every route still gets some attempts. */
const SMALL_PART = 17;

/**
 * An attacker who has every secret of one tenant plane calls every route in the name of another plane.
 *
 * The routes are those that Fastify registered. On each route, the attacker sends what the other plane would
 * send, with every combination of plane and tenant, signed with each stolen secret. No row about the other
 * plane may change. Afterwards, that plane makes the same calls itself, which must succeed. Any enrolled
 * plane may look up where a slug is served, so such a lookup does not count as a call made as another plane.
 *
 * To see it fail: in `TransferRelay.take`, leave out `sourcePlaneId`; or add a signed route.
 */
export const proof: Proof = {
  goal:
    'with every secret of one tenant plane: 0 calls succeed as another plane on any route of the ' +
    'Control Plane, and no row of that other plane changes',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const scene = await open(context);
    try {
      const { stack, victim, ai } = scene;
      const routes = await byAudience(scene);
      const unlisted = routes.signed.filter((route) => !callsOfVictim(scene, route));
      const rowsOfVictim = () => rowsTelling(stack.controlPlaneDatabase, marksOf(victim));
      const before = await rowsOfVictim();
      const counts = await tryAll(scene, routes, context);
      const after = await rowsOfVictim();
      const alarms = after.filter(isAlarm).length;
      const changed = changesOf(
        before,
        after.filter((row) => !isAlarm(row)),
      );
      const asked = ai.asked.length;
      const own = await byVictimItself(scene, routes.signed);
      return [
        moreThan('attempts', counts.attempts, 0),
        none('attempts that succeeded or were not properly refused', counts.failures),
        none('changed rows of the victim', changed),
        none('questions sent to the AI', asked),
        all("the victim's own calls accepted", own.accepted, own.calls),
        moreThan('rows of the victim', before.length, 0),
        none('signed routes not covered', unlisted.map(nameOf)),
        measured('signed routes', routes.signed.length),
        measured('operator routes', routes.operator.length),
        measured('public routes', routes.public.length),
        measured('alarms', alarms),
        measured('responses', tallyOf(counts.statuses)),
      ];
    } finally {
      await scene.ai.stop();
    }
  },
};

/** Whether the row is the audit event for an attempt by another plane to use one of the victim's tokens. */
function isAlarm(row: string): boolean {
  return row.startsWith('audit_events ') && row.includes('"provisioning_token.misused"');
}

type Routes = Readonly<Record<Audience, readonly Route[]>>;

async function byAudience({ stack: { controlPlane } }: Scene): Promise<Routes> {
  const routes: Record<Audience, Route[]> = { signed: [], operator: [], public: [] };
  for (const route of routesOf(controlPlane)) routes[await audienceOf(controlPlane, route)].push(route);
  return routes;
}

async function tryAll(scene: Scene, routes: Routes, { size, progress }: ProofContext) {
  const signed = routes.signed.flatMap((route) =>
    (callsOfVictim(scene, route) ?? []).flatMap((call) => signedAttempts(scene, call)),
  );
  const ofOthers = (['operator', 'public'] as const).flatMap((audience) =>
    routes[audience].flatMap((route) =>
      bearerAttempts(scene, route).map((attempt) => ({ ...attempt, isPublic: audience === 'public' })),
    ),
  );
  const all = [...signed.map((attempt) => ({ ...attempt, isPublic: false })), ...ofOthers];
  const attempts = size === 'full' ? all : all.filter((_, at) => at % SMALL_PART === 0);
  const { url } = scene.stack.controlPlane;
  const replies = await inBatches(attempts, { progress }, async (attempt) => {
    const reply = await sendAs(url, attempt.key, attempt.call);
    const isFailure = reply.status < 400 ? succeedsAs(scene, attempt, reply) : reply.status >= 500;
    if (isFailure) progress(describe(attempt, reply));
    return { status: reply.status, isFailure };
  });
  const statuses = countBy(replies, ({ status }) => status);
  return {
    attempts: replies.length,
    statuses,
    failures: replies.filter(({ isFailure }) => isFailure).length,
  };
}

/**
 * Whether the attempt counts as a success. Reading a public route is allowed if the response reveals nothing
 * about the victim.
 */
function succeedsAs(
  { victim }: Scene,
  { call, isPublic }: Attempt & { isPublic: boolean },
  { text }: Reply,
): boolean {
  if (!isPublic || !['GET', 'HEAD'].includes(call.method)) return true;
  return marksOf(victim).some((mark) => text.includes(mark));
}

function describe({ call, key }: Attempt, { status, text }: Reply): string {
  const { method, target, tenantId, body = '' } = call;
  return (
    `${method} ${target} for ${tenantId} as ${key?.keyId} with ${body.slice(0, 200)}: ${status} ` +
    `${text.slice(0, 200)}`
  );
}

/** The victim makes the same calls itself, which must be accepted. */
async function byVictimItself(scene: Scene, routes: readonly Route[]) {
  const { url } = scene.stack.controlPlane;
  const statuses: number[] = [];
  for (const call of routes.flatMap((route) => callsOfVictim(scene, route) ?? [])) {
    const { status } = await sendAs(url, call.key ?? keyOf(scene.victim.plane.signed.secret), call);
    statuses.push(status);
  }
  return { calls: statuses.length, accepted: statuses.filter((status) => status < 300).length };
}
