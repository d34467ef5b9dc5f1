import { type Column, Page, Rows, When, usePageKeys } from '@atlas/web';
import { type Agent, useAgentPages } from '../../agents/use-agents';
import { AgentState, OldKey } from '../../agents/state';
import { ButtonLink, PageLink } from '../../links';
import { LabelsShown } from '../../runbooks/labels';
import { FullNotice } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';
import { useMay } from '../../session';
import { useNavigate } from '@tanstack/react-router';

/** Whether shell steps can run where they must. */
export function Agents() {
  return (
    <NeedsRole role="operator" title="Agents">
      <Listed />
    </NeedsRole>
  );
}

function Listed() {
  const isAdmin = useMay('admin');
  const pages = useAgentPages();
  const navigate = useNavigate();
  usePageKeys({ n: () => isAdmin && void navigate({ to: '/agents/new' }) });
  return (
    <Page
      title="Agents"
      about="An agent is a small program in your network. It runs the shell steps of runbooks."
      actions={isAdmin && <ButtonLink to="/agents/new">Add an agent</ButtonLink>}
    >
      <FullNotice limit="agents" />
      <Rows
        label="Agents"
        pages={pages}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty="No agent. Only shell steps need one; manual and HTTP steps run without."
      />
    </Page>
  );
}

const COLUMNS: readonly Column<Agent>[] = [
  { name: 'State', width: 150, cell: (agent) => <AgentState agent={agent} /> },
  {
    name: 'Name',
    width: 180,
    cell: ({ id, name }) => (
      <PageLink to="/agents/$id" params={{ id }} size="sm" title={name}>
        {name}
      </PageLink>
    ),
  },
  { name: 'Machine', width: 150, cell: ({ hostname }) => hostname ?? '–' },
  { name: 'Version', width: 90, isMinor: true, cell: ({ version }) => version ?? '–' },
  { name: 'Labels', width: 190, cell: ({ labels }) => <LabelsShown labels={labels} /> },
  { name: 'Last contact', width: 130, cell: ({ last_contact_at: at }) => <When at={at} /> },
  { name: 'Old key until', width: 160, isMinor: true, cell: (agent) => <OldKey agent={agent} /> },
];
