import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isPlainHttp } from '@atlas/platform/loopback';
import { type Party } from '@atlas/isolation';
import { CommandFailure, EXIT, UsageError } from '../command';
import { givenParty } from '../isolation/given-party';
import { type ProbeResult, type ProbeScene, probe } from '../isolation/probe';
import { type ProbedPlane, probedPlane } from '../isolation/probed-plane';
import { type ReportFacts, reportDocument, reportText } from '../isolation/probe-report';
import { ThrowawayTenants, askAt } from '../isolation/throwaway-tenants';
import { type OperatorCall, type OperatorCommand } from './operator-command';

export const ISOLATION_PROBE: OperatorCommand = {
  name: 'isolation-probe',
  summary: "try to get at another tenant's things on every route, and write a dated report",
  about: `Signs in as the admin of one tenant, tries to get at another's things on every route of their tenant plane, in every form, and
writes a dated report (Markdown) for auditors. Exit code 0 only if nothing leaked and everything could be judged.

Without sessions it makes two shared tenants for the purpose, fills them, and deprovisions both at its end (they can be
restored for as long as any tenant): nobody else's tenant is touched. Away from the local stack it does so only with --make-tenants. With sessions of two admins it makes none: it then leaves
out what would write to the asking tenant, and what could not be taken back if it were let through; the report says which.`,
  options: [
    { name: 'make-tenants', text: 'make two tenants at this Control Plane, and remove them again' },
    {
      name: 'tenant-plane',
      value: '<url>',
      text: 'the tenant plane (default: where the two tenants came to)',
    },
    { name: 'session-file', value: '<file>', text: "holds a session of the asking tenant's admin" },
    { name: 'other-session-file', value: '<file>', text: "holds a session of the other tenant's admin" },
    { name: 'base-domain', value: '<domain>', text: 'with sessions: tenants are at <slug>.<domain>' },
    { name: 'report', value: '<file>', text: 'default: isolation-report-<date and time>.md here' },
  ],
  async run(call) {
    const end = new AbortController();
    const interrupt = (): void =>
      end.abort(new CommandFailure('Stopped: there is no report.', EXIT.interrupted));
    call.surroundings.signals.once('SIGINT', interrupt);
    try {
      const facts = await (isGiven(call) ? withSessions(call, end.signal) : withThrowaways(call, end.signal));
      return show(call, facts);
    } finally {
      call.surroundings.signals.off('SIGINT', interrupt);
    }
  },
};

function isGiven({ values }: OperatorCall): boolean {
  const files = [values['session-file'], values['other-session-file']];
  if (files.every((file) => file === undefined)) return false;
  if (files.includes(undefined))
    throw new UsageError('Two tenants take two sessions: --session-file and --other-session-file.');
  if (values['tenant-plane'] === undefined)
    throw new UsageError('Sessions of which tenant plane? Say --tenant-plane <url>.');
  return true;
}

async function withSessions(call: OperatorCall, signal: AbortSignal): Promise<ReportFacts> {
  const planeUrl = addressIn(String(call.values['tenant-plane']));
  const baseDomain = call.values['base-domain'] as string | undefined;
  const at = { planeUrl, signal, ...(baseDomain !== undefined && { baseDomain }) };
  const own = await givenParty(String(call.values['session-file']), at);
  const other = await givenParty(String(call.values['other-session-file']), at);
  if (own.party.tenantId === other.party.tenantId) throw new UsageError('Both sessions are of one tenant.');
  return probed(call, signal, {
    ...{ planeUrl, own: own.party, other: other.party, otherName: other.name, isThrowaway: false },
  });
}

async function withThrowaways(call: OperatorCall, signal: AbortSignal): Promise<ReportFacts> {
  const { values, client, terminal, surroundings } = call;
  const isLocal = values['url'] === undefined && !surroundings.env['ATLAS_URL'];
  if (!isLocal && !values['make-tenants'])
    throw new UsageError(
      'This would make two tenants at that Control Plane, and remove them again: say --make-tenants, or give sessions of two tenants (--session-file, --other-session-file).',
    );
  const tenants = new ThrowawayTenants(client, signal);
  try {
    terminal.err('Making two tenants for the probe …\n');
    const [own, other] = await tenants.make();
    const planeUrl = addressIn(String(values['tenant-plane'] ?? own.endpoint_url));
    return await probed(call, signal, {
      ...{ planeUrl, otherName: other.name, isThrowaway: true },
      own: await tenants.furnished(own, planeUrl),
      other: await tenants.furnished(other, planeUrl),
    });
  } finally {
    for (const { slug } of await tenants.remove())
      terminal.err(`Tenant ${slug} is still there. Remove it: atlas deprovision ${slug} --confirm ${slug}\n`);
  }
}

interface Parties {
  readonly planeUrl: string;
  readonly own: Party;
  readonly other: Party;
  readonly otherName: string;
  readonly isThrowaway: boolean;
}

async function probed(call: OperatorCall, signal: AbortSignal, parties: Parties): Promise<ReportFacts> {
  const { terminal, surroundings } = call;
  const { planeUrl, other } = parties;
  const plane: ProbedPlane = await probedPlane(planeUrl);
  try {
    const ask = askAt(planeUrl, other.tenantId, signal);
    const { deployment } = await ask<{ deployment: { model: string } }>('/api/tenant-default');
    const startedAt = new Date(surroundings.now());
    const progress = (done: number, all: number): void => {
      if (done % 100 === 0) terminal.err(`${done} of ${all} attempts\n`);
    };
    const scene: ProbeScene = { ...parties, plane, signal, progress };
    const result: ProbeResult = await probe(scene);
    const endedAt = new Date(surroundings.now());
    return { scene, result, deploymentModel: deployment.model, startedAt, endedAt };
  } finally {
    plane.sender.close();
  }
}

function show({ values, isJson, terminal, surroundings }: OperatorCall, facts: ReportFacts): number {
  const report = reportDocument(facts);
  const stamp = report.started_at.slice(0, 19).replaceAll(':', '');
  const file = resolve(surroundings.directory, String(values['report'] ?? `isolation-report-${stamp}Z.md`));
  writeFileSync(file, reportText(report));
  const { verdict, attempts } = report;
  terminal.out(
    isJson
      ? `${JSON.stringify(report)}\n`
      : `${verdict}: ${attempts.length} attempts. The report is in ${file}\n`,
  );
  return verdict === 'PASS' ? EXIT.done : EXIT.failed;
}

/** A session is no business of the network between. */
function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is no http(s) address of a tenant plane: say --tenant-plane <url>.`);
  if (isPlainHttp(url))
    throw new UsageError(`${url} would carry sessions for all to read: use https, or tunnel to localhost.`);
  return url.replace(/\/+$/, '');
}
