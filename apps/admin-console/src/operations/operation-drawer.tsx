import { Alert, Button, Drawer, Group, Stack, Text, TextInput } from '@mantine/core';
import {
  type ControlPlaneSchemas,
  FormProblem,
  ProblemAlert,
  ProblemError,
  onceKey,
  useNow,
} from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { PlannedSteps } from '../jobs/job-steps';
import { LiveJob } from '../jobs/live-job';
import { forgetLists, keepJob } from '../jobs/use-job';
import { ButtonLink, TextLink } from '../parts/links';
import { type Bundle, type Job, type Plan } from '../parts/types';
import { InstallBundle } from './install-bundle';

/** A preview that is older is asked for again. */
const PREVIEW_MS = 60_000;

/** How a call is made: as a preview, or for good, with the key by which it is recognised when repeated. */
interface How {
  readonly query: { readonly dry_run?: boolean };
  readonly headers?: { readonly 'Idempotency-Key': string };
}

interface Started {
  readonly job: Job;
  readonly install?: Bundle | null;
}

type Call = (how: How) => Promise<ControlPlaneSchemas['schemas']['PlanView'] | Started>;

interface Operation {
  /** The button that does it, such as `Suspend acme`. */
  readonly verb: string;
  readonly call: Call;
  /** Whether it loses something, so that its button is red. */
  readonly isRed?: boolean;
  /** What has to be typed before the button works. */
  readonly typed?: string;
  /** Said once it has succeeded. */
  readonly done: string;
  /** Whether the form names the cell, so that the job takes no other. */
  readonly isCellChosen?: boolean;
  /** What the plan means, beyond its steps. */
  readonly explain?: (plan: Plan) => ReactNode;
}

interface OperationFlowProps extends Operation {
  /** The form. It stays as it is while the plan is shown. */
  readonly fields: ReactNode;
  /** Refusals of fields are shown there, by name. */
  readonly onRefusal?: (byField: Readonly<Record<string, string>>) => void;
  readonly isReady?: boolean;
  readonly onStarted?: (hasBundle: boolean) => void;
  readonly onBundleSaved?: () => void;
  /** Shown beside the live steps once it has begun. */
  readonly after?: (job: Job) => ReactNode;
}

/** Asks, shows what would happen, and then shows it happening in the same place. */
export function OperationFlow({
  fields,
  onRefusal,
  isReady = true,
  onStarted,
  onBundleSaved,
  after,
  ...operation
}: OperationFlowProps) {
  const client = useQueryClient();
  const [preview, setPreview] = useState<Preview | null>(null);
  const [started, setStarted] = useState<Started | null>(null);
  const ask = useMutation({
    mutationFn: async (): Promise<Preview> => {
      const answer = await operation.call({ query: { dry_run: true } });
      if (!('plan' in answer)) throw new Error('The answer to a preview has no plan.');
      // A preview that is only renewed is for the same intention, which may already have been sent.
      return { plan: answer.plan, at: Date.now(), once: preview?.once ?? onceKey() };
    },
    onMutate: () => onRefusal?.({}),
    onSuccess: setPreview,
    onError: (error) => onRefusal?.(error instanceof ProblemError ? error.byField : {}),
  });
  const start = useMutation({
    mutationFn: async (once: Preview['once']): Promise<Started> => {
      const answer = await operation.call({ query: {}, headers: once });
      if (!('job' in answer)) throw new Error('The answer has no job.');
      return answer;
    },
    onSuccess: (answer) => {
      keepJob(client, answer.job);
      forgetLists(client);
      setStarted(answer);
      onStarted?.(Boolean(answer.install));
    },
  });
  if (started !== null)
    return (
      <Stack>
        {started.install && (
          <InstallBundle
            bundle={started.install}
            onSaved={() => {
              setStarted({ ...started, install: null });
              onBundleSaved?.();
            }}
          />
        )}
        <LiveJob id={started.job.id} done={operation.done} />
        {after?.(started.job)}
      </Stack>
    );
  if (preview === null)
    return (
      <Stack
        component="form"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        {fields}
        <Refusal error={ask.error} isByField={onRefusal !== undefined} />
        <Group justify="flex-end">
          <Button type="submit" loading={ask.isPending} disabled={!isReady}>
            Preview
          </Button>
        </Group>
      </Stack>
    );
  return (
    <PreviewPane
      operation={operation}
      preview={preview}
      isAsking={ask.isPending}
      isStarting={start.isPending}
      error={start.error ?? ask.error}
      onAgain={() => ask.mutate()}
      onBack={() => {
        start.reset();
        setPreview(null);
      }}
      onConfirm={() => start.mutate(preview.once)}
    />
  );
}

