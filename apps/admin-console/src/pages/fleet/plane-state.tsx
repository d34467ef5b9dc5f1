import { Group, Text } from '@mantine/core';
import { profileOf } from '@atlas/deployment-profiles';
import { StateBadge, When } from '@atlas/web';
import { isLive, isOfCompromised, operationText } from '../../jobs/job-facts';
import { TextLink } from '../../parts/links';
import { versionStateOf } from '../../parts/planes';
import { type Job, type Plane } from '../../parts/types';

interface PlaneStateProps {
  readonly plane: Plane;
  /** Its newest job. */
  readonly last: Job | undefined;
}

/** How a plane is, and what to do about it. */
export function PlaneState({ plane, last }: PlaneStateProps) {
  return (
    <Group gap="sm">
      <PlaneBadges plane={plane} />
      <Text fw={600}>
        <Sentence plane={plane} last={last} />
      </Text>
    </Group>
  );
}

/** What is known about a plane's health and version, in badges. Only the first is there if all is well. */
export function PlaneBadges({ plane }: { readonly plane: Plane }) {
  const { status, health, health_status: reported, version_class: known } = plane;
  if (status !== 'enrolled' && isInPool(plane) && status !== 'retired')
    return <StateBadge state="being_prepared" />;
  if (status !== 'enrolled')
    return <StateBadge state={hasToEnrolAgain(plane) ? 'must_enrol_again' : status} />;
  return (
    <Group gap={4}>
      <StateBadge state={health} />
      {reported !== null && reported !== 'ok' && <StateBadge state={reported} />}
      {known !== null && known !== 'current' && <StateBadge state={versionStateOf(plane)} />}
      {plane.identity_forked && <StateBadge state="two_copies" />}
      {isInPool(plane) && <StateBadge state="in_the_pool" />}
      {!plane.accepts_tenants && isCell(plane) && <StateBadge state="no_new_tenants" />}
    </Group>
  );
}

function Sentence({ plane, last }: PlaneStateProps) {
  const isCustomers = profileOf(plane.deployment_model).runBy.tenantPlane === 'customer';
  if (plane.status === 'retired') return <>Retired. It serves nobody and is kept for the records.</>;
  if (plane.status === 'expected' && isInPool(plane))
    return <>It is being prepared for a future tenant. Its job shows how far it is.</>;
  if (hasToEnrolAgain(plane))
    return (
      <>
        {last !== undefined && isOfCompromised(last)
          ? 'Its secret may be known to others, so it is refused, and the plane is cut off. Its users keep ' +
            'working. To connect it again, '
          : 'It has to enrol again. For that, '}
        {isCustomers ? 'the customer starts' : 'start'} it with its new install bundle. Is the bundle lost?
        There is another under Install.
      </>
    );
  if (plane.status === 'expected')
    return (
      <>
        It has never reported. {isCustomers ? 'The customer starts it' : 'Start it'} with its install bundle.
        Is the bundle lost? There is another under Install.
      </>
    );
  if (plane.identity_forked && plane.replaced_copies.some(({ reported_at: at }) => at !== null))
    return <>An outdated copy of it still reports. Stop that copy, or keep it instead, under Copies.</>;
  if (plane.identity_forked)
    return <>Two installations report as this plane. A disk was probably cloned: stop one of them.</>;
  if (plane.health === 'offline')
    return (
      <>
        Its last report was <When at={plane.last_report_at} />.{' '}
        {isCustomers ? 'Ask the customer to check' : 'Check'} the machine, and its link to the Control Plane.
        {plane.health_status === 'failing'
          ? ' A check was failing then, so its users may be refused.'
          : ' If only the link is down, its users keep working.'}
      </>
    );
  if (plane.health === 'unknown')
    return <>It is air-gapped and does not report, so its health is not known here.</>;
  if (plane.health_status === 'failing') return <>One of its checks fails. See what was found below.</>;
  if (last?.status === 'failed')
    return <>Its last job, “{operationText(last)}”, failed. The job says who has to act.</>;
  if (plane.health_status === 'degraded')
    return <>It works, but one of its checks needs a look. See what was found below.</>;
  if (plane.version_class === 'unsupported')
    return plane.version_is_newer ? (
      <>Its version is newer than this Control Plane supports. It keeps serving. Upgrade the Control Plane.</>
    ) : (
      <>This Control Plane does not support its version. It keeps serving. {upgradeText(isCustomers)}</>
    );
  if (plane.version_class === 'behind' && isInPool(plane))
    return <>Its version is old. It is replaced when TENANT_PLANE_VERSION changes.</>;
  if (plane.version_class === 'behind') return <>Its version is old. {upgradeText(isCustomers)}</>;
  if (last !== undefined && isLive(last)) return <>It works. A job is under way.</>;
  if (isInPool(plane)) return <>It waits in the warm pool for a tenant. Nothing needs you.</>;
  if (!isCell(plane)) return <>It works. Nothing needs you.</>;
  if (!plane.accepts_tenants)
    return <>It works, but gets no new tenants. To change that, reopen it under Operations.</>;
  if (plane.tenants >= plane.capacity)
    return (
      <>
        It works, but is full. For more tenants, <TextLink to="/fleet/register">register a cell</TextLink>.
      </>
    );
  return <>It works. Nothing needs you.</>;
}

function upgradeText(isCustomers: boolean): string {
  return isCustomers ? 'Ask the customer to upgrade it.' : 'Upgrade it under Operations.';
}

/** Its old secret is refused, or its tenant is being restored there. */
function hasToEnrolAgain({ status, enrolled_at: enrolled }: Plane): boolean {
  return status === 'expected' && enrolled !== null;
}

/** Whether it is prepared for the warm pool, and no tenant has taken it. */
export function isInPool({ pool }: Plane): boolean {
  return pool === 'pooled';
}

export function isCell({ deployment_model: model }: Plane): boolean {
  return !profileOf(model).tenantFixed;
}
