import { randomUUID } from 'node:crypto';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { type InstallView, type Provisioned, type TestStack } from '@atlas/testing';
import { all, exactly, measured, none, tallyOf } from '../figures';
import { inBatches, turns } from '../in-batches';
import { type Proof, type ProofContext, countBy } from '../proof';
import { SeededRandom } from '../seeded-random';
import { SignedPlane, send } from '../signed-plane';
import { TenantRows } from '../tenant-rows';
import { COUNTED } from '../tokens/counted-trace';
import { StatementReports, countingStatements } from '../tokens/statement-reports';
import { MUTATIONS } from '../tokens/token-mutations';

const SIZES = { small: { attempts: 120, counted: 20 }, full: { attempts: 10_000, counted: 1000 } } as const;
/** The number of tokens in each state. The tokens are used in turn. */
const TOKENS = 3;

/**
 * An attempt to enrol. It is signed with the secret from the token's own bundle, so that only the token is
 * wrong.
 */
interface Attempt {
  readonly kind: string;
  readonly plane: SignedPlane;
  readonly token: unknown;
  readonly refusal: RegExp;
}

interface Scene {
  readonly stack: TestStack;
  readonly disk: TenantRows;
  readonly random: SeededRandom;
  readonly live: readonly SignedPlane[];
  readonly dead: readonly Attempt[];
}

/**
 * Only a live, unmodified token enrols a tenant plane.
 *
 * Each attempt is signed with the secret from the token's own bundle, so that only the token is wrong. Every
 * fifth attempt is a dry run. Statements are counted where the drivers receive them. The statement that
 * stores the call's nonce is not counted, because it runs before the token is checked.
 *
 * To see it fail: in `parseCredential`, leave out the checksum.
 */
export const proof: Proof = {
  goal:
    '10,000 expired, revoked, superseded and mutated tokens: 0 accepted, no 5xx; a wrong checksum ' +
    'costs no SQL (reduced size: 120)',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const { attempts, counted } = SIZES[context.size];
    const scene = await open(await context.stack(countingStatements()));
    const before = await rowsOf(scene);
    const { counts, wrong } = await refusals(scene, attempts, context);
    const statements = await statementsOf(scene, counted, context);
    const isUnchanged = (await rowsOf(scene)) === before;
    const { url } = scene.stack.controlPlane;
    const intact = countBy(await Promise.all(scene.live.map((plane) => plane.enrol(url))), statusOf);
    await scene.disk.close();
    return [
      measured('attempts', attempts),
      none('unexpected responses', wrong),
      exactly('planes and tokens', isUnchanged ? 'unchanged' : 'changed', 'unchanged'),
      none(`statements for ${counted} wrong checksums`, statements.typos),
      exactly(`statements for ${counted} unknown tokens`, statements.unknown, counted),
      all('intact tokens accepted afterwards', intact[200] ?? 0, TOKENS),
      measured('responses', tallyOf(counts)),
      measured('seed', scene.random.seed),
    ];
  },
};

async function open(stack: TestStack): Promise<Scene> {
  const disk = await TenantRows.open(stack.controlPlaneDatabase);
  const several = async (install: (n: number) => Promise<InstallView>): Promise<SignedPlane[]> => {
    const installs: InstallView[] = [];
    for (let n = 0; n < TOKENS; n += 1) installs.push(await install(n));
    return installs.map((one) => new SignedPlane(stack.controlPlane.url, one));
  };
  const whole = (kind: string, refusal: RegExp, planes: readonly SignedPlane[]): Attempt[] =>
    planes.map((plane) => ({ kind, refusal, plane, token: plane.enrolBody().token }));
  const dead = [
    ...whole('expired', /^410 token_expired$/, await several(() => expired(stack, disk))),
    ...whole('revoked', /^410 token_revoked$/, await several((n) => revoked(stack, n))),
    ...whole('superseded', /^410 token_revoked$/, await several(() => superseded(stack))),
  ];
  const live = await several(async () => (await stack.registerCell()).install);
  return { stack, disk, random: new SeededRandom(20_260_103), live, dead };
}

