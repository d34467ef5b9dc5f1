import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Party } from '@atlas/isolation';
import { isPlainHttp } from '@atlas/platform/loopback';
import { CommandFailure, EXIT, UsageError } from '../failure';
import { givenParty } from '../isolation/given-party';
import { type ProbeResult, type ProbeScene, probe } from '../isolation/probe';
import { type ReportFacts, reportDocument, reportText } from '../isolation/probe-report';
import { type ProbedPlane, probedPlane } from '../isolation/probed-plane';
import { ThrowawayTenants, askAt } from '../isolation/throwaway-tenants';
import { note } from './note';
import { type OperatorCall, type OperatorCommand } from './operator-command';

export const ISOLATION_PROBE: OperatorCommand = {
  name: 'isolation-probe',
  group: 'Audit and drift',
  summary: "Try to reach another tenant's data on every route, and write a report",
  about: `Signs in as the admin of one tenant, tries to reach another tenant's data on every route of
their tenant plane with every form of request, and writes a dated report (Markdown) for auditors. Exits
with 0 only if nothing leaked and every attempt could be judged.

Without sessions, it creates two shared tenants, fills them with data, and deprovisions both at the end;
their backups stay until the restore window ends. It touches no other tenant. Except on the local stack,
this requires --make-tenants. With the sessions of two admins, it creates no tenants, and skips attempts
that would write to the requesting tenant or could not be undone if they succeeded. The report lists the
skipped attempts.`,
  examples: [
    'isolation-probe',
    'isolation-probe --make-tenants --report isolation.md',
    'isolation-probe --tenant-plane https://eu-1.atlas.example --session-file a --other-session-file b',
  ],
  options: [
    { name: 'make-tenants', text: 'create two tenants on this Control Plane and remove them afterwards' },
    {
      name: 'tenant-plane',
      value: '<url>',
      text: 'the tenant plane to probe',
      default: 'the plane of the two created tenants',
    },
    { name: 'session-file', value: '<file>', text: "file with a session of the requesting tenant's admin" },
    { name: 'other-session-file', value: '<file>', text: "file with a session of the other tenant's admin" },
    { name: 'base-domain', value: '<domain>', text: 'with sessions: tenants are at <slug>.<domain>' },
    {
      name: 'report',
      value: '<file>',
      text: 'where to write the report',
      default: 'isolation-report-<date and time>.md',
    },
  ],
  async run(call) {
    const end = new AbortController();
    const interrupt = (): void =>
      end.abort(
        new CommandFailure('Stopped. No report was written.', {
          exitCode: EXIT.interrupted,
          code: 'interrupted',
        }),
      );
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
    throw new UsageError('Two sessions are required: --session-file and --other-session-file.');
  if (values['tenant-plane'] === undefined)
    throw new UsageError('With sessions, --tenant-plane <url> is required.');
  return true;
}

async function withSessions(call: OperatorCall, signal: AbortSignal): Promise<ReportFacts> {
  const planeUrl = addressIn(String(call.values['tenant-plane']));
  const baseDomain = call.values['base-domain'] as string | undefined;
  const at = { planeUrl, signal, ...(baseDomain !== undefined && { baseDomain }) };
  const own = await givenParty(String(call.values['session-file']), at);
  const other = await givenParty(String(call.values['other-session-file']), at);
  if (own.party.tenantId === other.party.tenantId)
    throw new UsageError('Both sessions belong to the same tenant.');
  return probed(call, signal, {
    planeUrl,
    own: own.party,
    other: other.party,
    otherName: other.name,
    isThrowaway: false,
  });
}

async function withThrowaways(call: OperatorCall, signal: AbortSignal): Promise<ReportFacts> {
  const { values, client, surroundings } = call;
  const isLocal = values['url'] === undefined && !surroundings.env['ATLAS_URL'];
  if (!isLocal && !values['make-tenants'])
    throw new UsageError('This would create two tenants on that Control Plane and remove them afterwards.', {
      hint:
        'Pass --make-tenants to allow this, or sessions of two tenants (--session-file, ' +
        '--other-session-file).',
    });
  const tenants = new ThrowawayTenants(client, signal);
  try {
    note(call, 'Creating two tenants for the probe …');
    const [own, other] = await tenants.make();
    const planeUrl = addressIn(String(values['tenant-plane'] ?? own.endpoint_url));
    return await probed(call, signal, {
      planeUrl,
      otherName: other.name,
      isThrowaway: true,
      own: await tenants.furnished(own, planeUrl),
      other: await tenants.furnished(other, planeUrl),
    });
  } finally {
    for (const { slug } of await tenants.remove())
      note(call, `Tenant ${slug} still exists. Remove it: atlas deprovision ${slug} --confirm ${slug}`);
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
  const { surroundings } = call;
  const { planeUrl, other } = parties;
  const plane: ProbedPlane = await probedPlane(planeUrl);
  try {
    const ask = askAt(planeUrl, other.tenantId, signal);
    const { deployment } = await ask<{ deployment: { model: string } }>('/api/tenant-default');
    const startedAt = new Date(surroundings.now());
    const progress = (done: number, all: number): void => {
      if (done % 100 === 0) note(call, `${done} of ${all} attempts`);
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
    isJson ? `${JSON.stringify(report)}\n` : `${verdict}: ${attempts.length} attempts. Report: ${file}\n`,
  );
  return verdict === 'PASS' ? EXIT.done : EXIT.failed;
}

function addressIn(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`"${url}" is not an http(s) URL of a tenant plane.`, {
      hint: 'Pass --tenant-plane <url>.',
    });
  if (isPlainHttp(url))
    throw new UsageError(`${url} would send sessions unencrypted.`, {
      hint: 'Use https, or a tunnel to localhost.',
    });
  return url.replace(/\/+$/, '');
}
