import { FORMS, nameOf } from '@atlas/isolation';
import { onOneLine } from '../text';
import { type ProbeResult, type ProbeScene } from './probe';

export interface ReportFacts {
  readonly scene: ProbeScene;
  readonly result: ProbeResult;
  readonly deploymentModel: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** The report for programs. Like {@link reportText}, it contains no tokens and no leaked data. */
export function reportDocument({ scene, result, deploymentModel, startedAt, endedAt }: ReportFacts) {
  const { plane, own, other, isThrowaway } = scene;
  return {
    verdict: result.verdict,
    started_at: startedAt.toISOString(),
    ended_at: endedAt.toISOString(),
    tenant_plane: {
      url: plane.url,
      version: plane.version,
      database: plane.database,
      deployment_model: deploymentModel,
    },
    asking_tenant: { id: own.tenantId, slug: own.slug },
    other_tenant: { id: other.tenantId, slug: other.slug },
    tenants_made_for_the_probe: isThrowaway,
    attempts: result.judged.map(({ attempt, status, outcome, why, traceId }) => ({
      route: nameOf(attempt.route),
      verb: attempt.line.verb,
      form: attempt.form,
      how: attempt.how,
      expected: attempt.expected,
      status,
      outcome,
      why: why ?? null,
      trace_id: traceId ?? null,
    })),
    own_calls: { made: result.controls, failed: result.failedControls },
    changed: result.changed,
    left_out: [...result.leftOut, ...(other.host === null ? [NO_ADDRESS] : [])],
    not_covered: plane.uncovered,
  };
}

type Report = ReturnType<typeof reportDocument>;

const NO_ADDRESS = { route: 'all', reason: "attempts at the other tenant's address need --base-domain" };

const VERDICTS: Readonly<Record<Report['verdict'], string>> = {
  PASS: "No attempt reached the other tenant's data, and none of it changed.",
  LEAK:
    "The other tenant's data was shown to or changed by someone who is not its user. Treat this as an " +
    "incident. The trace ids point to entries in the plane's log.",
  INCONCLUSIVE: 'No leak was seen, but not every attempt could be judged; see below.',
};

/** For auditors. */
export function reportText(report: Report): string {
  const { tenant_plane: plane, asking_tenant: own, other_tenant: other, attempts } = report;
  const count = (outcome: string): number => attempts.filter((one) => one.outcome === outcome).length;
  const routes = new Set(attempts.map(({ route }) => route)).size;
  const bad = attempts.filter(({ outcome }) => outcome === 'leak' || outcome === 'fault');
  const facts = [
    ['Verdict', `**${report.verdict}**`],
    ['Started', report.started_at],
    ['Ended', report.ended_at],
    ['Tenant plane', `${plane.url}, version ${plane.version}, ${plane.deployment_model}`],
    ['Database', plane.database],
    ['Requesting tenant', `${own.slug} (${own.id}), signed in as its admin`],
    ['Other tenant', `${other.slug} (${other.id})`],
    ['Both created for this probe', report.tenants_made_for_the_probe ? 'yes' : 'no'],
    ['Attempts', `${attempts.length} on ${routes} routes, in the forms ${FORMS.join(', ')}`],
    ['Refused', count('refused')],
    ["Returned the requesting tenant's own data, or none", count('own')],
    ['Leaked', count('leak')],
    ['Failed, so inconclusive', count('fault')],
    [
      'Requests by each tenant for its own data',
      `${report.own_calls.made}, of which ${report.own_calls.failed.length} failed`,
    ],
    ['Changed responses to the other tenant', report.changed.length],
  ];
  return [
    `# Isolation probe of ${plane.url}, ${report.started_at.slice(0, 10)}\n`,
    `${VERDICTS[report.verdict]}\n`,
    table(['', ''], facts),
    section(
      'What went wrong',
      ['route', 'form', 'how', 'status', 'outcome', 'why', 'trace id'],
      bad.map((one) => [one.route, one.form, one.how, one.status, one.outcome, one.why, one.trace_id]),
    ),
    section(
      'Failed requests by a tenant for its own data',
      ['route and status'],
      report.own_calls.failed.map((one) => [one]),
    ),
    section(
      'Responses to the other tenant that changed',
      ['route'],
      report.changed.map((one) => [one]),
    ),
    section(
      'Routes unknown to this version of the probe',
      ['route'],
      report.not_covered.map((one) => [one]),
    ),
    section(
      'Not attempted',
      ['route', 'reason'],
      report.left_out.map(({ route, reason }) => [route, reason]),
    ),
    section(
      'Every attempt',
      ['route', 'action', 'form', 'how', 'expected', 'status', 'outcome'],
      attempts.map((one) => [one.route, one.verb, one.form, one.how, one.expected, one.status, one.outcome]),
    ),
    READING,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const READING = `## How to read this

The signed-in admin of the requesting tenant requests the other tenant's data on every route: with its ids
in the path, query, body and \`x-tenant-id\`, and at the other tenant's address. The expected outcome is
\`refused\`. It is \`own\` if the plane ignores the reference to the other tenant and returns the requesting
tenant's own data. It is \`name\` if anyone may learn the tenant's name at that address before signing in. A
response that contains an id, an email address or a marker word from the other tenant's rows is a leak,
whatever its status. Before and afterwards, each tenant requests its own data. This shows that a refusal is
meaningful, and would reveal a change.

What the database itself enforces (row-level security, triggers) is checked by each plane when it starts,
and is not part of this probe. Responses are not kept, and this report contains no token.
`;

type Cell = string | number | null | undefined;

function section(title: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return rows.length === 0 ? '' : `## ${title}\n\n${table(columns, rows)}`;
}

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map(cellText).join(' | ')} |\n`;
  return [columns, columns.map(() => '---'), ...rows].map(line).join('');
}

function cellText(cell: Cell): string {
  return onOneLine(String(cell ?? '')).replaceAll('|', '\\|');
}
