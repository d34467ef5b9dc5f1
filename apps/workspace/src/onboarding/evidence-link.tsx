import { Text } from '@mantine/core';
import { PageLink } from '../links';
import { type Role } from '../roles';
import { useMay } from '../session';
import { type Evidence } from './use-checklist';

interface Proof {
  readonly text: string;
  /** The page of such a thing, and who may open it. */
  readonly page?: '/cmdb/$id' | '/data-sources/$id' | '/alerts/$id' | '/slos/$id' | '/runs/$id';
  readonly from?: Role;
}

const PROOFS: Readonly<Record<string, Proof>> = {
  configuration_item: { text: 'the first configuration item', page: '/cmdb/$id' },
  data_source: { text: 'the first data source', page: '/data-sources/$id', from: 'operator' },
  alert: { text: 'the first alert', page: '/alerts/$id' },
  slo: { text: 'the first SLO', page: '/slos/$id' },
  run: { text: 'the first run that ended', page: '/runs/$id' },
  ai_answer: { text: 'the first answer of the AI' },
};

/** What shows that a step is done. */
export function EvidenceLink({ evidence: { kind, id } }: { readonly evidence: Evidence }) {
  const { text, page, from = 'fulfiller' } = PROOFS[kind] ?? { text: kind };
  const mayOpen = useMay(from);
  if (page === undefined || !mayOpen)
    return (
      <Text span size="sm">
        {text}
      </Text>
    );
  return (
    <PageLink to={page} params={{ id }} size="sm">
      {text}
    </PageLink>
  );
}
