import { Anchor, Group, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { Facts, StateBadge, When } from '@atlas/web';
import { type ReactNode } from 'react';
import { currentStep, isLive, operationText } from '../../jobs/job-facts';
import { PlaneLink } from '../../parts/links';
import { CHECK_NAMES, lagOf, withTimes } from '../../parts/planes';
import { SOURCES, isRestorable } from '../../parts/tenants';
import { type Job, type Plane, type Tenant } from '../../parts/types';
import { PlaneBadges } from '../fleet/plane-state';
import { stateOf } from './tenant-state';

interface TenantFactsProps {
  readonly tenant: Tenant;
  readonly plane: Plane | undefined;
}

interface TenantStateProps extends TenantFactsProps {
  /** Its newest job. */
  readonly last: Job | undefined;
  /** Whether that job failed or was stopped, and a person has to decide how it goes on. */
  readonly needsPerson: boolean;
}

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' });

/** How the tenant is, and what to do about it. */
export function TenantState(props: TenantStateProps) {
  return (
    <Group gap="sm">
      <StateBadge state={stateOf(props.tenant, props.last)} />
      <Text fw={600}>{sentenceOf(props)}</Text>
    </Group>
  );
}

function sentenceOf({ tenant, plane, last, needsPerson }: TenantStateProps): string {
  const { status, restorable_until: until } = tenant;
  const isUnderWay = last !== undefined && isLive(last);
  if (status === 'deleted')
    return tenant.active_at === null
      ? 'Removed before it was ever active. Its jobs say what happened.'
      : 'Deleted for good. Its slug is not given to anyone else.';
  if (status === 'deprovisioning') {
    if (isUnderWay && last.operation === 'restore')
      return 'It is being restored. Users are refused until then.';
    if (until !== null) return removalOf(tenant, until, last);
    return isUnderWay
      ? 'It is being removed, and users are refused.'
      : `Its removal ${last?.status === 'failed' ? 'has failed' : 'was stopped'}, and users are refused. ` +
          'Retry the job, or roll it back.';
  }
  if (status === 'failed' && last?.operation === 'deprovision')
    return 'Its provisioning did not finish, and its removal was undone. Deprovision it under Operations.';
  if (status === 'failed')
    return last?.status === 'cancelled'
      ? 'Its provisioning was stopped. Retry the job, or roll it back.'
      : 'Its provisioning failed. The job says who has to act.';
  if (status === 'provisioning') return 'It is being provisioned. Nobody can use it yet.';
  if (isUnderWay && last.operation === 'suspend')
    return 'Being suspended: users may be served until its plane has confirmed this.';
  if (isUnderWay && last.operation === 'resume')
    return 'Being resumed: users may be refused until its plane has confirmed this.';
  if (status === 'suspended' && last?.operation === 'suspend' && needsPerson)
    return 'Suspended, but the job ended before the plane confirmed this. Users may be served. See the job.';
  if (status === 'active' && last?.operation === 'resume' && needsPerson)
    return 'Active, but the job ended before the plane confirmed this. Users may be refused. See the job.';
  if (last?.status === 'failed')
    return (
      `${usersText(status)} Its last job, “${operationText(last)}”, failed. ` + 'The job says who has to act.'
    );
  if (status === 'suspended') return `${usersText(status)} Resume it under Operations.`;
  if (plane?.health === 'offline')
    return 'Its plane is offline, but users may still be served. Open the plane to see what to do.';
  if (plane?.health === 'unknown')
    return 'Users can work. Its plane does not report, so its health is not known here.';
  if (plane?.health_status === 'failing') return 'Its plane reports a failing check. See Health below.';
  if (plane?.health_status === 'degraded')
    return 'Users can work, but a check of its plane needs a look. See Health below.';
  if (plane?.version_class === 'unsupported')
    return plane.version_is_newer
      ? 'Users can work, but its plane is newer than this Control Plane supports. Upgrade the Control Plane.'
      : `Users can work, but this Control Plane does not support its plane’s version. ${upgradeText(tenant)}`;
  if (plane?.version_class === 'behind')
    return `Users can work. The version of its plane is old. ${upgradeText(tenant)}`;
  if (!isUnderWay) return 'Users can work. Nothing needs you.';
  const isWaiting = last.status === 'waiting' && currentStep(last)?.step.error === null;
  return `${usersText(status)} ${isWaiting ? 'A job waits. Its step says for what.' : 'A job is under way.'}`;
}

function upgradeText({ deployment_model: model }: Tenant): string {
  return profileOf(model).runBy.tenantPlane === 'customer'
    ? 'Ask the customer to upgrade it.'
    : 'Upgrade the plane.';
}

function usersText(status: Tenant['status']): string {
  return status === 'suspended' ? 'Suspended: users are refused, and data is kept.' : 'Users can work.';
}

/** What has been removed, until when it can come back, and how. */
function removalOf(tenant: Tenant, until: string, last: Job | undefined): string {
  const at = exact.format(new Date(until));
  if (!isRestorable(tenant)) return `It could be restored until ${at}. ${purgeText(last)}`;
  const data =
    profileOf(tenant.deployment_model).dataResidency.heldBy === 'atlas'
      ? 'its data is only in a backup'
      : 'its data stays with the customer';
  return (
    `Removed: users are refused, and ${data}. To bring it back, choose Operations, then Restore, by ${at}. ` +
    'After that it cannot be restored.'
  );
}

function purgeText(last: Job | undefined): string {
  if (last?.operation !== 'purge') return 'What is left of it is deleted soon.';
  return isLive(last)
    ? 'What is left of it is being deleted.'
    : 'Deleting the rest has stopped. The job says who has to act.';
}

function dataOf(tenant: Tenant): string {
  const { text, heldBy } = profileOf(tenant.deployment_model).dataResidency;
  if (heldBy !== 'atlas') return text;
  if (tenant.status === 'deleted') return 'Nowhere: it is deleted';
  if (tenant.restorable_until === null) return text;
  return isRestorable(tenant) ? 'Only in an encrypted backup' : 'In an encrypted backup, until it is erased';
}

function suspensionFacts({
  status,
  suspended_at: at,
  suspension_reason: reason,
}: Tenant): (readonly [string, ReactNode])[] {
  if (status !== 'suspended' || at === null) return [];
  return [
    ['Suspended since', <When key="suspended" at={at} />],
    ['Suspended because', reason ?? 'no reason was given'],
  ];
}

export function TenantFacts({ tenant, plane }: TenantFactsProps) {
  const profile = profileOf(tenant.deployment_model);
  const checks = plane?.health_checks.filter(({ status }) => status !== 'ok') ?? [];
  const isGone = tenant.status === 'deleted' || (tenant.status === 'deprovisioning' && plane === undefined);
  return (
    <Facts
      facts={[
        [
          'Address',
          isGone ? (
            'None: the tenant is removed'
          ) : tenant.url === null ? (
            'Set when the plane enrols'
          ) : (
            <Anchor key="url" size="sm" href={tenant.url} target="_blank" rel="noreferrer">
              {tenant.url}
            </Anchor>
          ),
        ],
        ['Slug', tenant.slug],
        plane === undefined
          ? null
          : [
              'Health',
              <Group key="health" gap="xs">
                <PlaneBadges plane={plane} />
                {checks.map(({ name, detail }) => (
                  <Text key={name} size="sm">
                    {CHECK_NAMES[name]}: {withTimes(detail ?? 'not well')}
                  </Text>
                ))}
              </Group>,
            ],
        tenant.tenant_plane_id === null
          ? null
          : ['Placed on', <PlaneLink key="plane" id={tenant.tenant_plane_id} />],
        plane === undefined ? null : ['Version', plane.version ?? '–'],
        plane === undefined ? null : ['Changes applied', lagOf(plane)],
        ['Model', profile.title],
        ['Where its data is', dataOf(tenant)],
        ['Plan', tenant.plan],
        ['Region', tenant.region ?? '–'],
        ['First admin', tenant.admin_email],
        tenant.po_number === null ? null : ['Purchase order', tenant.po_number],
        ['Created', <When key="created" at={tenant.created_at} />],
        ['Active since', <When key="active" at={tenant.active_at} />],
        ...suspensionFacts(tenant),
        ['Ordered by', SOURCES[tenant.source]],
        ['Id', tenant.id],
      ]}
    />
  );
}