async function expired(stack: TestStack, disk: TenantRows): Promise<InstallView> {
  const { install } = await stack.registerCell();
  await disk.query('update provisioning_tokens set expires_at = created_at where id = $1', [
    install.token_id,
  ]);
  return install;
}

async function revoked(stack: TestStack, n: number): Promise<InstallView> {
  const { body } = await stack.provision(`revoked-${n}`, { body: { deployment_model: 'on_prem' } });
  const { tenant, install } = body as Required<Provisioned>;
  const path = `/api/tenants/${tenant.id}/provisioning-tokens/${install.token_id}`;
  const { status } = await stack.api(path, { method: 'DELETE' });
  if (status !== 204) throw new Error(`The token was not revoked: ${status}.`);
  return install;
}

async function superseded(stack: TestStack): Promise<InstallView> {
  const { id, install } = await stack.registerCell();
  const { status } = await stack.api(`/api/tenant-planes/${id}/provisioning-tokens`, { body: {} });
  if (status !== 201) throw new Error(`The token was not superseded: ${status}.`);
  return install;
}

/**
 * Every third attempt presents an intact token that is no longer valid. The others present a mutated token.
 */
async function refusals(scene: Scene, count: number, { progress }: ProofContext) {
  const kinds = Object.keys(MUTATIONS);
  const attemptAt = (turn: number): Attempt =>
    turn % 3 === 0
      ? (scene.dead[(turn / 3) % scene.dead.length] as Attempt)
      : mutated(scene, kinds[turn % kinds.length] ?? '', Math.floor(turn / kinds.length));
  const outcomes = await inBatches(turns(count), { progress }, async (turn) => {
    const attempt = attemptAt(turn);
    // Some attempts are dry runs, because not even a dry run may reveal whether a token is valid.
    const outcome = await show(scene, attempt, { isDryRun: turn % 5 === 0 });
    const isExpected = attempt.refusal.test(outcome);
    const { kind, token } = attempt;
    return { outcome, isExpected, text: `${kind}, ${JSON.stringify(token)}: ${outcome}` };
  });
  const counts = countBy(outcomes, ({ outcome }) => outcome);
  return { counts, wrong: outcomes.filter(({ isExpected }) => !isExpected).map(({ text }) => text) };
}

/**
 * Counts the statements caused by tokens with a wrong checksum, and by the same number of unknown tokens with
 * a correct checksum.
 */
async function statementsOf(scene: Scene, count: number, { progress }: ProofContext) {
  const reports = new StatementReports(scene.stack.controlPlane);
  const costOf = async (kind: string): Promise<number> => {
    await inBatches(turns(count), { progress }, (turn) =>
      show(scene, mutated(scene, kind, turn), { headers: COUNTED }),
    );
    return reports.next();
  };
  return {
    typos: await costOf('one character changed'),
    unknown: await costOf('unknown, with a correct checksum'),
  };
}

function mutated({ live, random }: Scene, kind: string, turn: number): Attempt {
  const planes = [live[turn % TOKENS], live[(turn + 1) % TOKENS]] as [SignedPlane, SignedPlane];
  const [token, other] = planes.map((plane) => plane.enrolBody().token) as [string, string];
  const refusal = /^(401 bad_signature|400 validation_failed)$/;
  return { kind, refusal, plane: planes[0], token: MUTATIONS[kind]?.({ token, other, random, turn }) };
}

async function show(
  { stack }: Scene,
  { plane, token }: Attempt,
  { isDryRun = false, headers = {} } = {},
): Promise<string> {
  const body = JSON.stringify({ ...plane.enrolBody(), token, instance_id: randomUUID() });
  const signed = plane.sign('POST', `${PLANE_PATHS.enrol}${isDryRun ? '?dry_run=true' : ''}`, body);
  const answer = await send(stack.controlPlane.url, {
    ...signed,
    headers: { ...signed.headers, ...headers },
  });
  return `${answer.status} ${answer.body['code']}`;
}

/** All rows that a successful enrolment would change. */
async function rowsOf({ disk }: Scene): Promise<string> {
  const planes = await disk.query('select * from tenant_planes order by id');
  return JSON.stringify([planes, await disk.query('select * from provisioning_tokens order by id')]);
}

function statusOf({ status }: { readonly status: number }): number {
  return status;
}
