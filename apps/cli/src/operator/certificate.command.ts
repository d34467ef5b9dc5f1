import { type CertificateView, type TenantView } from '../control-plane/views';
import { CommandFailure, EXIT } from '../failure';
import { momentText } from '../moment-text';
import { factsText } from '../text';
import { writeNewFile } from './new-file';
import { SUBJECTS } from './operations/operation';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

const TYPE = 'atlas-deletion-certificate+jwt';

export const CERTIFICATE: OperatorCommand = {
  name: 'certificate',
  group: 'Tenants',
  summary: 'Show, verify and save the deletion certificate of a tenant',
  about: `Shows the certificate that the Control Plane signed after deleting a tenant, and whether its
signature is valid. With --out it saves the certificate and the public key, for later verification.`,
  operand: SUBJECTS.tenant,
  examples: ['certificate acme', 'certificate acme --out acme-deleted.json'],
  options: [{ name: 'out', value: '<file>', text: 'save it to this file, which must not exist yet' }],
  async run(call) {
    const { client, operand, values } = call;
    const tenant = await findTenant(client, operand);
    const view = await client.call('GET /api/tenants/:id/deletion-certificate', { path: { id: tenant.id } });
    const verdict = await verdictOn(view, tenant);
    if (values['out'] !== undefined) writeNewFile(call, String(values['out']), view);
    show(call, view, verdict);
    if (verdict.isInvalid)
      throw new CommandFailure(`The certificate is not valid: ${verdict.text}.`, {
        code: 'certificate_invalid',
        hint: 'Do not rely on it. Treat it as an incident.',
      });
    return EXIT.done;
  },
};

interface Verdict {
  readonly isInvalid: boolean;
  readonly text: string;
}

/** Checks that this is a deletion certificate for the tenant, and that its signature is valid. */
async function verdictOn(
  { certificate, public_key: key }: CertificateView,
  { id }: TenantView,
): Promise<Verdict> {
  if (!key) return { isInvalid: false, text: 'not verified: the Control Plane no longer has its public key' };
  // Only this command needs jose, which takes longer to load than the rest of atlas.
  const { importJWK, jwtVerify } = await import('jose');
  const expected = { typ: TYPE, subject: id, algorithms: ['EdDSA'] };
  try {
    const { protectedHeader } = await jwtVerify(certificate, await importJWK(key, 'EdDSA'), expected);
    return { isInvalid: false, text: `valid (key ${protectedHeader.kid ?? 'without an id'})` };
  } catch (error) {
    return { isInvalid: true, text: (error as Error).message };
  }
}

function show(call: OperatorCall, view: CertificateView, { text }: Verdict): void {
  const { terminal, isJson, values } = call;
  if (isJson) {
    terminal.out(`${JSON.stringify(view)}\n`);
    return;
  }
  const { certificate, claims } = view;
  const moment = (claim: unknown): string | null => momentText(claim, call.surroundings);
  terminal.out(
    factsText([
      ['tenant', claims['slug']],
      ['id', claims['sub']],
      ['deployment model', claims['deployment_model']],
      ['data held by', claims['data_held_by']],
      ['issued by', claims['iss']],
      ['issued', moment(Number(claims['iat']) * 1000)],
      ['rows removed', rowsText(claims['rows_removed'])],
      ['backup erased', moment(claims['backup_erased_at']) ?? 'there was none'],
      ['database backups expire', moment(claims['database_backups_expire_at'])],
      ['signature', text],
    ]),
  );
  terminal.out(values['out'] === undefined ? `\n${certificate}\n` : `\nSaved to ${values['out']}\n`);
}

function rowsText(rows: unknown): string {
  const counts = Object.entries((rows ?? {}) as Record<string, number>);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return `${total} in ${counts.filter(([, count]) => count > 0).length} tables`;
}
