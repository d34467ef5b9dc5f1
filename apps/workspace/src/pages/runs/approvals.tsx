import { Alert, Button, Group, Loader, Paper, Stack, Text } from '@mantine/core';
import { Page, ProblemAlert, Section, When, usePageKeys } from '@atlas/web';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useRef, useState } from 'react';
import { PageLink } from '../../links';
import { useNamesInside } from '../../people';
import { ConfigShown } from '../../runbooks/config';
import { NeedsRole } from '../../needs-role';
import { RiskBadge } from '../../runbooks/risk-badge';
import { DecisionDialog } from '../../runs/decision-dialog';
import { IncidentName } from '../../runs/incident-name';
import { LookAtAgents, useLackingAgent } from '../../runs/lacking-agent';
import { type Run, type RunStep, currentStepOf } from '../../runs/run';
import { useRun, type DecisionKind } from '../../runs/use-run';
import { useWaitingRuns } from '../../runs/use-runs';
import { mayReject, whyNotApprove } from '../../runs/who-decides';
import { useUser } from '../../session';

/** What waits for a decision, or for somebody to do it. */
export function Approvals() {
  return (
    <NeedsRole role="operator" title="Approvals">
      <Inbox />
    </NeedsRole>
  );
}

interface Item {
  readonly run: Run;
  readonly step: RunStep;
}

interface Asked extends Item {
  readonly kind: DecisionKind;
}

