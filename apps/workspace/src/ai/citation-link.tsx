import { type TenantPlaneSchemas } from '@atlas/web';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { alertNameOf, alertsOf } from '../alerts/alert';
import { itemQuery } from '../cmdb/use-items';
import { partName } from '../incidents/parts';
import { timelineTextOf } from '../incidents/timeline-text';
import { timelineOf } from '../incidents/use-timeline';
import { PageLink } from '../links';
import { useNames } from '../people';

type Citation = TenantPlaneSchemas['schemas']['CitationView'];

interface CitationLinkProps {
  readonly incidentId: string;
  readonly citation: Citation;
}

/** Leads to what an AI cites, in the same page: another one would lose the answer. */
export function CitationLink({ incidentId, citation: { kind, id } }: CitationLinkProps) {
  const Label = LABELS[kind];
  return (
    <PageLink
      to="/incidents/$id"
      params={{ id: incidentId }}
      hash={partName(kind, id)}
      replace
      resetScroll={false}
      hashScrollIntoView={false}
      size="sm"
      style={{ overflowWrap: 'anywhere' }}
    >
      <Label incidentId={incidentId} id={id} />
    </PageLink>
  );
}

interface LabelProps {
  readonly incidentId: string;
  readonly id: string;
}

const LABELS: Readonly<Record<Citation['kind'], (props: LabelProps) => string>> = {
  timeline: TimelineLabel,
  alert: AlertLabel,
  ci: ItemLabel,
};

const LONGEST = 80;

function TimelineLabel({ incidentId, id }: LabelProps): string {
  const nameOf = useNames();
  const { data } = useInfiniteQuery(timelineOf(incidentId));
  const item = data?.pages.flatMap(({ items }) => items).find((one) => one.id === id);
  if (!item) return 'An entry of the timeline';
  const text = timelineTextOf(item, nameOf);
  return `Timeline: ${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}`;
}

function AlertLabel({ incidentId, id }: LabelProps): string {
  const { data } = useInfiniteQuery(alertsOf(incidentId));
  const alert = data?.pages.flatMap(({ items }) => items).find((one) => one.id === id);
  return alert ? `Alert: ${alertNameOf(alert)}` : 'An alert';
}

function ItemLabel({ id }: LabelProps): string {
  const { data } = useQuery(itemQuery(id));
  return data ? `Item: ${data.name}` : 'A configuration item';
}
