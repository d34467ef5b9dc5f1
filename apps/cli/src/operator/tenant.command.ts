import { EXIT } from '../command';
import { type JobView, type Page } from '../control-plane/views';
import { factsText } from '../text';
import { type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

export const TENANT: OperatorCommand = {
  name: 'tenant',
  summary: 'show a tenant, and its last job',
  operand: 'tenant',
  options: [],
  async run({ client, terminal, operand, isJson }) {
    const tenant = await findTenant(client, operand);
    if (isJson) {
      terminal.out(`${JSON.stringify(tenant)}\n`);
      return EXIT.done;
    }
    const jobs = await client.get<Page<JobView>>(`/api/provisioning-jobs?tenant_id=${tenant.id}&limit=1`);
    const [job] = jobs.items;
    terminal.out(
      factsText([
        ['slug', tenant.slug],
        ['name', tenant.name],
        ['id', tenant.id],
        ['status', tenant.status],
        ['deployment model', tenant.deployment_model],
        ['plan', tenant.plan],
        ['region', tenant.region],
        ['first admin', tenant.admin_email],
        ['purchase order', tenant.po_number],
        ['address', tenant.url],
        ['tenant plane', tenant.tenant_plane_id],
        ['its address', tenant.endpoint_url],
        ['created', tenant.created_at],
        ['active since', tenant.active_at],
        ['last job', job && `${job.operation} ${job.status}: atlas job ${job.id}`],
      ]),
    );
    return EXIT.done;
  },
};
