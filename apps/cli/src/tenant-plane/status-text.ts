export interface StatusView {
  readonly enrolled: boolean;
  readonly tenant_plane_id: string | null;
  readonly deployment_model: string | null;
  readonly version: string;
  readonly database: string;
  readonly control_plane: string | null;
  readonly offline_mode: boolean;
  readonly last_contact_at: string | null;
  readonly revision_applied: string | null;
  readonly tenants: readonly {
    readonly slug: string;
    readonly name: string;
    readonly status: string;
    readonly plan: string;
  }[];
}

export function statusText(status: StatusView): string {
  const rows: readonly (readonly [string, string])[] = [
    ['enrolled', status.enrolled ? `yes, as tenant plane ${status.tenant_plane_id}` : 'no'],
    ['deployment model', status.deployment_model ?? 'unknown before enrolment'],
    ['version', status.version],
    ['database', status.database],
    ['Control Plane', status.offline_mode ? 'none (offline mode)' : (status.control_plane ?? 'none')],
    ['last contact', status.last_contact_at ?? 'never'],
    ['revision applied', status.revision_applied ?? 'none'],
    ['tenants', status.tenants.map(tenantText).join(', ') || 'none'],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(16)}  ${value}\n`).join('');
}

function tenantText({ slug, status, plan }: StatusView['tenants'][number]): string {
  return `${slug} (${status}, plan ${plan})`;
}
