import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useMay, useUser } from '../session';
import { DecisionDialog } from './decision-dialog';
import { type Run, type RunStep, hasEnded } from './run';
import { type DecisionKind } from './use-run';
import { mayReject, whyNotApprove } from './who-decides';

interface StepActionsProps {
  readonly run: Run;
  readonly step: RunStep;
}

/** What a person can do about the step under way. */
export function StepActions({ run, step }: StepActionsProps) {
  const user = useUser();
  const isOperator = useMay('operator');
  const [asked, setAsked] = useState<DecisionKind | null>(null);
  const canRetry = run.status === 'failed' && isLastFailed(run, step);
  const waits = step.status === 'waiting_approval' || step.status === 'waiting_manual';
  // The dialog stays, so that it can say what has happened meanwhile.
  if (!waits && !canRetry && asked === null) return null;
  const why = step.status === 'waiting_approval' ? whyNotApprove(user, run, step) : null;
  return (
    <>
      {why !== null && <Text size="sm">{why}</Text>}
      {step.status === 'waiting_manual' && (
        <Text size="sm">
          A person does this step. Once it is marked as done, the run continues. If it does not work, cancel
          the run.
        </Text>
      )}
      <Group gap="xs">
        {step.status === 'waiting_approval' && why === null && (
          <Button size="xs" onClick={() => setAsked('approve')}>
            Approve
          </Button>
        )}
        {step.status === 'waiting_approval' && mayReject(user, step) && (
          <Button size="xs" variant="default" onClick={() => setAsked('reject')}>
            Reject
          </Button>
        )}
        {step.status === 'waiting_manual' && isOperator && (
          <Button size="xs" onClick={() => setAsked('complete')}>
            Mark as done
          </Button>
        )}
        {step.status === 'waiting_manual' && !isOperator && (
          <Text size="sm">Operators and admins mark it as done.</Text>
        )}
        {canRetry && isOperator && (
          <Button size="xs" onClick={() => setAsked('retry')}>
            Retry this step
          </Button>
        )}
      </Group>
      {asked !== null && <DecisionDialog kind={asked} run={run} step={step} onClose={() => setAsked(null)} />}
    </>
  );
}

/** The step that ended the run, and not one before it that was allowed to fail. */
function isLastFailed({ steps }: Run, step: RunStep): boolean {
  return steps.findLast(({ status }) => status === 'failed')?.name === step.name;
}

/** Cancels the run. */
export function CancelRun({ run }: { readonly run: Run }) {
  const isOperator = useMay('operator');
  const [isAsked, setIsAsked] = useState(false);
  const [first] = run.steps;
  if (!isOperator || !first || (hasEnded(run) && !isAsked)) return null;
  return (
    <>
      <Button size="xs" variant="default" color="red" onClick={() => setIsAsked(true)}>
        Cancel the run
      </Button>
      {isAsked && <DecisionDialog kind="cancel" run={run} step={first} onClose={() => setIsAsked(false)} />}
    </>
  );
}