function Inbox() {
  const user = useUser();
  const approvals = useWaitingRuns('waiting_approval');
  const manual = useWaitingRuns('waiting_manual');
  const [asked, setAsked] = useState<Asked | null>(null);
  const waiting = itemsOf(approvals.data?.items ?? []);
  const toDo = itemsOf(manual.data?.items ?? []);
  const yours = waiting.filter(({ run, step }) => whyNotApprove(user, run, step) === null);
  const others = waiting.filter((item) => !yours.includes(item));
  const list = useRef<HTMLDivElement>(null);
  useKeys(list, [...yours, ...toDo, ...others], setAsked);
  const error = approvals.error ?? manual.error;
  const isLoading = approvals.isPending || manual.isPending;
  const cards = (items: readonly Item[]) =>
    items.map((item) => <Card key={item.run.id} item={item} onAsk={setAsked} />);
  return (
    <Page
      title="Approvals"
      about="What waits for people. Keys: j and k move, Enter opens, y approves, x rejects."
      error={error}
      isLoading={isLoading && !error}
    >
      <Stack gap="xl" ref={list} maw={860}>
        {!isLoading && waiting.length === 0 && toDo.length === 0 && (
          <Text c="dimmed">Nothing waits for you.</Text>
        )}
        {yours.length > 0 && <Section title="Waits for your decision">{cards(yours)}</Section>}
        {toDo.length > 0 && <Section title="Waits for somebody to do it">{cards(toDo)}</Section>}
        {others.length > 0 && <Section title="Others must decide">{cards(others)}</Section>}
        {approvals.data?.next_cursor && <Text size="sm">There are more than 200.</Text>}
      </Stack>
      {asked && (
        <DecisionDialog
          key={`${asked.run.id} ${asked.kind}`}
          kind={asked.kind}
          run={asked.run}
          step={asked.step}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

/** Oldest first. */
function itemsOf(runs: readonly Run[]): readonly Item[] {
  return [...runs].reverse().flatMap((run) => {
    const current = currentStepOf(run);
    return current ? [{ run, step: current.step }] : [];
  });
}

/** `y` and `x` only open the dialog. */
function useKeys(
  list: { readonly current: HTMLElement | null },
  items: readonly Item[],
  ask: (asked: Asked) => void,
): void {
  const user = useUser();
  const cards = (): HTMLElement[] => [...(list.current?.querySelectorAll<HTMLElement>('[data-run]') ?? [])];
  const focused = (): Item | undefined => {
    const id = document.activeElement?.closest<HTMLElement>('[data-run]')?.dataset['run'];
    return items.find(({ run }) => run.id === id);
  };
  const move = (by: number): void => {
    const all = cards();
    const at = all.findIndex((card) => card.contains(document.activeElement));
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  const askAs = (kind: 'approve' | 'reject'): void => {
    const item = focused();
    if (item?.step.status !== 'waiting_approval') return;
    const isAllowed =
      kind === 'approve' ? whyNotApprove(user, item.run, item.step) === null : mayReject(user, item.step);
    if (isAllowed) ask({ ...item, kind });
  };
  usePageKeys({
    j: () => move(1),
    k: () => move(-1),
    y: () => askAs('approve'),
    x: () => askAs('reject'),
  });
}

interface CardProps {
  readonly item: Item;
  readonly onAsk: (asked: Asked) => void;
}

function Card({ item, onAsk }: CardProps) {
  const { run, step } = item;
  const user = useUser();
  const nameOf = useNamesInside();
  const [isOpen, setIsOpen] = useState(false);
  const navigate = useNavigate();
  const openByKey = ({ key, target, currentTarget }: KeyboardEvent): void => {
    if (key === 'Enter' && target === currentTarget)
      void navigate({ to: '/runs/$id', params: { id: run.id } });
  };
  const lacking = useLackingAgent(run, step);
  const isManual = step.status === 'waiting_manual';
  const why = isManual ? null : whyNotApprove(user, run, step);
  return (
    <Paper
      withBorder
      p="sm"
      className="mantine-focus-auto"
      tabIndex={0}
      data-run={run.id}
      onKeyDown={openByKey}
      role="group"
      aria-label={`${run.runbook_name}: ${step.name}`}
    >
      <Stack gap="xs">
        <Group gap="xs">
          <PageLink to="/runs/$id" params={{ id: run.id }} fw={600}>
            {run.runbook_name}
          </PageLink>
          <Text size="sm">
            step {run.steps.indexOf(step) + 1} of {run.steps.length}: {step.name}
          </Text>
          {!isManual && <RiskBadge risk={step.risk} />}
        </Group>
        {step.approval && (
          <Text size="sm" c="dimmed">
            {step.approval.reason}{' '}
            <PageLink to="/settings/automation" size="sm">
              What runs on its own
            </PageLink>
          </Text>
        )}
        <Text size="sm">
          Requested by {nameOf(run.requested_by)} <When at={run.created_at} />
          {run.incident_id !== null && (
            <>
              {' '}
              for <IncidentName id={run.incident_id} />
            </>
          )}
        </Text>
        {why !== null && <Text size="sm">{why}</Text>}
        {lacking !== null && (
          <Alert color="orange" p="xs">
            Once approved, it waits for an agent, because {lacking}. <LookAtAgents />
          </Alert>
        )}
        {isOpen && <Details run={run} step={step} />}
        <Group gap="xs">
          {isManual && (
            <Button size="xs" onClick={() => onAsk({ ...item, kind: 'complete' })}>
              Mark as done
            </Button>
          )}
          {!isManual && why === null && (
            <Button size="xs" onClick={() => onAsk({ ...item, kind: 'approve' })}>
              Approve
            </Button>
          )}
          {!isManual && mayReject(user, step) && (
            <Button size="xs" variant="default" onClick={() => onAsk({ ...item, kind: 'reject' })}>
              Reject
            </Button>
          )}
          <Button size="xs" variant="subtle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Hide what it does' : 'What it does'}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Lists of runs do not say what the steps do. */
function Details({ run, step }: Item) {
  const { data, error } = useRun(run.id, null);
  const config = data?.steps.find(({ name }) => name === step.name)?.config;
  if (error) return <ProblemAlert error={error} />;
  if (!config) return <Loader size="sm" aria-label="Loading" />;
  return <ConfigShown kind={step.kind} config={config} />;
}
