import { type Json } from '@atlas/platform';
import { type RecentEgress } from '@atlas/tenant-api/deployment';
import { type LeaseView } from '@atlas/tenant-api/entitlements';
import { momentText } from '../moment-text';
import { tableText } from '../text';

export interface StatusView {
  readonly enrolled: boolean;
  readonly tenant_plane_id: string | null;
  readonly deployment_model: string | null;
  readonly version: string;
  readonly latest_version: string | null;
  readonly versions_behind: { readonly unit: string; readonly count: number } | null;
  readonly database: string;
  readonly control_plane: string | null;
  readonly offline_mode: boolean;
  readonly last_contact_at: string | null;
  readonly revision_applied: string | null;
  readonly egress: Json<RecentEgress>;
  readonly copy_noticed_at: string | null;
  readonly tenants: readonly {
    readonly slug: string;
    readonly name: string;
    readonly status: string;
    readonly plan: string;
    readonly lease: Json<LeaseView> | null;
  }[];
}

export function statusText(status: StatusView): string {
  const rows: readonly (readonly [string, string])[] = [
    ['enrolled', status.enrolled ? `yes, as tenant plane ${status.tenant_plane_id}` : 'no'],
    ['deployment model', status.deployment_model ?? 'unknown before enrolment'],
    ['version', versionText(status)],
    ['database', status.database],
    ['Control Plane', status.offline_mode ? 'none (offline mode)' : (status.control_plane ?? 'none')],
    ['last contact', status.last_contact_at ?? 'never'],
    ['revision applied', status.revision_applied ?? 'none'],
    ...(status.copy_noticed_at ? [['WARNING', outdatedText(status.copy_noticed_at)] as const] : []),
    ['tenants', status.tenants.map(tenantText).join(', ') || 'none'],
    ...status.tenants.map((tenant) => [`lease of ${tenant.slug}`, leaseText(tenant.lease)] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const facts = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
  return `${facts}\n${egressText(status.egress)}`;
}

function outdatedText(since: string): string {
  return `another copy of this plane reports to the Control Plane since ${since}; stop one of them`;
}

function tenantText({ slug, status, plan }: StatusView['tenants'][number]): string {
  return `${slug} (${status}, plan ${plan})`;
}

function versionText({ version, latest_version: latest, versions_behind: behind }: StatusView): string {
  if (latest === null) return version;
  if (behind === null) return `${version}, the latest`;
  const versions = behind.count === 1 ? 'version' : 'versions';
  return `${version}, ${behind.count} ${behind.unit} ${versions} behind the latest (${latest})`;
}

function leaseText(lease: StatusView['tenants'][number]['lease']): string {
  if (lease === null) return 'none yet: the plan decides';
  const next = momentText(lease.next_effect_at, {});
  const effect = next === null ? '' : `, next change ${next}`;
  return `${lease.state}, serial ${lease.serial}, expires ${momentText(lease.expires_at, {})}${effect}`;
}

function egressText({ classes }: StatusView['egress']): string {
  if (classes.length === 0) return 'Nothing has left the plane in the last 24 hours.\n';
  return `What has left the plane in the last 24 hours:\n${tableText(
    [
      { title: 'class', of: (sum) => sum.class },
      { title: 'calls', of: ({ calls }) => calls },
      { title: 'bytes', of: ({ bytes }) => bytes },
      { title: 'refused', of: ({ refused }) => refused },
    ],
    classes,
  )}`;
}
