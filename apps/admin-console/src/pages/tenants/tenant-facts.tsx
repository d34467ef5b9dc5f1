import { Anchor, Group, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { Facts, StateBadge, When } from '@atlas/web';
import { PlaneLink } from '../../parts/links';
import { lagOf } from '../../parts/planes';
import { type Plane, type Tenant } from '../../parts/types';

interface TenantFactsProps {
  readonly tenant: Tenant;
  readonly plane: Plane | undefined;
}

/** Earlier versions noted a call of the API also for operators who used the console. */
export const SOURCE_TEXTS: { readonly [Source in Tenant['source']]: string } = {
  admin_ui: 'An operator',
  signup: 'A sign-up',
  api: 'An API call',
};

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

/** How the tenant is, in a sentence. */
export function TenantSentence({ tenant, plane }: TenantFactsProps) {
  return (
    <Group gap="sm">
      <StateBadge state={tenant.status} />
      <Text fw={600}>{sentenceOf(tenant, plane)}</Text>
    </Group>
  );
}

function sentenceOf(tenant: Tenant, plane: Plane | undefined): string {
  const { status } = tenant;
  if (status === 'deprovisioning') return removalOf(tenant);
  if (status === 'deleted')
    return tenant.active_at === null
      ? 'Removed before it was ever active. Its jobs say what happened.'
      : 'Deleted for good. Its slug is not given to anyone else.';
  if (status === 'suspended') return 'Suspended: users are refused, and data is kept.';
  if (status === 'provisioning') return 'It is being provisioned.';
  if (status === 'failed') return 'Provisioning failed. Retry or roll back its job.';
  if (plane === undefined) return 'Working.';
  if (plane.health === 'offline')
    return 'Its plane is offline: it has not reported for a while. Users may still be served.';
  if (plane.health_status === 'failing') return 'Its plane reports a failing check.';
  if (plane.version_class === 'unsupported') return 'Its plane runs a version that is no longer supported.';
  return 'Working. Nothing needs you.';
}

/** What has been removed, until when it can come back, and how. */
function removalOf({ restorable_until: until, active_at: active, deployment_model: model }: Tenant): string {
  if (until === null)
    return active === null
      ? 'It is being removed.'
      : 'It is being removed, and users are refused. Its jobs say how far this is.';
  const at = exact.format(new Date(until));
  if (Date.parse(until) <= Date.now())
    return `It could be restored until ${at}. Now it is being deleted for good.`;
  const data =
    profileOf(model).dataResidency.heldBy === 'atlas'
      ? 'its data is only in a backup'
      : 'its data stays with the customer';
  return (
    `Removed: users are refused, and ${data}. To bring it back, choose Operations, then Restore, by ${at}. ` +
    'After that it cannot be restored.'
  );
}

export function TenantFacts({ tenant, plane }: TenantFactsProps) {
  const profile = profileOf(tenant.deployment_model);
  const checks = plane?.health_checks.filter(({ status }) => status !== 'ok') ?? [];
  return (
    <Facts
      facts={[
        [
          'Address',
          tenant.url === null ? (
            'Set when the plane enrols'
          ) : (
            <Anchor key="url" size="sm" href={tenant.url} target="_blank" rel="noreferrer">
              {tenant.url}
            </Anchor>
          ),
        ],
        ['Slug', tenant.slug],
        [
          'Health',
          plane === undefined ? (
            'No plane'
          ) : (
            <Group key="health" gap="xs">
              <StateBadge state={plane.health} />
              {plane.health_status !== null && <StateBadge state={plane.health_status} />}
              {checks.map(({ name, detail }) => (
                <Text key={name} size="sm">
                  {name}: {detail ?? 'not well'}
                </Text>
              ))}
            </Group>
          ),
        ],
        [
          'Plane',
          tenant.tenant_plane_id === null ? '–' : <PlaneLink key="plane" id={tenant.tenant_plane_id} />,
        ],
        plane === undefined ? null : ['Version', `${plane.version ?? '–'}${classText(plane)}`],
        plane === undefined ? null : ['Changes received', lagOf(plane)],
        ['Model', profile.title],
        ['Data', profile.dataResidency.text],
        ['Plan', tenant.plan],
        ['Region', tenant.region ?? '–'],
        ['First admin', tenant.admin_email],
        tenant.po_number === null ? null : ['Purchase order', tenant.po_number],
        ['Created', <When key="created" at={tenant.created_at} />],
        ['Active since', <When key="active" at={tenant.active_at} />],
        ['Ordered by', SOURCE_TEXTS[tenant.source]],
        ['Id', tenant.id],
      ]}
    />
  );
}

function classText({ version_class: known }: Plane): string {
  return known === null || known === 'current' ? '' : ` (${known})`;
}
