import { Alert } from '@mantine/core';
import { NO_ANSWER, When, problemOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { moves } from './deployment/moves';
import { PageLink } from './links';
import { PlanBanner } from './plan/plan-banner';
import { plane } from './plane';
import { useMay } from './session';

/** Says on every page what concerns all of them, for example that a plane cannot be reached. */
export function Banner() {
  const isAdmin = useMay('admin');
  return (
    <>
      <Connection />
      {isAdmin && <WaitingMove />}
      {isAdmin && <PlanBanner />}
    </>
  );
}

function Connection() {
  const isOperator = useMay('operator');
  const isFulfiller = useMay('fulfiller');
  const { data, error, dataUpdatedAt } = useQuery(plane);
  if (error && problemOf(error).code === NO_ANSWER)
    return (
      <Alert color="red" radius={0} role="status" title={`No connection to ${location.host}`}>
        What you see{' '}
        {dataUpdatedAt > 0 && (
          <>
            is from <When at={new Date(dataUpdatedAt).toISOString()} /> and
          </>
        )}{' '}
        may be out of date. Trying again.
      </Alert>
    );
  if (!data) return null;
  const { reachable, last_contact_at: last } = data.control_plane;
  // A plane that works offline has never had contact.
  if (reachable || last === null) return null;
  return (
    <Alert color="orange" radius={0} role="status" title="The Control Plane cannot be reached">
      It is the part of Atlas that sets up workspaces. Last contact: <When at={last} />. Incidents, alerts,
      runbooks and everything else here keep working. AI and moves wait.{' '}
      {isFulfiller && (
        <PageLink to="/outages" size="sm">
          See what keeps working
        </PageLink>
      )}{' '}
      {isOperator && (
        <PageLink to="/deployment" size="sm">
          See the checks
        </PageLink>
      )}
    </Alert>
  );
}

function WaitingMove() {
  const { data } = useQuery(moves);
  const isWaiting = data?.some((move) => move.consent_required && !move.consented) === true;
  if (!isWaiting) return null;
  return (
    <Alert color="orange" radius={0} role="status" title="A move of this workspace waits for your consent">
      <PageLink to="/deployment" size="sm">
        Read what it means and decide
      </PageLink>
    </Alert>
  );
}