interface Preview {
  readonly plan: Plan;
  readonly at: number;
  readonly once: ReturnType<typeof onceKey>;
}

interface PreviewPaneProps {
  readonly operation: Operation;
  readonly preview: Preview;
  readonly isAsking: boolean;
  readonly isStarting: boolean;
  readonly error: unknown;
  readonly onAgain: () => void;
  readonly onBack: () => void;
  readonly onConfirm: () => void;
}

function PreviewPane(props: PreviewPaneProps) {
  const { operation, preview, isAsking, isStarting, error, onAgain, onBack, onConfirm } = props;
  const [typed, setTyped] = useState('');
  const isOld = useNow(1000) - preview.at > PREVIEW_MS;
  const { plan } = preview;
  const isTyped = operation.typed === undefined || typed === operation.typed;
  return (
    <Stack>
      <Text fw={600}>This is what happens:</Text>
      <PlannedSteps plan={plan} />
      {plan.cell && <PlannedCell cell={plan.cell} isChosen={operation.isCellChosen === true} />}
      {plan.install_required && (
        <Alert color="blue" title="The customer installs this plane">
          You get the install bundle once, after you confirm.
        </Alert>
      )}
      {operation.explain?.(plan)}
      {operation.typed !== undefined && (
        <TextInput
          label={`Type ${operation.typed} to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <Refusal error={error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onBack} data-autofocus>
          Back
        </Button>
        {isOld ? (
          <Button loading={isAsking} onClick={onAgain}>
            Preview again
          </Button>
        ) : (
          <Button
            color={operation.isRed === true ? 'red' : undefined}
            disabled={!isTyped}
            loading={isStarting}
            onClick={onConfirm}
          >
            {operation.verb}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

interface PlannedCellProps {
  readonly cell: NonNullable<Plan['cell']>;
  readonly isChosen: boolean;
}

function PlannedCell({ cell: { id, name }, isChosen }: PlannedCellProps) {
  return (
    <Text size="sm">
      The tenant goes to the cell{' '}
      <TextLink size="sm" to="/fleet/$id" params={{ id }}>
        {name}
      </TextLink>
      .
      {!isChosen &&
        ' It is the least full now. If that has changed when the job starts, the job takes another.'}
    </Text>
  );
}

interface RefusalProps {
  readonly error: unknown;
  /** Whether the fields show what is wrong with them. */
  readonly isByField?: boolean;
}

/** A refusal, and the page that helps. */
export function Refusal({ error, isByField = false }: RefusalProps) {
  if (!error) return null;
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <Stack gap="xs">
      {isByField ? <FormProblem error={error} /> : <ProblemAlert error={error} />}
      {problem?.code === 'no_capacity' && (
        <ButtonLink variant="default" size="xs" to="/fleet/register">
          Register a cell
        </ButtonLink>
      )}
      {problem?.code === 'operation_in_progress' && (
        <ButtonLink variant="default" size="xs" to="/jobs" search={{ view: 'live' }}>
          Show running jobs
        </ButtonLink>
      )}
    </Stack>
  );
}

interface OperationDrawerProps extends OperationFlowProps {
  readonly title: string;
  readonly onClose: () => void;
}

/** An operation on something that already has a page. */
export function OperationDrawer({ title, onClose, ...flow }: OperationDrawerProps) {
  const [isHeld, setHeld] = useState(false);
  return (
    <Drawer
      opened
      onClose={onClose}
      title={title}
      position="right"
      size="lg"
      // An install bundle cannot be shown again.
      withCloseButton={!isHeld}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
    >
      <OperationFlow {...flow} onStarted={setHeld} onBundleSaved={() => setHeld(false)} />
    </Drawer>
  );
}
